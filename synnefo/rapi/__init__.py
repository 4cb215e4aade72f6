"""The port Cluster: over HTTPS to a real cluster manager, or a fake one in memory."""
