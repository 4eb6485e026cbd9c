"""Records: what goes over the wire, by entity, in order, and cut before it gets too large."""

import json
import random
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryPublisher
from cqrs.errors import Unreadable
from cqrs.history.commits import Commit
from cqrs.history.publisher import RECORD_BYTES, Record, read_record, records_of
from tests.examples import examples

KINESIS_RECORD_BYTES = 1024 * 1024
LARGEST_BODY = 400 * 1024  # what the store takes as one item


def commits(stream: str, *versions: int, size: int = 2) -> list[Commit]:
    return [Commit(stream, version, "x" * size) for version in versions]


def names(record: Record) -> list[str]:
    return [str(commit) for commit in record.commits]


def test_what_feeds_one_row_goes_under_one_key() -> None:
    sent = records_of([*commits("order-7", 1), *commits("order-8", 1), *commits("payment-7", 1)])
    assert {record.key: names(record) for record in sent} == {
        "7": ["order-7@1", "payment-7@1"],
        "8": ["order-8@1"],
    }


def test_the_commits_of_a_stream_are_put_in_order() -> None:
    (record,) = records_of([*commits("order-7", 10, 9, 2), *commits("order-7", 1)])
    assert names(record) == ["order-7@1", "order-7@2", "order-7@9", "order-7@10"]


def test_nothing_makes_no_record() -> None:
    assert records_of([]) == []


def test_a_record_is_cut_before_it_gets_too_large() -> None:
    a_third = RECORD_BYTES // 3
    sent = records_of(commits("order-7", *range(1, 8), size=a_third))
    assert [names(record) for record in sent] == [
        ["order-7@1", "order-7@2", "order-7@3"],
        ["order-7@4", "order-7@5", "order-7@6"],
        ["order-7@7"],
    ]
    assert {record.key for record in sent} == {"7"}


def test_a_commit_larger_than_a_record_has_one_of_its_own() -> None:
    small, large = commits("order-7", 1, 3), commits("order-7", 2, size=LARGEST_BODY)
    sent = records_of([*small, *large])
    assert [names(record) for record in sent] == [["order-7@1"], ["order-7@2"], ["order-7@3"]]


@pytest.mark.parametrize("letter", ["x", '\\"', "\\\\", "é"])
def test_the_largest_commit_of_the_store_fits_into_a_record_of_kinesis(letter: str) -> None:
    body = letter * (LARGEST_BODY // len(letter.encode()))
    (record,) = records_of([Commit("order-7", 1, body)])
    assert len(record.data) + len(record.key) <= KINESIS_RECORD_BYTES


def test_size_is_counted_in_bytes() -> None:
    sent = records_of([Commit("order-7", n, "é" * (RECORD_BYTES // 4)) for n in (1, 2, 3)])
    assert [len(record.commits) for record in sent] == [2, 1]


def test_a_record_says_stream_version_and_text_of_each_commit() -> None:
    (record,) = records_of([Commit("order-7", 3, '{"events":[]}')])
    assert json.loads(record.data) == {
        "commits": [{"stream": "order-7", "version": 3, "body": '{"events":[]}'}]
    }


streams = st.sampled_from(["order-7", "payment-7", "order-8", "order-9"])
histories = st.lists(
    st.tuples(streams, st.integers(1, 50), st.integers(0, RECORD_BYTES // 2)),
    unique_by=lambda commit: commit[:2],
    max_size=12,
)


@examples(50)
@given(histories)
def test_every_commit_arrives_once_as_it_was_and_in_order(
    history: list[tuple[str, int, int]],
) -> None:
    sent = [Commit(stream, version, "é" * size) for stream, version, size in history]
    arrived = [commit for record in records_of(sent) for commit in read_record(record.data)]
    assert sorted(arrived, key=str) == sorted(sent, key=str)
    for _, own in groupby(arrived, key=lambda commit: commit.stream):
        versions = [commit.version for commit in own]
        assert versions == sorted(versions)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"null",
        b"3",
        b"[]",
        b"{}",
        b'{"commits": null}',
        b'{"commits": 3}',
        b'{"commits": "order-7"}',
        b'{"commits": {"order-7": 1}}',
        b'{"commits": [null]}',
        b'{"commits": [{"stream": "order-7", "version": 1}]}',
        b'{"commits": [{"stream": "order-7", "version": "one", "body": "{}"}]}',
        b'{"commits": [{"stream": "order-7", "version": null, "body": "{}"}]}',
        b'{"commits": [{"version": 1, "body": "{}"}]}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_record_is_unreadable_and_nothing_worse(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read_record(data)


def test_a_record_cut_anywhere_is_unreadable_and_nothing_worse() -> None:
    (record,) = records_of(commits("order-7", 1, 2, 3))
    for end in random.Random(7).sample(range(len(record.data)), 20):
        with pytest.raises(Unreadable):
            read_record(record.data[:end])


def test_in_memory_nothing_overtakes_what_was_refused() -> None:
    publisher = MemoryPublisher()
    first, second, other = [
        Record("7", tuple(commits("order-7", 1))),
        Record("7", tuple(commits("order-7", 2))),
        Record("8", tuple(commits("order-8", 1))),
    ]
    publisher.refuse = lambda record: record is first
    assert publisher.publish([first, second, other]) == [first, second]
    assert publisher.records == [other]
