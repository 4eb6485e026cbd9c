"""A library for CQRS and event sourcing on AWS Lambda.

A command takes effect once, however often it is sent. Views and processes stay correct when
messages are lost, repeated or late. A query with a consistency token never gets an older answer.

The packages, in reading order:

history      events, commits and the event store
write        decides a command and appends its events
views        defines what a row of a view contains
follow       keeps rows and processes up to date; does not import `read`
read         answers queries; does not import `follow`
adapters     the only code that uses AWS, HTTP or OpenSearch, and an in-memory twin of every port
entrypoints  Lambda handlers, and the wiring of functions
testing      helpers for tests of a domain or an adapter
"""
