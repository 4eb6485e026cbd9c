"""The same questions asked of a view and of a composition, measured side by side."""
