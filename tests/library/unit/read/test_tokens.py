"""Tokens: what is one, and how much of what was seen they keep."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.errors import InvalidToken
from cqrs.history.commits import STREAM_NAME
from cqrs.read.tokens import MAX_BYTES, Token
from tests.examples import examples
from tests.library.hostile import texts


def long(number: int) -> str:
    """The name of a stream with the longest id that a path takes: with version 1, 72 bytes."""
    return f"order-{number:064}"


FULL = Token({**{long(n): 9 for n in range(82)}, f"order-{'7' * 68}": 9})

ids = st.integers(1, 500).map(long)
names = ids | st.from_regex(STREAM_NAME, fullmatch=True)
versions = st.integers(1, 10**10 - 1)
many = st.tuples(st.integers(0, 100), st.integers(50, 150), versions).map(
    lambda drawn: {long(drawn[0] + n): drawn[2] for n in range(drawn[1])}
)
shown_versions = many | st.dictionaries(names, versions)


def asked(positions: Mapping[str, int]) -> Token:
    """A token that can be sent, with as many of `positions` as fit into it."""
    return Token().having_seen([positions])


@pytest.mark.parametrize(
    "text",
    [
        "order-7",
        "order-7@",
        "order-7@0",
        "order-7@-1",
        "order-7@1.5",
        "order-7@99999999999",
        "@3",
        "order@3",
        "order-7@3,",
        "order-7@3 order-8@1",
        "Order-7@3",
        "order-" + "x" * 200 + "@1",
        ", ".join(f"order-{n}@1" for n in range(151)),
    ],
)
def test_a_text_that_no_answer_ever_had_is_not_a_token(text: str) -> None:
    with pytest.raises(InvalidToken):
        Token.parse(text)


def test_a_token_comes_back_as_it_was_sent() -> None:
    text = "order-7@3, order-8@1"

    assert str(Token.parse(text)) == text
    assert Token.parse(None) == Token.parse("") == Token()
    assert Token.parse("order-7@3,order-7@2").positions == {"order-7": 3}


def test_a_token_may_have_six_kilobytes_and_not_a_byte_more() -> None:
    assert len(str(FULL)) == 6_144

    assert Token.parse(str(FULL)) == FULL
    with pytest.raises(InvalidToken, match="A token has at most 6144 bytes, not 6145"):
        Token.parse(f"{FULL}0")


def test_a_token_is_as_long_as_it_is_sent_or_as_it_is_answered() -> None:
    streams = [f"{long(n)}@1" for n in range(84)]
    assert len(",".join(streams)) < MAX_BYTES

    with pytest.raises(InvalidToken, match="at most 6144 bytes, not 6214"):
        Token.parse(",".join(streams))
    with pytest.raises(InvalidToken, match="at most 6144 bytes, not 6163"):
        Token.parse("order-7@1," + " " * MAX_BYTES + "order-8@1")


def test_an_answers_token_names_no_more_streams_than_a_query_may_send() -> None:
    asked = Token({f"order-{n}": 1 for n in range(100)})

    answered = asked.having_seen({f"order-{n}": 2} for n in range(50, 250))

    assert len(Token.parse(str(answered)).positions) == 150
    assert asked.positions.keys() <= answered.positions.keys()
    assert (answered.positions["order-0"], answered.positions["order-99"]) == (1, 2)


def test_a_stream_that_was_asked_for_stays_though_its_new_version_has_no_room() -> None:
    assert FULL.having_seen([{long(0): 10, "order-8": 1}]) == FULL


@examples(200)
@given(shown_versions, st.lists(shown_versions, max_size=4))
def test_whatever_was_shown_the_answers_token_can_be_sent_and_is_not_older(
    positions: Mapping[str, int], shown: list[Mapping[str, int]]
) -> None:
    before = asked(positions)

    answered = before.having_seen(shown)

    assert len(str(answered).encode()) <= MAX_BYTES
    assert Token.parse(str(answered)) == answered
    seen = [before.positions, *shown]
    for stream, version in answered.positions.items():
        assert before.positions.get(stream, 0) <= version
        assert version in [row.get(stream) for row in seen]
    assert before.positions.keys() <= answered.positions.keys()


@examples(300)
@given(texts | st.lists(texts | ids.map("{}@1".format)).map(",".join))
def test_any_text_is_a_token_that_can_be_answered_or_is_refused(text: str) -> None:
    try:
        token = Token.parse(text)
    except InvalidToken:
        return
    assert len(str(token).encode()) <= MAX_BYTES
    assert Token.parse(str(token)) == token
