"""Benchmarks of the library and of the shop, each against a floor or a peer in the same run."""
