"""What goes with the shop: its first steps, a demo of it, and both ways of asking it, compared."""
