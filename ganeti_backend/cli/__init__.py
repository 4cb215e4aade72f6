"""The gnt-* commands: each parses arguments, talks to the master over its command socket, prints.

Nothing here imports more than the standard library at start, so that a command answers at once.
"""
