"""A demo shop: generated from a seed, put into a deployment through its API, with a tour."""
