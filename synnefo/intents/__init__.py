"""What users asked for: check, reserve and record in one transaction; no cluster is asked."""
