"""Outside programs: run without a shell, bounded in time and output."""
