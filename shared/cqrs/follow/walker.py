"""The walker: starts walks, takes steps of them, and ends them. When it does is up to others."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from cqrs import plain
from cqrs.discretion import said
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.generations import Compared, difference
from cqrs.follow.reports import Report, merged
from cqrs.follow.walks import (
    AUDITED,
    Audited,
    Leg,
    LostError,
    Notes,
    Progress,
    Run,
    Ticket,
    Work,
    note_of,
)
from cqrs.history.event_store import EventReader, Size
from cqrs.history.events import Instant
from cqrs.history.instants import later, now
from cqrs.plain import replace
from cqrs.waiting import Backoff

__all__ = ["GROUP", "MOST_SEGMENTS", "SEGMENT_BYTES", "WALK_READERS", "Walker"]

AUDIT = Work(kind="audit").purpose
GROUP = 100  # streams between two looks at the clock: as many rows as one call loads
SEGMENT_BYTES = 1 << 30
MOST_SEGMENTS = 64  # of one store
WALK_READERS = 8  # streams whose commits a step reads at the same time
MARGIN_SECONDS = (
    3_600  # an audit goes back behind the last one: clocks differ, and commands take time
)
KEPT = 10  # differences
PATIENT_TRIES = 2  # at a page, before its streams are taken one at a time
ONCE = Backoff(tries=1, first_seconds=0)
PATIENCE = Backoff(tries=6, first_seconds=1, longest_seconds=16)  # with a view that is down

Worked = Callable[[Follower, Report], None]
WentWrong = Callable[[str, Exception], None]
Compare = Callable[[Follower, Sequence[str]], Compared]
Delete = Callable[[str, str | None], str | None]
OutOfTime = Callable[[], bool]


class Walker:
    """Walks over the stores, by service, with the followers that there are at the time."""

    def __init__(
        self,
        stores: Mapping[str, EventReader],
        followers: Callable[[], Sequence[Follower]],
        notes: Notes,
        *,
        clock: Callable[[], Instant] = now,
        token: Callable[[], str] = lambda: secrets.token_hex(8),
        worked: Worked = lambda follower, report: None,
        went_wrong: WentWrong = lambda view, error: None,
        compare: Compare = lambda follower, streams: Compared(),
        delete: Delete = lambda scope, cursor: None,
        pause: Callable[[float], None] = time.sleep,
        segment_bytes: int = SEGMENT_BYTES,
        group: int = GROUP,
    ) -> None:
        """`worked` is told what each follower did, `went_wrong` the view that could not be brought
        on. `compare` compares the rows of streams in a generation with those that queries see;
        `delete` deletes rows of a generation, from a cursor on, and returns where to go on.
        """
        self._stores = stores
        self._followers = followers
        self._notes = notes
        self._clock = clock
        self._token = token
        self._worked = worked
        self._went_wrong = went_wrong
        self._compare = compare
        self._delete = delete
        self._pause = pause
        self._segment_bytes = segment_bytes
        self._group = group

    # The lease

    def start(self, work: Work) -> tuple[Run, bool]:
        """The walk for this work, and whether it is the caller's to take: else it is on its way.
        One that nobody has gone on with for a while is taken over where it is. Raises Unavailable.
        """
        before, revision = self._run(work.purpose)
        moment = self._clock()
        if before and before.is_held(moment):
            return before, False
        holder = self._token()
        if before and not before.ended:
            run = replace(before, holder=holder, beat=moment)
        else:
            run = self._new(work, before, holder, moment)
        if self._notes.save(note_of(work.purpose), _text(run), revision):
            if work.purpose == AUDIT and run.began == moment:
                self._note_audited(lambda one: replace(one, number=run.number))
            return run, True
        return self.start(work)  # somebody else was faster

    def _new(self, work: Work, before: Run | None, holder: str, moment: Instant) -> Run:
        whole = before.whole if before else None
        sizes = self._sizes(work)
        return Run(
            work=work,
            number=before.number + 1 if before else 1,
            holder=holder,
            began=moment,
            beat=moment,
            legs=tuple(leg for of, size in sizes.items() for leg in self._legs(of, size)),
            commits=sum(size.commits for size in sizes.values()),
            since=self._since(whole) if whole and work.purpose == AUDIT else None,
            whole=whole,
            first=(before.first or before.began) if before else moment,
        )

    def _since(self, whole: Instant) -> Instant:
        """What an audit looks back to, after the last one that was whole."""
        audited, _ = self._audited()
        each = [audited[name].whole for name in self._followed() if name in audited]
        return later(min([whole, *each]), -MARGIN_SECONDS)

    def _sizes(self, work: Work) -> dict[str, Size]:
        if work.kind == "drop":
            return dict.fromkeys(work.targets, Size(commits=0, bytes=0))
        folds = [fold for one in self._chosen(work) for fold in one.view.folds]
        followed = {fold.events.context for fold in folds}
        return {s: store.size() for s, store in self._stores.items() if s in followed}

    def _legs(self, of: str, size: Size) -> list[Leg]:
        segments = min(MOST_SEGMENTS, 1 + size.bytes // self._segment_bytes)
        return [Leg(of=of, segment=n, segments=segments) for n in range(segments)]

    def renew(self, ticket: Ticket) -> Run:
        """The same walk with another holder, for who goes on with it. Raises LostError and
        Unavailable.
        """
        run, revision = self._beat(ticket)
        renewed = replace(run, holder=self._token())
        if self._notes.save(note_of(ticket.purpose), _text(renewed), revision):
            return renewed
        return self.renew(ticket)

    def let_go(self, ticket: Ticket) -> None:
        """Lets the next start take the walk over at once. Raises Unavailable."""
        run, revision = self._run(ticket.purpose)
        if run and run.ticket == ticket and not run.ended:
            beat = Instant("1970-01-01T00:00:00.000000Z")
            self._notes.save(note_of(ticket.purpose), _text(replace(run, beat=beat)), revision)

    def stop(self, purpose: str) -> Run | None:
        """Ends a walk where it is; None if there is none on its way. Raises Unavailable."""
        run, revision = self._run(purpose)
        if run is None or run.ended:
            return None
        ended = replace(run, ended=self._clock(), gave_up={"": "stopped"})
        if self._notes.save(note_of(purpose), _text(ended), revision):
            return ended
        return self.stop(purpose)

    # A step

    def step(self, ticket: Ticket, leg: Leg, out_of_time: OutOfTime) -> Progress:
        """Goes on with a leg until it is done, or there is no time left.

        Raises LostError; Unavailable if a store is down, or has no capacity; and, if the walk is
        about one view, what its follower raises. Then the step can be taken again.
        """
        run, _ = self._beat(ticket)
        note = _LegNote(self._notes, note_of(ticket.purpose, leg), ticket.number)
        if note.now.done:
            return note.now
        if run.work.kind == "drop":
            return self._drop(leg, note, out_of_time)
        # 1. What killed the last step, of those that were taken one at a time, is set aside.
        suspect = note.now.suspect
        if suspect:
            note.did(suspect=None, aside=(*note.now.aside, suspect))
        note.save(tries=note.now.tries + 1)
        if suspect:
            self._set_aside(run, suspect)
        try:
            self._go_on(run, leg, note, out_of_time)
        except LostError:
            raise
        except Exception:
            note.save(suspect=None, tries=0)  # it was not killed
            raise
        return note.now

    def _go_on(self, run: Run, leg: Leg, note: _LegNote, out_of_time: OutOfTime) -> None:
        followers = self._chosen(run.work)
        there = {follower.view.scope for follower in followers}
        for gone in {target for target in run.work.targets if "#" in target} - there:
            note.did(failed={**note.now.failed, gone: "this generation was dropped"})
        step = _Step(run.work, followers, self._worked, self._went_wrong, self._pause, out_of_time)
        while True:
            # 2. A page.
            heads = self._stores[leg.of].heads(note.now.cursor, leg.section(run.since))
            after = note.now.after
            names = sorted(name for name in heads.versions if after is None or name > after)
            careful = note.now.tries > PATIENT_TRIES
            for group in _groups(names, 1 if careful else self._group):
                # 3. A group of its streams.
                if not step.take({name: heads.versions[name] for name in group}, note, careful):
                    return note.save(suspect=None, tries=0)
                if run.work.kind == "rebuild":
                    self._compare_all(followers, group, note)
                note.did(after=group[-1], suspect=None, streams=note.now.streams + len(group))
                if group[-1] == names[-1]:
                    break  # noted with the page, which else would be read again
                if out_of_time():
                    return note.save(tries=0)
                note.save()
            # 4. The next page.
            note.did(cursor=heads.cursor, after=None, commits=note.now.commits + heads.commits)
            note.did(tries=1, done=heads.cursor is None)
            if note.now.done or out_of_time():
                return note.save(tries=0)
            note.save()

    def _set_aside(self, run: Run, suspect: str) -> None:
        """Parks the stream, so that what shows its row does not take it for complete."""
        scope, _, stream = suspect.partition(" ")
        for follower in self._chosen(run.work):
            if follower.view.scope == scope:
                try:
                    follower.set_aside(stream, "it killed whoever followed it, several times")
                except Exception as error:  # it is noted, whatever comes of this
                    self._went_wrong(follower.view.name, error)

    def _drop(self, leg: Leg, note: _LegNote, out_of_time: OutOfTime) -> Progress:
        while not note.now.done:
            cursor = self._delete(leg.of, note.now.cursor)
            note.save(cursor=cursor, done=cursor is None)
            if out_of_time():
                break
        return note.now

    def _compare_all(
        self, followers: Sequence[Follower], streams: Sequence[str], note: _LegNote
    ) -> None:
        now = note.now
        for follower in followers:
            found = self._compare(follower, streams)
            differ = [difference(*one) for one in found.differ[: KEPT - len(now.differences)]]
            note.did(
                equal=now.equal + found.equal,
                skipped=now.skipped + found.skipped,
                differing=now.differing + len(found.differ),
                differences=(*now.differences, *differ),
            )

    def _chosen(self, work: Work) -> list[Follower]:
        return [follower for follower in self._followers() if work.concerns(follower.view)]

    def _beat(self, ticket: Ticket) -> tuple[Run, int]:
        """The walk as it is now, and the revision of its note."""
        while True:
            run, revision = self._run(ticket.purpose)
            if run is None or run.ticket != ticket or run.ended:
                raise LostError(f"the walk {ticket.purpose} is another's, or has ended")
            beating = replace(run, beat=self._clock())
            if self._notes.save(note_of(ticket.purpose), _text(beating), revision):
                return beating, revision + 1

    # The end

    def end(self, ticket: Ticket) -> Run:
        """The walk, which has ended if all its legs are done. Raises LostError and Unavailable."""
        run, revision = self._beat(ticket)
        legs = self.progress(run)
        if not all(leg.done for leg in legs):
            return run
        failed: dict[str, str] = {}
        for leg in legs:
            failed |= leg.failed
        is_whole = not failed and not any(leg.aside for leg in legs)
        whole = run.began if is_whole else run.whole
        ended = replace(run, ended=self._clock(), whole=whole, gave_up=failed)
        if not self._notes.save(note_of(ticket.purpose), _text(ended), revision):
            return self.end(ticket)
        if is_whole and ticket.purpose == AUDIT:
            self._note_audited(
                lambda one: replace(one, whole=run.began) if one.number == run.number else one
            )
        return ended

    # What audits know

    def notice(self) -> list[str]:
        """The views and processes that audits know, with those that are new. Raises Unavailable."""
        return sorted(self._note_audited(lambda one: one))

    def _note_audited(self, change: Callable[[Audited], Audited]) -> Mapping[str, Audited]:
        while True:
            before, revision = self._audited()
            new = Audited(whole=self._clock())
            after = {**before, **{n: change(before.get(n, new)) for n in self._followed()}}
            if after == before or self._notes.save(AUDITED, plain.write(after).decode(), revision):
                return after

    def _audited(self) -> tuple[Mapping[str, Audited], int]:
        note = self._notes.load([AUDITED]).get(AUDITED)
        return (plain.read(Mapping[str, Audited], note.text), note.revision) if note else ({}, 0)

    def _followed(self) -> set[str]:
        """The views and processes, with what they follow."""
        views = [follower.view for follower in self._followers()]
        return {" ".join([one.name, *sorted(f.category for f in one.folds)]) for one in views}

    # Asking

    def walks(self) -> list[Run]:
        """The last of each purpose; may lag. Raises Unavailable."""
        notes = self._notes.beginning("walk/")
        runs: list[Run] = [plain.read(Run, note.text) for _, note in sorted(notes.items())]
        return runs

    def progress(self, run: Run) -> list[Progress]:
        """How far each leg of a walk is. Raises Unavailable."""
        names = [note_of(run.work.purpose, leg) for leg in run.legs]
        notes = self._notes.load(names)
        return [_progress(notes[n].text if n in notes else None, run.number) for n in names]

    def _run(self, purpose: str) -> tuple[Run | None, int]:
        name = note_of(purpose)
        note = self._notes.load([name]).get(name)
        return (plain.read(Run, note.text), note.revision) if note else (None, 0)


class _LegNote:
    """How far a leg is, as it was noted last, with what was done since."""

    def __init__(self, notes: Notes, name: str, number: int) -> None:
        self._notes = notes
        self._name = name
        note = notes.load([name]).get(name)
        self._revision = note.revision if note else 0
        self.now = _progress(note.text if note else None, number)

    def did(self, **changes: object) -> None:
        self.now = replace(self.now, **changes)

    def save(self, **changes: object) -> None:
        self.did(**changes)
        if not self._notes.save(self._name, _text(self.now), self._revision):
            raise LostError(f"another walks {self._name}")
        self._revision += 1


class _Step:
    """The work of a walk, at a group of streams."""

    def __init__(
        self,
        work: Work,
        followers: Sequence[Follower],
        worked: Worked,
        went_wrong: WentWrong,
        pause: Callable[[float], None],
        out_of_time: OutOfTime,
    ) -> None:
        self._work = work
        self._followers = followers
        self._worked = worked
        self._went_wrong = went_wrong
        self._pause = pause
        self._out_of_time = out_of_time
        self._down: set[str] = set()

    def take(self, heads: Mapping[str, int], note: _LegNote, careful: bool) -> bool:
        """Whether the group is done, or else out of time in a stream that is long. If `careful`,
        it is one stream, and each view is noted as a suspect before it follows it.

        A walk with one view raises what its follower raises. In others what can't be brought on is
        noted, and left alone: by an audit for the rest of the step, otherwise of the walk.
        """
        done = True
        for follower in self._followers:
            scope = follower.view.scope
            if scope in self._down or (self._work.kind != "audit" and scope in note.now.failed):
                continue
            if careful:
                (stream,) = heads
                if f"{scope} {stream}" in note.now.aside:
                    continue
                note.save(suspect=f"{scope} {stream}")
            try:
                done &= self._take_patiently(follower, heads, note)
            except Exception as error:
                if self._work.kind != "audit" and len(self._followers) == 1:
                    raise
                self._down.add(scope)
                note.did(failed={**note.now.failed, scope: said(error)})
                self._went_wrong(follower.view.name, error)
        return done

    def _take_patiently(self, follower: Follower, heads: Mapping[str, int], note: _LegNote) -> bool:
        """An audit does not try again: the next one does."""
        unavailable = Unavailable(follower.view.scope)
        for _ in (PATIENCE if self._work.kind != "audit" else ONCE).attempts(self._pause):
            try:
                return self._take(follower, heads, note)
            except Unavailable as error:
                unavailable = error
        raise unavailable

    def _take(self, follower: Follower, heads: Mapping[str, int], note: _LegNote) -> bool:
        anew, on = self._left(follower, heads)
        if not anew and not on:
            return True
        report = merged([follower.redrive(anew), follower.catch_up(dict.fromkeys(on, ()))])
        while report.long and not report.failed and not self._out_of_time():
            self._worked(follower, report)
            report = follower.catch_up(dict.fromkeys(sorted(report.long), ()))
        self._worked(follower, report)
        scope, found = follower.view.scope, note.now.found
        note.did(found={**found, scope: found.get(scope, 0) + len(anew) + len(on)})
        if report.failed:
            why = next(iter(report.failed.values()))
            raise Unavailable(f"{len(report.failed)} streams could not be followed: {why}")
        return not report.long

    def _left(self, follower: Follower, heads: Mapping[str, int]) -> tuple[list[str], list[str]]:
        """The streams that are folded from their beginning, and those that are brought on. A
        rebuild folds anew what has a row already: it may be one of older code, if that was live
        again meanwhile.
        """
        if self._work.kind == "redrive":
            return [name for name in heads if follower.view.fold_of(name)], []
        if self._work.kind != "rebuild":
            return [], follower.behind(heads)
        parts = {n: part for n, part in follower.parts(heads).items() if not part.is_parked}
        anew = [name for name, part in parts.items() if part.version and not part.parked]
        return anew, [name for name in parts if name not in anew]


def _progress(text: str | None, number: int) -> Progress:
    """As noted, or none of this walk."""
    found: Progress | None = plain.read(Progress, text) if text else None
    return found if found and found.number == number else Progress(number=number)


def _text(value: Run | Progress) -> str:
    return plain.write(value).decode()


def _groups(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]
