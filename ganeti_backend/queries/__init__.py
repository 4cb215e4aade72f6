"""What can be read of a cluster: one table of fields for each kind of object, with Ganeti's names.

Everything here is pure: a getter sees a snapshot of the configuration and what the nodes last said.
"""
