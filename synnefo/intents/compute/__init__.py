"""Servers and what they are made with; the nodes that they are on."""
