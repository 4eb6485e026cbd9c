"""What is stored for ever: events, the commits that hold them, and the store that keeps them."""
