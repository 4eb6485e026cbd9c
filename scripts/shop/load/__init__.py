"""Load on the local stack: shoppers who order and look, and proof that nothing of it was lost."""
