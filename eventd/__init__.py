"""The event daemon: sees job files change and tells the bus. Runs beside the cluster's master."""
