"""The shop: one application of the library, made to be replaced by the reader's own domain."""
