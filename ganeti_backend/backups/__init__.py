"""Exports of instances: the folder they lie in on a node, and the description beside the dumps."""
