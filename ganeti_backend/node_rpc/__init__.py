"""How the master asks a node to do something: one table of calls, a client, a server and a fake."""
