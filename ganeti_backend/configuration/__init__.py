"""What the cluster is: objects, their journal of changes, and the addresses among them."""
