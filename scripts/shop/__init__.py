"""Scripts for the shop: its first steps, a demo, and a comparison of views and compositions."""
