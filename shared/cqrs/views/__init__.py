"""What a view is: what its rows are made of, what they show, and the stores that keep them."""
