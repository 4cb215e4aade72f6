"""The process between users and clusters: intents become jobs, events become observations."""
