"""Networks, subnets, ports, routers and addresses; a server's cards."""
