"""The warm path: commands and queries, in a function that has answered before.

Floor and ours ask the same `stub` of DynamoDB, which answers in place of the HTTP connection. The
floor's client is as boto3 makes it, but for checks of parameters, which ours leaves out, too. Log
lines go to /dev/null.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from scripts.shop.bench.figures import Figure, Times, in_turn
from scripts.shop.bench.stub import Stub

__all__ = ["figures", "plain_client"]

Work = Callable[[], object]

CALLS, ROUNDS = 50, 25
NOW_AND_THEN = count().__next__  # by this clock commands are seconds apart
HISTORY = 10  # commits of the stream that an update is for


def figures() -> Iterator[Figure]:
    from scripts.shop.bench import a_shop

    os.environ |= a_shop.ENVIRONMENT
    dynamodb = Stub(a_shop.answers(HISTORY))
    with open(os.devnull, "w") as nowhere:
        out, sys.stdout = sys.stdout, nowhere
        try:
            found = [*_of_handle(dynamodb), *_of_functions(dynamodb)]
        finally:
            sys.stdout = out
    yield from found


def _by(floor: Work, ours: Work) -> Times:
    return in_turn(_repeated(floor), _repeated(ours), rounds=ROUNDS)


def _repeated(work: Work) -> Callable[[], None]:
    def run() -> None:
        for _ in range(CALLS):
            work()

    return run


def _of_handle(dynamodb: Stub) -> Iterator[Figure]:
    from cqrs.adapters import clients
    from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
    from cqrs.write.commands import CommandHandler
    from domain.orders import ORDER
    from scripts.shop.bench import a_shop

    client = dynamodb.client(clients.dynamodb)

    def handler(**memory: Any) -> CommandHandler[Any, Any, Any]:
        store = DynamoDbEventStore("orders", client=lambda: client)
        return CommandHandler(store, ORDER, clock=NOW_AND_THEN, **memory)

    put, reading, knowing = _put_item(dynamodb), handler(remembered_bytes=0), handler()
    times = _by(put, lambda: a_shop.place(reading))
    yield Figure.time("handle(): opens a stream", "one PutItem", times, 1.25)
    times = _by(put, lambda: a_shop.move(reading))
    yield Figure.time(f"handle(): update of {HISTORY} commits", "one PutItem", times, 2.3)
    times = _by(put, lambda: a_shop.move(knowing))
    yield Figure.time("handle(): update of a stream it knows", "one PutItem", times, 1.4)


def _of_functions(dynamodb: Stub) -> Iterator[Figure]:
    from cqrs.entrypoints.wiring import wired
    from cqrs.write.remembered import Remembered
    from functions.orders_commands.handler import app as commands
    from functions.storefront_queries.handler import app as queries
    from scripts.shop.bench import a_shop

    def whole(app: Any, request: Callable[[], dict[str, Any]], *, knows: bool = True) -> Work:
        function: Any = wired(app, os.environ)
        event = request()
        handler: Any = getattr(function.routes[event["routeKey"]], "commands", None)
        if handler:
            handler._turns._clock = NOW_AND_THEN
        if not knows:
            handler._remembered = Remembered(0)

        def work() -> object:
            answer = function(a_shop.again(event), None)
            if answer["statusCode"] >= 300:
                raise RuntimeError(f"{answer}")
            return answer

        return work

    put, get = _put_item(dynamodb), _get_item(dynamodb)
    post = whole(commands, a_shop.post)
    times = _by(put, post)
    yield Figure.time("whole function: POST /orders", "one PutItem", times, 1.8)
    times = _by(put, whole(commands, a_shop.put, knows=False))
    measure = f"whole function: PUT, order of {HISTORY} commits"
    yield Figure.time(measure, "one PutItem", times, 2.8)
    times = _by(put, whole(commands, a_shop.put))
    yield Figure.time("whole function: PUT, order it knows", "one PutItem", times, None)
    times = _by(get, whole(queries, a_shop.get))
    yield Figure.time("whole function: GET /orders/{id}, with lookups", "one GetItem", times, 3.0)
    times = _by(post, a_shop.authorising())
    yield Figure.time("who may: its share", "the whole function: POST /orders", times, 0.05)


def plain_client() -> Any:
    """One as boto3 makes it, but for checks of parameters."""
    import boto3
    from botocore.config import Config

    config = Config(parameter_validation=False, user_agent="bench", tcp_keepalive=True)
    return boto3.client("dynamodb", config=config)


def _put_item(dynamodb: Stub) -> Work:
    from scripts.shop.bench import a_shop

    client, item = dynamodb.client(plain_client), a_shop.history(1)[0]
    return lambda: client.put_item(
        TableName="orders",
        Item=item,
        ConditionExpression="attribute_not_exists(version)",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )


def _get_item(dynamodb: Stub) -> Work:
    client = dynamodb.client(plain_client)
    key = {"row": {"S": "order_history#1/7"}}
    return lambda: client.get_item(TableName="order_history", Key=key)
