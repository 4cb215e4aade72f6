"""Allocator plug-ins that speak Ganeti's iallocator protocol, such as Debian's `hail`.

`question` says in the protocol's words what the cluster is and what is asked, `plugin` finds and
runs a program and reads its answer. What is done with the answer is up to the units.
"""
