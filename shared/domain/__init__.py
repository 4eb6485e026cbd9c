"""The shop: an example application of the library, to be replaced by the reader's own domain."""
