"""Implementations of the ports: AWS, HTTP, OpenSearch, memory. The only code that uses these."""
