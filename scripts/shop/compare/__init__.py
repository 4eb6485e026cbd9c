"""Measures the same queries, answered from a view and by a composition."""
