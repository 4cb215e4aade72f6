"""OpenStack block storage v3."""
