"""The side that decides: rules, aggregates, and handling a command once."""
