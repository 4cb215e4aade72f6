"""The processes of the cluster manager: configuration, wiring and loop, no rules of their own."""
