"""The compute API, v2.1 with microversions, and its legacy paths."""
