"""The side that follows: views and processes kept up to date, whatever is lost or comes twice."""
