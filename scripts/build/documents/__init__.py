"""The documents of the API (OpenAPI) and of the events (AsyncAPI), made from the code."""
