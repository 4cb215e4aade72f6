"""The watcher: what it decides in a round, and what it remembers between two."""
