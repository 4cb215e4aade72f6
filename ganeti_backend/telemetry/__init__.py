"""How the daemons tell administrators what they do: metrics and logs; knows no other room."""
