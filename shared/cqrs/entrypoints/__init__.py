"""Lambda's edges, once for all functions: HTTP and streams."""
