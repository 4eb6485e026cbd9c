"""Scripts for the shop: a smoke test, a demo, and a comparison of views and compositions."""
