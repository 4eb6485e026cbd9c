"""The event store on DynamoDB: one table per service, one item per commit.

stream    S  partition key
version   N  sort key: 1, 2, 3 ... without gaps
body      S  the commit as JSON text, exactly as it is published
command   S  the id of its command: for people who look at the table
snapshot  S  in some commits, the state after it: a cache
earlier   S  in some commits, ids of commands before it, short: a cache

If a service has guards, a second table has one item per claim:

guard     S  partition key: the kind, and a hash of the claimed value
stream    S  and
version   N  the commit that claimed it
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from cqrs import plain
from cqrs.adapters import clients
from cqrs.errors import Throttled, TooLarge, Unreadable
from cqrs.history.commits import Commit
from cqrs.history.event_store import (
    WHOLE,
    AppendConflict,
    GuardTaken,
    Heads,
    Section,
    Size,
    Stored,
)
from cqrs.history.guards import Claim, Guard
from cqrs.history.instants import later, now, periods

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = [
    "MAX_COMMIT_BYTES",
    "DynamoDbEventStore",
    "beside",
    "commit_of",
    "room_of_commit",
    "size_of_commit",
]

MAX_COMMIT_BYTES = 400 * 1024  # of an item
CLOCK_SECONDS = 3_600  # so far clocks may differ
UNIT_BYTES = 1024  # of an item are written for one unit
_NAMES = len("streamversionbodycommand") + 21  # and the largest number


def commit_of(item: Any) -> Commit:
    """The commit in an item of the table or of its stream. Without a body it can't be applied."""
    body = item.get("body", {}).get("S", "")
    return Commit(str(item["stream"]["S"]), int(item["version"]["N"]), str(body))


def _stored(item: Any) -> Stored:
    def text(name: str) -> str | None:
        return item[name]["S"] if name in item else None

    return Stored(commit_of(item), text("command") or "", text("snapshot"), text("earlier"))


def size_of_commit(commit: Commit, command_id: str, most: int = MAX_COMMIT_BYTES) -> int:
    """The bytes of its item, without a snapshot. Raises TooLarge."""
    size = _NAMES + len(f"{commit.stream}{commit.body}{command_id}".encode())
    if size > most:
        raise TooLarge(f"The commit {commit}", size, most)
    return size


def room_of_commit(commit: Commit, command_id: str) -> int:
    """How many bytes fit into its item before it takes another write unit."""
    return -size_of_commit(commit, command_id) % UNIT_BYTES


def beside(size: int, **texts: str | None) -> dict[str, str]:
    """What is stored beside a commit of this size: those that there are, and fit in."""
    found: dict[str, str] = {}
    for name, text in texts.items():
        if text and size + len(name) + len(text.encode()) <= MAX_COMMIT_BYTES:
            found[name] = text
            size += len(name) + len(text.encode())
    return found


def _taken(guard: Guard, holder: Any, commit: Commit) -> GuardTaken | Unreadable:
    stream, version = str(holder["stream"]["S"]), int(holder["version"]["N"])
    if isinstance(guard, Claim):
        return GuardTaken(guard, stream, version)
    return Unreadable(f"{commit} releases what {stream} holds")


def _committed_in(periods: Sequence[str]) -> dict[str, Any]:
    """A filter of commits by their time. It stands in the body, so each of a few periods, such as
    hours, is looked for as text. A commit that has such a text elsewhere is found too.
    """
    times = {f":t{n}": {"S": f'"time":"{period}'} for n, period in enumerate(periods)}
    return {
        "FilterExpression": " OR ".join(f"contains(body, {name})" for name in times),
        "ExpressionAttributeValues": times,
    }


class _Contended(Exception):
    """Another transaction uses the same items, or their capacity is used up: try again."""


