"""What backends reported: applied if newer than what is known, twice equals once."""
