"""What the remote API and the command socket have in common."""
