"""The master: runs the queue's jobs and is what both doors speak with."""
