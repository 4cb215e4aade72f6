"""Answers what guests ask by DHCP and router solicitation; a later issue fills it."""
