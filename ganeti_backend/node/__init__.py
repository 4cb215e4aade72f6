"""What a node daemon does for the calls it gets."""
