"""Lambda handlers for HTTP requests, stream batches and messages, and the wiring of functions."""
