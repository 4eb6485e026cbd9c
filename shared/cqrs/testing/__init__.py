"""Helpers for tests of a domain or an adapter. Not in the Lambda layer."""
