"""The gate of a release: what crosses time or processes, held against the last release."""
