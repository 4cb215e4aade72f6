"""The rules: pure functions and tables, standard library only, no Django and no I/O."""
