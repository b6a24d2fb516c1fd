"""The web half: the REST API, the inspector, and the server that carries both in the sandbox's loop."""