class DynamoDbEventStore:
    def __init__(
        self,
        table: str,
        guards_table: str | None = None,
        *,
        client: Callable[[], DynamoDBClient] = clients.dynamodb,
        pause: Callable[[float], None] = time.sleep,
        spend: Callable[[float], None] | None = None,
    ) -> None:
        """`spend` is told the read units that walks and tails have taken, and may pause."""
        self._table = table
        self._guards_table = guards_table
        self._client = client
        self._pause = pause
        self._spend = spend

    def append(
        self,
        commit: Commit,
        command_id: str,
        snapshot: str | None = None,
        guards: Sequence[Guard] = (),
        earlier: str | None = None,
    ) -> None:
        item = {
            "stream": {"S": commit.stream},
            "version": {"N": str(commit.version)},
            "body": {"S": commit.body},
            "command": {"S": command_id},
        }
        size = size_of_commit(commit, command_id)
        for name, text in beside(size, earlier=earlier, snapshot=snapshot).items():
            item[name] = {"S": text}
        version_is_free = "attribute_not_exists(version)"
        put = {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": version_is_free,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        for _ in clients.CONTENTION.attempts(self._pause):
            with clients.translated(self._table), suppress(_Contended):
                return self._write(put, commit, guards) if guards else self._put(put)
        raise Throttled(f"others write to {commit.stream} all the time")

    def _put(self, put: Any) -> None:
        client = self._client()
        try:
            client.put_item(**put)
        except client.exceptions.ConditionalCheckFailedException as refused:
            response: Any = refused.response  # the SDK's types lack its item
            raise AppendConflict(commit_of(response["Item"])) from refused
        except client.exceptions.ClientError as error:
            if clients.error_code(error) == "TransactionConflictException":
                raise _Contended from error
            raise

    def _write(self, put: Any, commit: Commit, guards: Sequence[Guard]) -> None:
        client = self._client()
        actions: Any = [{"Put": put}, *(self._action(guard, commit) for guard in guards)]
        try:
            client.transact_write_items(TransactItems=actions)
        except client.exceptions.TransactionCanceledException as cancelled:
            response: Any = cancelled.response
            own, *of_guards = response["CancellationReasons"]
            if own["Code"] == clients.CONDITION_FAILED:
                raise AppendConflict(commit_of(own["Item"])) from cancelled
            if own["Code"] in clients.UNDECIDED:
                # look again before guards: their holder may be the commit that takes this version
                raise _Contended from cancelled
            for guard, reason in zip(guards, of_guards, strict=True):
                if reason["Code"] == clients.CONDITION_FAILED:
                    raise _taken(guard, reason["Item"], commit) from cancelled
            if any(reason["Code"] in clients.UNDECIDED for reason in of_guards):
                raise _Contended from cancelled
            raise

    def _action(self, guard: Guard, commit: Commit) -> dict[str, Any]:
        key = {"guard": {"S": guard.key}}
        is_free = "attribute_not_exists(guard)"
        is_mine = "#stream = :me"
        if isinstance(guard, Claim):
            holder = {"stream": {"S": commit.stream}, "version": {"N": str(commit.version)}}
            claim = {"Item": key | holder, "ConditionExpression": is_free}
            return {"Put": claim | self._of_guards}
        release = {
            "Key": key,
            "ConditionExpression": f"{is_free} OR {is_mine}",
            "ExpressionAttributeNames": {"#stream": "stream"},
            "ExpressionAttributeValues": {":me": {"S": commit.stream}},
        }
        return {"Delete": release | self._of_guards}

    @property
    def _of_guards(self) -> dict[str, Any]:
        return {"TableName": self._guards, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}

    @property
    def _guards(self) -> str:
        if not self._guards_table:
            raise LookupError(f"{self._table} has no table for guards")
        return self._guards_table

    def holder(self, claim: Claim) -> tuple[str, int] | None:
        key: Any = {"guard": {"S": claim.key}}
        with clients.translated(self._guards):
            found = self._client().get_item(TableName=self._guards, Key=key, ConsistentRead=True)
        item = found.get("Item")
        return (item["stream"]["S"], int(item["version"]["N"])) if item else None

    def load(self, stream: str, limit: int | None = None) -> Sequence[Stored]:
        return list(map(_stored, self._query(stream, most=limit, ScanIndexForward=False)))

    def room(self, commit: Commit, command_id: str) -> int:
        return room_of_commit(commit, command_id)

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        items = self._query(stream, after=after, most=limit)
        return [commit_of(item) for item in islice(items, limit)]

    def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
        request: dict[str, Any] = {
            "TableName": self._table,
            "ProjectionExpression": "#stream, version",
            "ExpressionAttributeNames": {"#stream": "stream"},
        }
        if section.segments > 1:
            request |= {"Segment": section.segment, "TotalSegments": section.segments}
        if section.since:
            request |= _committed_in(periods(section.since, later(now(), CLOCK_SECONDS)))
        if cursor:
            request["ExclusiveStartKey"] = plain.from_json(cursor)
        page = self._metered(self._client().scan, request)
        items, last = page["Items"], page.get("LastEvaluatedKey")
        versions: dict[str, int] = {}
        for item in items:
            stream, version = item["stream"]["S"], int(item["version"]["N"])
            versions[stream] = max(version, versions.get(stream, 0))
        if last and len(items) > 1 and not section.since:
            # The stream of the last item may go on. The next page begins with this item again, so
            # the stream is on that page in any case.
            del versions[items[-1]["stream"]["S"]]
            last = items[-2]
        commits = int(page["ScannedCount"])
        return Heads(versions, plain.to_json(last) if last else None, commits)

    def size(self) -> Size:
        with clients.translated(self._table):
            table = self._client().describe_table(TableName=self._table)["Table"]
        return Size(commits=table["ItemCount"], bytes=table["TableSizeBytes"])

    def _metered(self, ask: Callable[..., Any], request: Any) -> Any:
        if self._spend:
            request = {**request, "ReturnConsumedCapacity": "TOTAL"}
        with clients.translated(self._table):
            page = ask(**request)
        if self._spend:
            self._spend(float(page.get("ConsumedCapacity", {}).get("CapacityUnits", 0)))
        return page

    def _query(self, stream: str, *, after: int = 0, most: int | None = None, **paging: Any) -> Any:
        """The items of a stream, and no more than `most`. Pages are read as they are needed."""
        of_this_stream = "#stream = :stream"  # `stream` is a reserved word
        newer = "version > :after"
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": f"{of_this_stream} AND {newer}" if after else of_this_stream,
            "ExpressionAttributeNames": {"#stream": "stream"},
            "ExpressionAttributeValues": {":stream": {"S": stream}},
            "ConsistentRead": True,
            **paging,
        }
        if after:
            query["ExpressionAttributeValues"][":after"] = {"N": str(after)}
        while True:
            if most is not None:
                query["Limit"] = most
            page = self._metered(self._client().query, query)
            yield from page["Items"]
            if most is not None:
                most -= len(page["Items"])
            if "LastEvaluatedKey" not in page or most == 0:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            # the first page is usually enough; now read all
            query.pop("Limit", None)
