"""Who listens is told which streams were written to, and that it is quiet."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from scripts.local.emulated import writes
from scripts.local.emulated.writes import Writes


async def heard(lines: AsyncIterator[bytes]) -> list[str]:
    """The next line, read."""
    told: list[str] = json.loads(await anext(lines))
    return told


def test_the_first_line_tells_of_nothing_and_comes_at_once() -> None:
    async def listen() -> None:
        async with aclosing(Writes().lines()) as lines:
            assert await heard(lines) == []

    asyncio.run(listen())


def test_what_is_written_after_the_first_line_is_told_each_stream_once() -> None:
    async def listen() -> None:
        told = Writes()
        async with aclosing(told.lines()) as lines:
            await heard(lines)
            for stream in ("orders", "events", "orders"):
                told.note(stream)
            assert await heard(lines) == ["events", "orders"]
            told.note("orders")
            assert await heard(lines) == ["orders"]

    asyncio.run(listen())


def test_a_write_in_another_thread_is_heard() -> None:
    async def listen() -> None:
        told = Writes()
        async with aclosing(told.lines()) as lines:
            await heard(lines)
            await asyncio.to_thread(told.note, "orders")
            assert await heard(lines) == ["orders"]

    asyncio.run(listen())


def test_all_who_listen_hear_it_and_nobody_who_has_left() -> None:
    async def listen() -> None:
        told = Writes()
        async with aclosing(told.lines()) as left:
            await heard(left)
        async with aclosing(told.lines()) as one, aclosing(told.lines()) as other:
            await heard(one)
            await heard(other)
            told.note("orders")
            assert [await heard(one), await heard(other)] == [["orders"], ["orders"]]
        told.note("orders")

    asyncio.run(listen())


def test_a_quiet_stack_says_that_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "STILL_THERE_SECONDS", 0.001)

    async def listen() -> None:
        async with aclosing(Writes().lines()) as lines:
            await heard(lines)
            assert await anext(lines) == b"\n"

    asyncio.run(listen())
