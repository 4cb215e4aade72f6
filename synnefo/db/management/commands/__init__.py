"""Commands for operators, one per file; they print and leave the work to the other rooms."""
