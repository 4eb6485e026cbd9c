"""Events, the commits that hold them, and the event store: data that is kept for ever."""
