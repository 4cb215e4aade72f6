"""Hooks of the cluster manager: what an operation made of an instance goes to the bus."""
