"""What tests of a domain and of an adapter are written with. Not in the Lambda layer."""
