"""How processes tell operators what they do: metrics and logs. Standard library only."""
