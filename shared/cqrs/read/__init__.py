"""The side that answers: queries, never older than the token sent with them."""
