"""Copies of queue and configuration: on master candidates, in backups, and back from both."""
