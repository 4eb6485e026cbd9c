"""The commands of a stream's last commits, by short ids: a repeat is found without reading it.

A short id is a hint. Where one is found, the commit tells whether it is that command.

They stand beside the commits, so that those that a load reads have all of them between them: a
commit has the ids of the ones 9, 18, 27 ... before it, so any nine commits in a row have those of
the last hundred. Where these few bytes would cost a write unit they are left out; so, now and then,
a commit has them all: one that has room, or at least one in nine.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable, Iterator, Sequence
from zlib import crc32

from cqrs.history.event_store import Stored
from cqrs.plain import Value

__all__ = ["LOADED", "REMEMBERED", "WORTH_IT", "Recent", "has_all", "short"]

LOADED = 9  # commits that a load reads
REMEMBERED = 100  # commits whose commands are known: the idempotency window
WORTH_IT = 4  # commits after the last one with all ids: from here on another is made if it is free
_LENGTH = 4  # of 6 bits each
_ALL = "1:"
_ID = re.compile("." * _LENGTH)


def short(command_id: str) -> str:
    return b2a_base64(crc32(command_id.encode()).to_bytes(4, "big")[1:], newline=False).decode()


class Recent(Value, kw_only=False):
    """`ids` are those of the last commits, newest first. So many commits are after the last one
    that has them all; the last `striped` ones have at least those of every ninth.
    """

    ids: str = ""
    since_all: int = 0
    striped: int = 0

    @classmethod
    def of(cls, stored: Sequence[Stored]) -> Recent | None:
        """As the last commits of a stream tell, newest first; None if they don't tell all."""
        newest = stored[0].commit.version
        known = [""] * min(newest, REMEMBERED)
        for one in stored:
            if (ago := newest - one.commit.version) >= len(known):
                break
            known[ago] = short(one.command_id)
            distance, _, ids = (one.earlier or "").partition(":")
            if distance.isdecimal() and (step := int(distance)):
                each = _ID.findall(ids)
                those = slice(ago + step, ago + step * (1 + len(each)), step)
                known[those] = each[: len(known[those])]
        if "" in known:
            return None
        return cls(
            "".join(known),
            _first(stored, lambda one: has_all(one.earlier)),
            _first(stored, lambda one: one.earlier is None and one.commit.version > LOADED),
        )

    def found(self, command_id: str) -> Iterator[int]:
        """How many commits ago it may have been, newest first; 0 is the last one."""
        wanted, at = short(command_id), -1
        while (at := self.ids.find(wanted, at + 1)) >= 0:
            if at % _LENGTH == 0:
                yield at // _LENGTH

    def has(self, command_id: str) -> bool:
        """Whether it may be among them."""
        return next(self.found(command_id), None) is not None

    def beside_next(self, room: int) -> str | None:
        """What is stored beside the next commit, where so many bytes are free."""
        if len(self.ids) < _LENGTH * LOADED:
            return None  # a load reads all that there are
        each = range(_LENGTH * (LOADED - 1), len(self.ids), _LENGTH * LOADED)
        few = f"{LOADED}:" + "".join(self.ids[at : at + _LENGTH] for at in each)
        everything = _ALL + self.ids[: _LENGTH * (REMEMBERED - 1)]
        have_all, enough = self.since_all < LOADED - 1, self.striped >= LOADED - 1
        if len(everything) <= room and self.since_all >= WORTH_IT:
            return everything
        if len(few) <= room and (have_all or enough):
            return few
        return None if have_all else everything

    def then(self, command_id: str, beside: str | None = None) -> Recent:
        """With one more commit, and what is stored beside it."""
        ids = (short(command_id) + self.ids)[: _LENGTH * REMEMBERED]
        has_some = beside is not None or len(ids) <= _LENGTH * LOADED
        since_all = 0 if has_all(beside) else self.since_all + 1
        return Recent(ids, since_all, self.striped + 1 if has_some else 0)


def has_all(beside: str | None) -> bool:
    return beside is not None and beside.startswith(_ALL)


def _first(stored: Sequence[Stored], is_so: Callable[[Stored], bool]) -> int:
    """How many there are before the first that is so."""
    return next((n for n, one in enumerate(stored) if is_so(one)), len(stored))
