"""The process that looks again: what events did not bring, it finds and repairs."""
