"""Builds the tiny guest that the first server and the tests boot.

A BIOS-bootable raw disk of some 30 MB: Debian's cloud kernel, busybox, our init. Made without root,
mounts or loop devices; every missing tool is unpacked from its Debian package, not installed.
"""
