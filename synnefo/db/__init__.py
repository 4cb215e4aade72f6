"""The tables and the operator commands; who may write them: intents and observations."""
