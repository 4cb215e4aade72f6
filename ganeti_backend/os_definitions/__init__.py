"""Ganeti's OS interface on a node: reading definitions and running their scripts.

A definition is a folder with executables and lists; which scripts run when is decided in `units`.
The folder `shipped` holds those that every cluster has.
"""
