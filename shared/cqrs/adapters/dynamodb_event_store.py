"""The event store on DynamoDB: one table per service, one item per commit.

stream    S  partition key
version   N  sort key: 1, 2, 3 ... without gaps
body      S  the commit as JSON text, exactly as it is published
command   S  the id of the command that it came of: for people who look at the table
snapshot  S  in some commits, the state after it: a cache
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from cqrs import plain
from cqrs.adapters import clients
from cqrs.commits import Commit
from cqrs.errors import TooLarge
from cqrs.event_store import AppendConflict, Heads, History

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoDbEventStore", "commit_of"]

S = TypeVar("S")

MAX_ITEM_BYTES = 400 * 1024
_NAMES = len("streamversionbodycommandsnapshot") + 21  # and the largest number


def commit_of(item: Any) -> Commit:
    """The commit in an item of the table or of its stream. One without a body can't be applied."""
    body = item.get("body", {}).get("S", "")
    return Commit(str(item["stream"]["S"]), int(item["version"]["N"]), str(body))


class DynamoDbEventStore:
    def __init__(self, table: str, client: Callable[[], DynamoDBClient] = clients.dynamodb) -> None:
        self._table = table
        self._client = client

    def append(self, commit: Commit, command_id: str, snapshot: str | None = None) -> None:
        item = {
            "stream": {"S": commit.stream},
            "version": {"N": str(commit.version)},
            "body": {"S": commit.body},
            "command": {"S": command_id},
        }
        size = _NAMES + sum(len(text.encode()) for text in (commit.stream, commit.body, command_id))
        if size > MAX_ITEM_BYTES:
            raise TooLarge(f"The commit {commit}", size, MAX_ITEM_BYTES)
        if snapshot and size + len(snapshot.encode()) <= MAX_ITEM_BYTES:
            item["snapshot"] = {"S": snapshot}
        version_is_free = "attribute_not_exists(version)"
        client = self._client()
        with clients.translated(self._table):
            try:
                client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression=version_is_free,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except client.exceptions.ConditionalCheckFailedException as refused:
                response: Any = refused.response  # its item is not in the SDK's types
                raise AppendConflict(commit_of(response["Item"])) from refused

    def load(self, stream: str, limit: int, open_snapshot: Callable[[str], S | None]) -> History[S]:
        commits: list[Commit] = []
        for item in self._query(stream, ScanIndexForward=False, Limit=limit):
            text = item.get("snapshot", {}).get("S")
            snapshot = open_snapshot(text) if text else None
            if snapshot is not None:
                base = int(item["version"]["N"])
                return History(snapshot, commits[::-1], base + len(commits))
            commits.append(commit_of(item))
        return History(None, commits[::-1], len(commits))

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        paging = {"Limit": limit} if limit else {}
        commits: list[Commit] = []
        for item in self._query(stream, after=after, **paging):
            commits.append(commit_of(item))
            if len(commits) == limit:
                break
        return commits

    def heads(self, cursor: str | None = None) -> Heads:
        start = {"ExclusiveStartKey": plain.from_json(cursor)} if cursor else {}
        with clients.translated(self._table):
            page = self._client().scan(
                TableName=self._table,
                ProjectionExpression="#stream, version",
                ExpressionAttributeNames={"#stream": "stream"},
                **start,
            )
        versions: dict[str, int] = {}
        for item in page["Items"]:
            stream, version = item["stream"]["S"], int(item["version"]["N"])
            versions[stream] = max(version, versions.get(stream, 0))
        last = page.get("LastEvaluatedKey")
        return Heads(versions, plain.to_json(last) if last else None)

    def _query(self, stream: str, *, after: int = 0, **paging: Any) -> Any:
        """The items of a stream, page after page as they are taken."""
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
            with clients.translated(self._table):
                page = self._client().query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            query.pop(
                "Limit", None
            )  # the first page was what usually does; now as much as there is
