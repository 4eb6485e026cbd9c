"""A shop to look at: invented from a seed, put into a deployment through its API, shown around."""
