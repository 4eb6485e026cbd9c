"""CQRS and event sourcing for Lambda: commands decided once, views and processes that follow
whatever is lost or comes twice, and answers that are never older than asked.

Read `history` first (what is stored: events, commits, the event store), then `write` (how a command
is decided and appended) and `views` (what a row is made of and shows); after these `follow` (how
rows and processes keep up) and `read` (how queries are answered) stand side by side, and neither
knows the other.

Around them, `adapters` are the only place that knows AWS, HTTP or memory, `entrypoints` are
Lambda's edges and the wiring of functions, and `testing` is for the tests of who builds on it.
"""
