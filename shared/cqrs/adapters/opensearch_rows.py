"""The rows of a search view on OpenSearch: one index per generation, one document per row.

_id, key   the row's key
_version   its revision: each save is the next version, so a save that lost a race is refused
shown      whether the row shows something; searches only see rows that do
doc        the document shown, with the fields that the view names
at         the version of each stream that feeds the row, by category, for searches with a token
parked     the streams with a mark; and `going on` if one of the marks goes on by itself
row        positions, states and marks, each as JSON text; not indexed. (As objects they would have
           names with dots, `product-v1.2`, and a filter of the fields to return may read those as
           nested objects.)

An index `cqrs-local-order-search-1` is written through the alias `cqrs-local-order-search-1-write`:
a write to a missing index fails, instead of creating one with guessed fields. It is searched by its
name. (Older code searched through the alias `cqrs-local-order-search`, which an index got once it
was full.) Documents are never deleted, as a deleted one's version is forgotten: a row that shows
nothing any more stays as a tombstone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cqrs import plain
from cqrs.adapters.marks import marks_text
from cqrs.adapters.opensearch import OpenSearch, OpenSearchReply
from cqrs.discretion import said
from cqrs.errors import CqrsError, NotFilled, Unavailable, Unreadable
from cqrs.history.commits import category_of, entity_of
from cqrs.observability import logger
from cqrs.views.fields import misfits
from cqrs.views.filling import Filling
from cqrs.views.rows import ParkedAt, Part, Row, Saved, SaveResult
from cqrs.views.searches import Hit, Hits, Question, SearchView

__all__ = ["OpenSearchRows"]

PATH = r"[\w.]*\w"
KEPT = ("positions", "states", "parked")
KEYS_PER_CALL = 500
MAX_ROW_BYTES = 400_000
MAX_BULK_BYTES = 4_000_000  # small instances accept 10 MB; one more row may be added
GOING_ON = "going on"  # no name of a stream has a space
READ_SECONDS, WRITE_SECONDS, ADMIN_SECONDS = 3, 15, 10
ANALYSIS = {
    "analyzer": {
        "words": {
            "type": "custom",
            "tokenizer": "standard",
            "filter": ["lowercase", "asciifolding"],
        }
    }
}
"""`words` is what fields of the type `text` may name as their analyzer."""


class OpenSearchRows:
    """Row store and search index of one generation of a view.

    Calls: `load` 1 per 500 keys, `save` 1 per 4 MB, `search` 1 for all its questions. `save` in a
    generation that is not the code's 1 or 2 more, once.
    """

    def __init__(
        self, view: SearchView, opensearch: OpenSearch, prefix: str, *, own: bool = True
    ) -> None:
        """Unless it is the code's `own` generation, the index may have been made with other fields:
        what it would not take is left out.
        """
        name = f"{prefix}-{view.name}".replace("_", "-")
        self.view = view
        self._opensearch = opensearch
        self._once_read = name
        self._index = f"{name}-{view.edition}"
        self._writing = f"{self._index}-write"
        self._own = own
        self._has: Mapping[str, Any] | None = None

    # For followers

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        rows = {key: Row(key=key) for key in keys}
        for start in range(0, len(keys), KEYS_PER_CALL):
            # the path names no index: who only searches may use this path and no other (ADR 28)
            named = keys[start : start + KEYS_PER_CALL]
            body = {"docs": [{"_index": self._writing, "_id": key} for key in named]}
            found = self._expect(
                self._opensearch.call("POST", "/_mget", body, seconds=READ_SECONDS)
            )
            for document in found["docs"]:
                if "error" in document:
                    raise Unavailable(f"{self._index}: {_type_of(document['error'])}")
                if document["found"]:
                    rows[document["_id"]] = _row(document)
        return rows

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        results: dict[str, SaveResult] = {}
        lines: list[tuple[str, list[dict[str, Any]]]] = []
        try:
            has = None if self._own else self._fields()
        except Unavailable as error:
            return [SaveResult(Saved.FAILED, str(error)) for _ in rows]
        for row in rows:
            try:
                document = self._document(row)
                if has is not None:
                    document = _only(document, has)
                sizes = {name: len(text.encode()) for name, text in document["row"].items()}
                size = len(plain.to_json(row.document).encode()) + sum(sizes.values())
                size -= sizes["parked"]  # leaves room to park a full row
            except (AttributeError, TypeError, ValueError) as error:
                results[row.key] = SaveResult(Saved.REFUSED, f"the row is not JSON: {said(error)}")
                continue
            if size > MAX_ROW_BYTES:
                refused = f"the row has {size} bytes, over {MAX_ROW_BYTES}"
                results[row.key] = SaveResult(Saved.REFUSED, refused)
                continue
            lines.append((row.key, [self._action(row), document]))
        for batch in _batches(lines):
            results |= self._bulk(batch)
        return [results[row.key] for row in rows]

    def parked(self, limit: int) -> list[Row]:
        return self._marked({"query": {"exists": {"field": "parked"}}, "size": limit})

    def going_on(self, limit: int, after: str | None = None) -> list[Row]:
        start: dict[str, Any] = {} if after is None else {"search_after": [after]}
        marked = {"term": {"parked": GOING_ON}}
        return self._marked({"query": marked, "sort": ["key"], "size": limit, **start})

    def _marked(self, question: Mapping[str, Any]) -> list[Row]:
        path = f"/{self._writing}/_search"
        found = self._expect(self._opensearch.call("POST", path, question, seconds=READ_SECONDS))
        return [_row(document) for document in found["hits"]["hits"]]

    # For queries

    def search(self, questions: Sequence[Question]) -> list[Hits]:
        here = {"index": self._index}
        lines = [line for question in questions for line in (here, _of_shown(question))]
        reply = self._opensearch.call_with_lines("/_msearch", lines, seconds=READ_SECONDS)
        return [self._answer(answer) for answer in self._expect(reply)["responses"]]

    # For the sweeper

    def state(self) -> Filling:
        reply = self._opensearch.call("GET", f"/{self._index}", seconds=ADMIN_SECONDS)
        if reply.status == 404:
            return Filling("missing")
        found = self._expect(reply)[self._index]
        made = str(found["settings"]["index"]["uuid"])
        if self._writing not in found["aliases"]:
            return Filling("missing", made)
        filled = self._once_read in found["aliases"]
        count = self._opensearch.call("GET", f"/{self._index}/_count", seconds=ADMIN_SECONDS)
        is_empty = not self._expect(count)["count"]
        return Filling("empty" if is_empty else "there", made, filled)

    def create(self) -> Filling:
        settings: dict[str, Any] = {"analysis": ANALYSIS}
        if self._opensearch.service != "aoss":  # Serverless decides on these itself
            # if others delete documents, filling must not conflict with the deleted versions
            settings |= {"refresh_interval": "1s", "gc_deletes": "0s", "number_of_shards": 1}
        body = {
            "settings": settings,
            "mappings": self._mappings(),
            "aliases": {self._writing: {}},
        }
        reply = self._opensearch.call("PUT", f"/{self._index}", body, seconds=ADMIN_SECONDS)
        if reply.error == "resource_already_exists_exception":
            self._alias([{"add": {"index": self._index, "alias": self._writing}}])
        else:
            self._expect(reply)
        return self.state()

    def delete(self, cursor: str | None = None) -> str | None:
        reply = self._opensearch.call("DELETE", f"/{self._index}", seconds=ADMIN_SECONDS)
        if reply.status != 404:
            self._expect(reply)
        return None

    def _fields(self) -> Mapping[str, Any]:
        """The fields that the index was made with, once it is known, and a position for each stream
        that the view follows: searches with a token ask for them. Raises Unavailable.
        """
        if self._has is None:
            path = f"/{self._index}/_mapping"
            reply = self._opensearch.call("GET", path, seconds=ADMIN_SECONDS)
            has = self._expect(reply)[self._index]["mappings"]["properties"]
            there, wanted = (
                each["at"]["properties"] for each in (has, self._mappings()["properties"])
            )
            if wanted.keys() - there:
                added = {"properties": {"at": {"properties": wanted}}}
                self._expect(self._opensearch.call("PUT", path, added, seconds=ADMIN_SECONDS))
            self._has = {**has, "at": {"properties": {**wanted, **there}}}
        return self._has

    def _alias(self, actions: Sequence[Mapping[str, Any]]) -> None:
        body = {"actions": actions}
        self._expect(self._opensearch.call("POST", "/_aliases", body, seconds=ADMIN_SECONDS))

    def _mappings(self) -> dict[str, Any]:
        """Strict mappings: a document with an unknown field is refused, and its row is parked."""
        positions = {fold.category: {"type": "long"} for fold in self.view.folds}
        return {
            "dynamic": "strict",
            "properties": {
                "key": {"type": "keyword"},
                "shown": {"type": "boolean"},
                "parked": {"type": "keyword"},
                "at": {"properties": positions},
                "row": {"type": "object", "enabled": False},
                "doc": {"properties": self.view.fields},
            },
        }

    def _action(self, row: Row) -> dict[str, Any]:
        """Saves `row` if nobody has saved it since."""
        version = {"version": row.revision + 1, "version_type": "external"}
        return {"index": {"_index": self._writing, "_id": row.key, **version}}

    def _document(self, row: Row) -> dict[str, Any]:
        states = {stream: part.state for stream, part in row.parts.items()}
        kept = {
            "positions": plain.to_json(row.positions),
            "states": plain.to_json(states),
            "parked": marks_text(row.marks),
        }
        document: dict[str, Any] = {
            "key": row.key,
            "shown": row.document is not None,
            "at": {category_of(stream): version for stream, version in row.positions.items()},
            "row": kept,
        }
        if row.marks:
            goes_on = any(mark.goes_on for mark in row.marks.values())
            document["parked"] = sorted([*row.marks, *([GOING_ON] if goes_on else [])])
        if row.document is not None:
            document["doc"] = row.document
        return document

    def _bulk(self, batch: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, SaveResult]:
        lines = [line for pair in batch.values() for line in pair]
        try:
            path = "/_bulk?require_alias=true"
            reply = self._opensearch.call_with_lines(path, lines, seconds=WRITE_SECONDS)
            items = self._expect(reply)["items"]
        except Unavailable as error:
            return dict.fromkeys(batch, SaveResult(Saved.FAILED, str(error)))
        results = [self._result(item["index"]) for item in items]
        return dict(zip(batch, results, strict=True))

    def _result(self, item: Mapping[str, Any]) -> SaveResult:
        status = item["status"]
        match status:
            case 200 | 201:
                return SaveResult(Saved.SAVED)
            case 409:
                return SaveResult(Saved.RACED)
        error = item.get("error", {})
        # the reason may quote the row; which fields it names is all that is told of it
        named = _paths(self._mappings()["properties"]) & {*re.findall(PATH, str(error))}
        reason = f"{_type_of(error) or status}: {', '.join(sorted(named))}"
        # no 400: no capacity, a shard is down, the index is missing
        return SaveResult(Saved.REFUSED if status == 400 else Saved.FAILED, reason)

    def _answer(self, answer: Mapping[str, Any]) -> Hits:
        """The hits. Raises Unavailable also for partial results."""
        if "error" in answer:
            reply = OpenSearchReply(int(answer.get("status", 500)), answer)
            if reply.error == "index_not_found_exception":
                raise NotFilled(self.view.name)
            if reply.status == 429:
                raise Unavailable("OpenSearch has no capacity left for now")
            self._expect(reply)
        if answer["timed_out"] or answer["_shards"]["failed"]:
            raise Unavailable(f"not all of {self._index} could be searched")
        return Hits(
            [_hit(document) for document in answer["hits"]["hits"]],
            answer["hits"]["total"]["value"],
            answer.get("aggregations", {}),
        )

    def _expect(self, reply: OpenSearchReply) -> Mapping[str, Any]:
        """The body of a good reply. Raises Unavailable for a missing index: it is filled again."""
        if reply.status >= 500 or reply.error == "index_not_found_exception":
            raise Unavailable(f"{self._index}: {reply.error or reply.status}")
        if reply.status >= 300 or not reply.body:
            raise CqrsError(f"{self._index} refuses: {reply.status} {reply.error}")
        return reply.body


def _only(document: Mapping[str, Any], has: Mapping[str, Any]) -> dict[str, Any]:
    """`document` without what a mapping has no field for, or one of another kind."""
    fitted = {name: _fitted(value, has[name]) for name, value in document.items() if name in has}
    return {name: value for name, value in fitted.items() if not misfits({name: value}, has)}


def _fitted(value: Any, kind: Mapping[str, Any]) -> Any:
    inner = kind.get("properties")
    if inner is None and kind.get("type") == "object" and kind.get("enabled", True) is True:
        inner = {}
    if inner is None:
        return value
    if isinstance(value, list):
        return [_fitted(one, kind) for one in value]
    return _only(value, inner) if isinstance(value, Mapping) else value


def _batches(
    documents: Iterable[tuple[str, list[dict[str, Any]]]],
) -> Iterator[dict[str, list[dict[str, Any]]]]:
    batch: dict[str, list[dict[str, Any]]] = {}
    size = 0
    for key, lines in documents:
        batch[key] = lines
        size += len(plain.to_json(lines).encode())
        if size > MAX_BULK_BYTES:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch


def _type_of(error: Any) -> str:
    return str(error.get("type", "")) if isinstance(error, dict) else ""


def _paths(fields: Mapping[str, Any], around: str = "") -> set[str]:
    """The fields of a mapping, with those in them: `doc.lines.sku`."""
    inner = [_paths(kind.get("properties", {}), f"{around}{n}.") for n, kind in fields.items()]
    return {f"{around}{name}" for name in fields}.union(*inner)


def _of_shown(question: Question) -> Question:
    """`question`, restricted to rows that show something."""
    asked = [question["query"]] if "query" in question else []
    query: Any = {"bool": {"must": asked, "filter": [{"term": {"shown": True}}]}}
    source: Any = ["doc", "row.positions", "row.parked"]
    return {"_source": source, **question, "query": query, "track_total_hits": True}


def _row(document: Mapping[str, Any]) -> Row:
    """The row in a document. Parts that can't be read are left out, so the row is folded again."""
    source = document.get("_source", {})
    row = Row(key=document["_id"], revision=document.get("_version", 0), document=source.get("doc"))
    try:
        positions, states, parked = (_kept(document, name) for name in KEPT)
        marks = {stream: plain.load(ParkedAt, mark) for stream, mark in parked.items()}
        parts = {
            stream: Part(
                version=int(positions.get(stream, 0)),
                state=states.get(stream),
                parked=marks.get(stream),
            )
            for stream in positions.keys() | marks.keys()
        }
    except (Unreadable, ValueError, LookupError, TypeError, AttributeError) as error:
        logger().error("unreadable row", row=row.key, index=document["_index"], error=said(error))
        return row
    return Row(key=row.key, revision=row.revision, parts=parts, document=row.document)


def _kept(document: Mapping[str, Any], name: str) -> Any:
    """Positions, states or marks, by stream. Raises several kinds of errors if it can't be read."""
    kept = document["_source"]["row"].get(name, "{}")
    if isinstance(kept, str):
        return plain.from_json(kept)
    # Older code saved objects. Names that a filter has made of those with dots are left out.
    return {stream: value for stream, value in kept.items() if entity_of(stream) == document["_id"]}


def _hit(document: Mapping[str, Any]) -> Hit:
    return Hit(
        _row(document),
        sort=document.get("sort", ()),
        score=document.get("_score"),
        highlights=document.get("highlight", {}),
    )
