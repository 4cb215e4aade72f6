"""How all processes tell operators what they do: metrics and logs. Knows no other room."""
