"""What users asked for: check, reserve and record, in one transaction each; no cluster is called."""
