"""Whatever strangers send is answered as documented; whatever a stream has in it is let go."""

import base64
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cqrs.entrypoints.http import HttpFunction, no_such_route
from cqrs.entrypoints.streams import FollowerFunction, PublisherFunction
from cqrs.history.publisher import records_of
from tests.examples import examples
from tests.library.hostile import jsons, nearly, texts
from tests.library.payloads import dynamodb, http, kinesis
from tests.library.unit.entrypoints.asking import ask
from tests.library.unit.entrypoints.wired import (
    ADD,
    ADD_NAMED,
    BY_AUTHOR,
    BY_STATUS,
    IN_QUERY,
    LEND,
    ROW,
    Books,
)

OURS = {500, 501, 503}  # what is our fault, and never theirs
RIGHT = {"book_id": "7", "title": "On engines", "author": "byron", "copies": 2}
PLACE = ["books#1", "author", "byron", "2026", "7"]
READ = ["consistency-token", "idempotency-key", "if-match", "x-correlation-id"]
ASKED = ["limit", "cursor", "status", "author"]


def encoded(found: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(found).encode()).decode().rstrip("=")


keys = texts | st.just("7")
cursors = texts | jsons.map(encoded) | st.lists(st.sampled_from(PLACE) | jsons).map(encoded)
tokens = st.lists(texts | st.sampled_from(["book-7@1", "book-8@9", "author-byron@1"])).map(",".join)
headers = st.dictionaries(st.sampled_from(READ) | texts, texts | tokens)
queries = st.none() | st.dictionaries(st.sampled_from(ASKED) | texts, texts | cursors)
bodies = texts | st.binary() | (jsons | nearly(RIGHT) | nearly({"reader": "ada"})).map(json.dumps)


class TestRequests:
    @examples(200)
    @given(st.sampled_from([ADD, ADD_NAMED, LEND]), keys, headers, queries, bodies, st.booleans())
    def test_whatever_is_sent_as_a_command_is_answered(
        self,
        route: str,
        key: str,
        headers: dict[str, str],
        query: dict[str, str] | None,
        body: str | bytes,
        claims_base64: bool,
    ) -> None:
        books = Books()
        books.added("7")
        event = http(route, id=key, headers=headers, query=query, body=body)
        event["isBase64Encoded"] |= claims_base64
        assert ask(books.commands, event).status not in OURS

    @examples(300)
    @given(st.sampled_from([ROW, BY_AUTHOR, BY_STATUS, IN_QUERY]), keys, headers, queries)
    def test_whatever_is_asked_is_answered(
        self, route: str, key: str, headers: dict[str, str], query: dict[str, str] | None
    ) -> None:
        books = Books()
        books.added("7")
        event = http(route, id=key, headers=headers, query=query)
        assert ask(books.queries, event).status not in OURS

    @given(texts, texts)
    def test_whatever_has_no_route_is_not_found_or_not_allowed(
        self, method: str, path: str
    ) -> None:
        function = HttpFunction({"$default": no_such_route("GET /books/{id},POST /books")})
        event = http(f"GET {path}") | {"routeKey": "$default", "headers": None}
        event["requestContext"]["http"]["method"] = method
        assert ask(function, event).status in (404, 405)


records = st.binary() | (
    jsons | nearly({"commits": [{"stream": "book-7", "version": 2, "body": "{}"}]})
).map(lambda found: json.dumps(found).encode())
images = nearly({"stream": {"S": "book-7"}, "version": {"N": "2"}, "body": {"S": "{}"}})


class TestStreams:
    @examples(300)
    @given(records | texts)
    def test_whatever_the_event_stream_has_the_next_records_are_followed(
        self, record: bytes | str
    ) -> None:
        books = Books()
        (added,) = books.added("8")
        batch = kinesis(record, *records_of([added]))
        assert FollowerFunction([books.follower])(batch, None) == {"batchItemFailures": []}
        assert books.rows.get("8").document

    @examples(300)
    @given(images)
    def test_whatever_a_store_has_the_next_commits_are_published(self, image: Any) -> None:
        books = Books()
        (added,) = books.added("8")
        batch = dynamodb(added)
        batch["Records"].insert(0, dynamodb({})["Records"][0])
        batch["Records"][0]["dynamodb"]["NewImage"] = image
        assert PublisherFunction(books.publisher, books.kinds)(batch, None) == {
            "batchItemFailures": []
        }
        assert added in [c for record in books.publisher.records for c in record.commits]
