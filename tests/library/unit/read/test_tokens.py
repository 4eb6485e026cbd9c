"""Tokens: what is one, and how much of what was seen they keep."""

from __future__ import annotations

import pytest

from cqrs.errors import InvalidToken
from cqrs.read.tokens import Token


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


def test_an_answers_token_never_outgrows_what_a_query_may_send() -> None:
    asked = Token({f"order-{n}": 1 for n in range(100)})

    answered = asked.having_seen({f"order-{n}": 2} for n in range(50, 250))

    assert len(Token.parse(str(answered)).positions) == 150
    assert asked.positions.keys() <= answered.positions.keys()
    assert (answered.positions["order-0"], answered.positions["order-99"]) == (1, 2)
