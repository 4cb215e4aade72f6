"""Parameters of clusters, nodes, disk templates and instance policies (pure)."""
