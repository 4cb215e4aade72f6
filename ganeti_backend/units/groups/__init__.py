"""Units about node groups; what they share is in `base`."""
