"""Units about instances; what they share is in `base`, `nics`, `parameters` and `image`."""
