"""HTTP as a server: who may come in, the operator's routes, and where it listens."""
