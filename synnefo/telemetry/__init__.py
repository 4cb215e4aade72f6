"""How frontend and eventd tell operators what they do: metrics and logs. Knows no other room."""
