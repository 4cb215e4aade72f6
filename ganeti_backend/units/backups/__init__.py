"""Logical units about exports of instances."""
