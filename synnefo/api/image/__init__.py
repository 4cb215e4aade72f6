"""The image API, v2."""
