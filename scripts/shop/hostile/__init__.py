"""Requests that nobody means well by, over the API's own document."""
