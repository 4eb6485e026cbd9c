"""The commits of a stream as the store has them, for who wonders why a row looks as it does."""

import json
from collections.abc import Iterator
from typing import Any

from scripts.local.clients import Clients
from scripts.local.errors import LocalError


def history(clients: Clients, stream: str) -> Iterator[str]:
    """A line per event, in order, from whichever event store has the stream."""
    client = clients.client("dynamodb")
    tables = [name for name in client.list_tables()["TableNames"] if name.endswith("-events")]
    items = [item for table in tables for item in _commits(client, table, stream)]
    if not items:
        raise LocalError(f"no event store has a stream {stream}")
    for item in items:
        yield from _told(f"{stream}@{item['version']['N']}", item.get("body", {}).get("S", ""))


def _commits(client: Any, table: str, stream: str) -> Iterator[Any]:
    query = {
        "TableName": table,
        "KeyConditionExpression": "#stream = :stream",
        "ExpressionAttributeNames": {"#stream": "stream"},
        "ExpressionAttributeValues": {":stream": {"S": stream}},
    }
    for page in client.get_paginator("query").paginate(**query):
        yield from page["Items"]


def _told(commit: str, body: str) -> Iterator[str]:
    try:
        content = json.loads(body)
        by = f"{content['time']}  {content['command']['type']} by {content['actor']}"
        for event in content["events"]:
            yield f"{commit}  {by}: {event['type']} {json.dumps(event['data'])}"
    except (ValueError, LookupError, TypeError):
        yield f"{commit}  can't be read: {body[:500]!r}"
