"""The cluster manager: job queue, configuration, nodes and its doors (RAPI, command socket)."""
