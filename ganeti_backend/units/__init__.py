"""Logical units: one for each opcode; `master/unit_table.py` says which."""
