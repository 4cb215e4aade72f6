"""The cluster's certificates: made, kept in files, renewed while in use."""
