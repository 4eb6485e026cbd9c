"""Everything that moves at once, in memory, and what must hold at each moment; `come_to_rest` has
what must hold in the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from cqrs.errors import NotFilled, Parked, Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.parking import streams_marked
from cqrs.follow.walks import LEASE_SECONDS
from cqrs.history.instants import later
from cqrs.read.consistency import Page
from cqrs.read.tokens import Token
from cqrs.views.generations import (
    Known,
)
from cqrs.views.rows import Generation, Row
from tests.library.unit.follow.moving import (
    CATEGORIES,
    ENTITIES,
    OLD_SECONDS,
    ROUNDS,
    Moving,
)
from tests.library.worlds import VIEW

__all__ = ["World"]


class World(Moving):
    def told(self) -> tuple[str, list[str]]:
        """The generation that queries see, and those that are live."""
        known = self._known()
        return str(known.active), [str(copy.generation) for copy in known.live]

    def is_filled(self) -> bool:
        return self._known().serving is not None

    def _known(self) -> Known:
        return self.register.load([VIEW.name])[VIEW.name]

    def _check_what_was_filled(self, before: Known) -> None:
        """What is filled now has not lost its rows long ago."""
        for copy in self._known().live:
            earlier = before.copy_of(copy.generation)
            if copy.filled and not (earlier and earlier.filled):
                made = self.rows(VIEW.at(copy.generation)).state().made
                assert made == copy.incarnation, f"{copy.generation} has lost its rows"

    def _check_what_is_filled(self) -> None:
        """What is filled has everything that was there when its rows were made, and that live
        followers have handled.
        """
        heads = {stream: len(texts) for stream, texts in self.texts.items()}
        for copy in self._known().live:
            there = self.heads_when_made.setdefault(copy.incarnation, heads)
            rows = self.rows(VIEW.at(copy.generation))
            if not copy.filled or rows.state().made != copy.incarnation:
                continue  # if they are lost, the next look finds out
            for key, row in rows.load(ENTITIES).items():
                for stream in self._streams([key]):
                    part = row.part(stream)
                    said = f"{copy.generation} is filled with {stream}@{part.version} only"
                    assert part.version >= there[stream] or part.parked, said
                    assert part.version >= self.done[stream] or part.parked, said

    # Readers

    def read(self, which: int, entity: int, token: int) -> None:
        """Asks for a row, or for the list if there is no such entity."""
        reading = self.readers[which % 2]
        reader = reading.by_code[self.code[4 + which % 2]]
        wanted = [Token(), reading.token, self._newest(token)][token % 3]
        keys = [ENTITIES[entity]] if entity < len(ENTITIES) else list(ENTITIES)
        try:
            if entity < len(ENTITIES):
                page = reader.get(keys[0], wanted)
            else:
                page = reader.page("all", "all", wanted, limit=10)
        except NotFilled:
            assert self.lost_last > float("-inf") or not self._was_filled_for_long()
            return
        except Parked:
            marked = self.poisoned | self.shouted
            assert self.was_set_aside or marked.intersection(self._streams(keys))
            return
        except Unavailable:
            return
        self._check(page, keys, wanted, is_list=entity >= len(ENTITIES))
        reading.token = page.freshness.token

    def _was_filled_for_long(self) -> bool:
        known = self._known()
        since = known.since
        return bool(known.serving and since and since < later(self.clock(), -OLD_SECONDS))

    def _newest(self, n: int) -> Token:
        """The token of commits that were appended."""
        told = self.commits[-1 - n // 3 :]
        return Token({one.stream: one.version for one in told})

    def _streams(self, keys: Sequence[str]) -> set[str]:
        return {f"{category}-{key}" for key in keys for category in CATEGORIES}

    def _check(self, page: Page, keys: Sequence[str], wanted: Token, *, is_list: bool) -> None:
        shown = {row.key: row for row in page.rows}
        for key in keys:
            row = shown.get(key)
            asked = {s: wanted.positions.get(s, 0) for s in self._streams([key])}
            if row is None:
                assert is_list
                row = Row(key=key)
            if row.parked:
                assert is_list
                continue
            for stream, version in asked.items():
                part = row.part(stream)
                assert part.version >= version, f"{stream} is older than {wanted}"
                assert part.parked or part.version >= self._handled(stream), (
                    f"{stream}@{part.version} lacks what was handled long ago"
                )
            assert row.document == self.folded(key, row.positions)

    def _handled(self, stream: str) -> int:
        """What every answer has: what was handled long ago, if no rows have been lost since."""
        if self.lost_last > float("-inf"):
            return 0
        until = self.now - OLD_SECONDS
        return max((v for at, s, v in self.handled if s == stream and at < until), default=0)

    def folded(self, key: str, positions: dict[str, int]) -> object:
        """What a row shows, told without anything of the library."""
        told = {c: self.texts[f"{c}-{key}"][: positions.get(f"{c}-{key}", 0)] for c in CATEGORIES}
        return told if any(told.values()) else None

    # The end

    def come_to_rest(self) -> None:
        """Faults stop, the newest code runs, time passes: then nothing waits, and all is right."""
        self.plan, self.doing = iter(()), []
        self.code = [1] * len(self.code)
        self._settle()
        self.ask({"start": "audit"})  # one may have been on its way since before the last commit
        self._settle()
        for copy in self._known().live:
            follower = self.walkers_follower(copy.generation)
            follower.redrive(streams_marked(follower.parked(100), saying="it killed"))
        self._check_the_end()

    def walkers_follower(self, generation: Generation) -> Follower:
        return Follower(VIEW, self.rows(VIEW.at(generation)), dict.fromkeys(CATEGORIES, self.store))

    def _settle(self) -> None:
        for _ in range(ROUNDS):
            self.passes(LEASE_SECONDS)
            told = self.ask({})
            assert not told["errors"], told
            waits = bool(self.executions)
            while self.executions:
                self.passes(10)
                self.step(0, 0, 0)
            self.recover(0)
            walks = self.ask({"walks": True})["walks"]
            unfinished = [purpose for purpose, walk in walks.items() if not walk["ended"]]
            if not waits and not unfinished and not told["unfilled"]:
                return
        raise AssertionError(f"it does not come to rest: {told}, {unfinished}")

    def _check_the_end(self) -> None:
        known = self._known()
        assert known.serving, "nothing is seen"
        assert not known.leftovers
        live = {VIEW.at(copy.generation).scope for copy in known.live}
        for scope, rows in self.kept.items():
            if scope not in live:
                assert not len(rows), f"{scope} was dropped, and has rows"
        for copy in known.live:
            assert copy.filled
            rows = self.rows(VIEW.at(copy.generation))
            for key in ENTITIES:
                row = rows.get(key)
                for stream in self._streams([key]):
                    self._check_part(copy.generation, row, stream)
                assert row.document == self.folded(key, row.positions)

    def _check_part(self, generation: Generation, row: Row, stream: str) -> None:
        """A stream is followed to its end, or to before its first poison."""
        texts = self.texts[stream]
        bad = next((n for n, t in enumerate(texts) if t in ("poison", "unshowable")), None)
        part = row.part(stream)
        end = len(texts) if bad is None else bad
        assert part.version == end, f"{stream}@{part.version} in {generation}, not {end}"
        assert bool(part.parked) == (bad is not None), f"{stream} in {generation}: {part.parked}"
        if part.parked and bad is not None:
            assert (part.parked.cause, part.parked.version) == ("error", bad + 1)
