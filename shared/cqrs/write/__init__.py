"""The write side: deciders, aggregates, and the handling of commands."""
