"""A rehearsal of deployments to a real environment, on a local AWS of its own."""
