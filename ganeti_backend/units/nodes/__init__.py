"""Units about nodes; what they share is in `base` and `candidates`."""
