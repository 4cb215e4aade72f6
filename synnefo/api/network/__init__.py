"""The network API, v2.0: read only so far."""
