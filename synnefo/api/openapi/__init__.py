"""The OpenAPI document of all services, made from their route tables, and the page that shows it.

Nothing is described twice: paths, policy and bodies are what the services themselves work with.
"""
