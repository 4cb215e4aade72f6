"""Volumes, snapshots, backups, types; what they are made of and attached to."""
