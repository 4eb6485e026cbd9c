"""What is done with generations: they are made, filled, switched to, compared, dropped, deleted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cqrs.adapters.memory import MemoryEventStore, MemoryGenerations, MemoryRows
from cqrs.errors import Conflict, Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.generations import LEFT_ALONE_SECONDS, ON_ITS_WAY_SECONDS, Compared, misses
from cqrs.history.commits import Commit
from cqrs.history.event_store import WHOLE, EventReader, Heads, Section
from cqrs.history.instants import later
from cqrs.plain import replace
from cqrs.views.filling import Filling
from cqrs.views.generations import CACHE_SECONDS, HEARD_SECONDS, Known, NotPossible
from cqrs.views.rows import Document, Generation, Place, RowView, States
from tests.library.generations import Views
from tests.library.walking import audit
from tests.library.worlds import VIEW, history, render, stored

ONE, TWO, COPY = Generation(1), Generation(2), Generation(1, 1)
NEWER = replace(VIEW, generation=2)
STORE = stored(*(history(f"order-{n}", "a") for n in range(5)))
STORES = dict.fromkeys(("order", "payment"), STORE)


@pytest.fixture
def views() -> Views:
    """Whose first generation is filled."""
    views = Views(VIEW, stores=STORES, services={"world": STORE})
    walk(views, VIEW, views.generations.make(VIEW))
    return views


def walk_of(views: Views, store: MemoryEventStore) -> None:
    """Fills the first generation."""
    made = views.generations.make(VIEW)
    audit(store, [views.follower(VIEW.at(made))])
    views.generations.filled(VIEW, made)


def walk(views: Views, view: RowView, generation: Generation) -> None:
    """Fills it."""
    audit(STORE, [views.follower(view.at(generation))])
    views.generations.filled(view, generation)


def loses(views: Views, generation: Generation) -> None:
    rows = views.rows(VIEW.at(generation))
    rows._rows.clear()
    rows._filling = Filling("missing")


class TestMaking:
    def test_a_view_that_nobody_has_registered_needs_its_first(self) -> None:
        views = Views(VIEW, stores=STORES)
        assert views.generations.survey(VIEW).needs == "first"
        assert views.generations.make(VIEW) == ONE
        assert views.generations.survey(VIEW).needs == "first"
        views.generations.filled(VIEW, ONE)
        found = views.generations.survey(VIEW)
        assert (found.needs, found.known.active) == ("nothing", ONE)

    def test_it_is_registered_as_it_was_made(self, views: Views) -> None:
        (copy,) = views.known(VIEW).live
        made = views.rows(VIEW).state().made
        assert (copy.generation, copy.lists, copy.incarnation) == (ONE, ("all",), made)
        assert copy.filled

    def test_who_makes_one_twice_has_made_one(self, views: Views) -> None:
        assert [views.generations.make(VIEW) for _ in range(2)] == [COPY, COPY]
        assert len(views.known(VIEW).live) == 2

    def test_a_newer_one_in_the_code_is_a_change_until_it_is_made(self, views: Views) -> None:
        generations = views.generations
        assert generations.survey(NEWER).needs == "changed"
        assert generations.make(NEWER) == TWO
        assert generations.survey(NEWER).needs == "nothing"
        walk(views, NEWER, TWO)
        assert generations.survey(NEWER).needs == "nothing"
        assert views.known(VIEW).active == ONE

    def test_what_newer_code_has_made_takes_no_part_in_what_this_code_needs(
        self, views: Views
    ) -> None:
        views.generations.make(replace(VIEW, generation=3))
        assert views.generations.survey(NEWER).needs == "changed"
        assert views.generations.make(NEWER) == TWO

    def test_a_further_copy_has_a_name_that_no_copy_had(self, views: Views) -> None:
        assert views.generations.make(VIEW) == COPY
        views.generations.drop(VIEW, COPY)
        assert views.generations.make(VIEW) == Generation(1, 2)

    def test_older_code_needs_nothing_and_makes_copies_of_its_own_number(
        self, views: Views
    ) -> None:
        walk(views, NEWER, views.generations.make(NEWER))
        views.generations.switch(NEWER, TWO)
        assert views.generations.survey(VIEW).needs == "nothing"
        assert views.generations.make(VIEW) == COPY

    def test_a_rebuild_goes_into_what_was_made_for_it_and_is_not_seen(self, views: Views) -> None:
        generations = views.generations
        assert [generations.next(NEWER) for _ in range(2)] == [TWO, TWO]
        walk(views, NEWER, TWO)
        assert generations.next(NEWER) == TWO  # to be compared again
        generations.switch(NEWER, TWO)
        assert generations.next(NEWER) == Generation(2, 1)

    def test_a_rebuild_by_older_code_goes_into_a_copy_of_its_own_number(self, views: Views) -> None:
        walk(views, NEWER, views.generations.make(NEWER))
        assert views.generations.next(VIEW) == COPY

    def test_a_walk_may_begin_when_every_follower_has_heard_of_it(self, views: Views) -> None:
        generations = views.generations
        made = generations.make(NEWER)
        assert not generations.followed(NEWER, made)
        views.pass_by(HEARD_SECONDS - 1)
        assert not generations.followed(NEWER, made)
        views.pass_by(1)
        assert generations.followed(NEWER, made)
        assert not generations.followed(NEWER, Generation(3))

    def test_the_first_is_followed_before_it_is_registered(self) -> None:
        views = Views(VIEW, stores=STORES)
        assert views.scopes() == ["notes#1"]
        assert views.generations.followed(VIEW, views.generations.make(VIEW))

    def test_a_copy_of_what_was_dropped_is_not(self) -> None:
        views = Views(VIEW, stores=STORES)
        views.generations.drop(VIEW, views.generations.make(VIEW))
        assert not views.generations.followed(VIEW, views.generations.make(VIEW))


class TestUpgrades:
    def test_what_older_code_has_filled_is_seen_at_once(self) -> None:
        views = Views(VIEW, stores=STORES)
        views.rows(VIEW)._filling = Filling("there", "long ago", filled=True)
        found = views.generations.survey(VIEW)
        assert (found.needs, found.known.active) == ("nothing", ONE)
        assert views.known(VIEW).live[0].incarnation == "long ago"
        assert views.editions(VIEW).serving(listed="all").scope == "notes#1"

    def test_a_newer_generation_is_made_beside_what_older_code_has_filled(self) -> None:
        views = Views(VIEW, stores=STORES)
        views.rows(VIEW)._filling = Filling("there", "long ago", filled=True)
        assert views.generations.survey(NEWER).needs == "changed"
        assert views.known(VIEW).active == ONE

    def test_what_older_code_has_begun_to_fill_is_filled_from_the_beginning(self) -> None:
        views = Views(VIEW, stores=STORES)
        views.rows(VIEW)._filling = Filling("there", "long ago")
        assert views.generations.survey(VIEW).needs == "first"
        assert views.generations.make(VIEW) == ONE
        assert views.known(VIEW).live[0].incarnation == "long ago"

    def test_what_was_registered_is_not_registered_again(self, views: Views) -> None:
        before = views.known(VIEW)
        assert views.generations.register(VIEW) == before
        assert views.known(VIEW).revision == before.revision


class TestLosses:
    def test_rows_that_were_lost_are_to_be_filled_again(self, views: Views) -> None:
        loses(views, ONE)
        assert views.generations.survey(VIEW).needs == "first"
        assert views.generations.make(VIEW) == ONE
        with pytest.raises(NotPossible, match="is not filled"):
            views.generations.switch(VIEW, ONE)
        walk(views, VIEW, ONE)
        assert views.generations.survey(VIEW).needs == "nothing"

    def test_rows_that_were_lost_and_whose_store_is_there_again_are_found_too(
        self, views: Views
    ) -> None:
        loses(views, ONE)
        views.rows(VIEW).create()
        assert views.generations.survey(VIEW).needs == "first"

    def test_an_older_one_that_was_lost_is_nothing_to_go_back_to(self, views: Views) -> None:
        walk(views, NEWER, views.generations.make(NEWER))
        views.generations.switch(NEWER, TWO)
        loses(views, ONE)
        assert views.generations.survey(NEWER).needs == "nothing"
        with pytest.raises(NotPossible, match="Generation 1 is not filled"):
            views.generations.rollback(NEWER)

    def test_what_is_made_again_is_not_seen_by_who_takes_it_for_what_was_lost(
        self, views: Views, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        editions, rows, create = views.editions(VIEW), views.rows(VIEW), MemoryRows.create
        assert editions.current().filled

        def made_again() -> Filling:
            assert not editions.current().filled
            return create(rows)

        loses(views, ONE)
        monkeypatch.setattr(rows, "create", made_again)
        assert views.generations.survey(VIEW).needs == "first"
        assert rows.state().condition == "there"

    @pytest.mark.parametrize("lost", [ONE, COPY])
    def test_whatever_was_lost_is_there_again_for_its_follower(
        self, views: Views, lost: Generation
    ) -> None:
        views.generations.make(VIEW)
        loses(views, lost)
        views.generations.survey(VIEW)
        made = views.rows(VIEW.at(lost)).state()
        assert made.condition == "there"
        copy = views.known(VIEW).copy_of(lost)
        assert copy
        assert (copy.incarnation, copy.filled) == (made.made, None)

    def test_rows_that_are_lost_while_they_are_filled_are_not_filled(self, views: Views) -> None:
        made = views.generations.make(VIEW)
        loses(views, made)
        with pytest.raises(NotPossible, match=r"notes#1\.1 were lost meanwhile"):
            views.generations.filled(VIEW, made)
        assert views.generations.make(VIEW) == made
        views.generations.filled(VIEW, made)

    def test_nor_are_those_that_were_lost_and_made_again_on_the_way_of_a_walk(
        self, views: Views
    ) -> None:
        made = views.generations.make(VIEW)
        begun = views.rows(VIEW.at(made)).state().made
        loses(views, made)
        views.generations.survey(VIEW)
        with pytest.raises(NotPossible, match=r"notes#1\.1 were lost meanwhile"):
            views.generations.filled(VIEW, made, made=begun)
        views.generations.filled(VIEW, made, made=views.rows(VIEW.at(made)).state().made)

    @pytest.mark.parametrize(("misses", "needs"), [(False, "nothing"), (True, "first")])
    def test_a_store_that_is_empty_was_lost_if_it_should_not_be(
        self, views: Views, monkeypatch: pytest.MonkeyPatch, misses: bool, needs: str
    ) -> None:
        made = views.rows(VIEW).state().made
        monkeypatch.setattr(views.rows(VIEW), "state", lambda: Filling("empty", made))
        views.generations._misses = lambda view: misses
        assert views.generations.survey(VIEW).needs == needs

    def test_whether_rows_are_missing_is_seen_at_the_first_streams_of_the_stores(
        self, views: Views
    ) -> None:
        class Long(MemoryEventStore):
            """Its walk begins amid a long stream."""

            def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
                return STORE.heads(cursor) if cursor else Heads({}, "amid")

            def read(self, stream: str, after: int = 0, limit: int | None = None) -> list[Commit]:
                return STORE.read(stream, after, limit)

        def missed(rows: MemoryRows, store: EventReader) -> bool:
            return misses(Follower(VIEW, rows, views.stores), {"world": store})

        assert missed(MemoryRows(), STORE)
        assert missed(MemoryRows(), Long())
        assert not missed(views.rows(VIEW), Long())
        assert not missed(MemoryRows(), MemoryEventStore())

    def test_the_first_streams_of_all_are_on_their_way_and_not_missing(self, views: Views) -> None:
        def missed(seconds: float) -> bool:
            begun = STORE.read("order-0")[0].envelope.time
            follower = Follower(VIEW, MemoryRows(), views.stores)
            return misses(follower, {"world": STORE}, lambda: later(begun, seconds))

        assert not missed(1)
        assert not missed(ON_ITS_WAY_SECONDS - 1)
        assert missed(ON_ITS_WAY_SECONDS)


class TestSwitching:
    def test_a_switch_and_the_way_back_are_seen_when_the_register_is_looked_at(
        self, views: Views
    ) -> None:
        walk(views, NEWER, views.generations.make(NEWER))
        editions = views.editions(VIEW)
        assert editions.serving().scope == "notes#1"
        views.generations.switch(NEWER, TWO)
        assert editions.serving().scope == "notes#1"
        views.pass_by(CACHE_SECONDS)
        assert editions.serving().scope == "notes#2"
        views.generations.rollback(NEWER)
        views.pass_by(CACHE_SECONDS)
        assert editions.serving().scope == "notes#1"

    def test_who_loses_a_race_tries_again(self, views: Views) -> None:
        walk(views, NEWER, views.generations.make(NEWER))
        race(views, lambda: views.generations.make(VIEW))
        views.generations.switch(NEWER, TWO)
        found = views.known(VIEW)
        assert found.active == TWO
        assert [copy.generation for copy in found.live] == [ONE, TWO, COPY]

    def test_who_loses_all_races_gives_up(self, views: Views) -> None:
        register = views.register
        register.save = lambda *_: False  # type: ignore[method-assign]
        with pytest.raises(Conflict):
            views.generations.make(NEWER)


def race(views: Views, other: Callable[[], object]) -> None:
    """`other` happens right before the next save."""
    save = MemoryGenerations.save

    def raced(name: str, known: Known, revision: int) -> bool:
        views.register.save = lambda *call: save(views.register, *call)  # type: ignore[method-assign]
        other()
        return save(views.register, name, known, revision)

    views.register.save = raced  # type: ignore[method-assign]


class TestFollowing:
    def test_every_live_generation_is_followed_first_the_one_that_is_seen(
        self, views: Views
    ) -> None:
        assert views.scopes() == ["notes#1"]
        walk(views, NEWER, views.generations.make(NEWER))
        assert views.scopes() == ["notes#1"]
        views.pass_by(CACHE_SECONDS)
        assert views.scopes() == ["notes#1", "notes#2"]
        views.generations.switch(NEWER, TWO)
        views.pass_by(CACHE_SECONDS)
        assert views.scopes() == ["notes#2", "notes#1"]
        views.generations.drop(NEWER, ONE)
        views.pass_by(CACHE_SECONDS)
        assert views.scopes() == ["notes#2"]

    def test_what_the_code_says_is_not_followed_before_it_is_made(self) -> None:
        old = Views(VIEW, stores=STORES)
        old.generations.filled(VIEW, old.generations.make(VIEW))
        new = Views(NEWER, stores=STORES, register=old.register)
        assert new.scopes() == ["notes#1"]

    def test_a_follower_is_built_once(self, views: Views) -> None:
        assert [*views.roster] == [*views.roster]


class TestDropping:
    def test_the_rows_of_what_was_dropped_are_deleted_when_nobody_reads_them(
        self, views: Views
    ) -> None:
        generations = views.generations
        walk(views, NEWER, generations.make(NEWER))
        generations.switch(NEWER, TWO)
        with pytest.raises(NotPossible, match="notes#1 was not dropped"):
            generations.delete(NEWER, ONE)
        generations.drop(NEWER, ONE)
        with pytest.raises(NotPossible, match="notes#1 was dropped only just now"):
            generations.delete(NEWER, ONE)
        assert views.rows(VIEW).get("1").document
        views.pass_by()
        assert generations.delete(NEWER, ONE) is None
        assert views.rows(VIEW).get("1").document is None
        assert views.rows(NEWER).get("1").document
        assert views.known(VIEW).leftovers == ()

    def test_a_deletion_goes_on_where_it_was_cut_short(
        self, views: Views, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cqrs.adapters.memory.DELETED_AT_ONCE", 2)
        made = views.generations.make(VIEW)
        walk(views, VIEW, made)
        views.generations.drop(VIEW, made)
        views.pass_by()
        calls, cursor = 1, views.generations.delete(VIEW, made)
        while cursor is not None:
            assert [one.generation for one in views.known(VIEW).leftovers] == [made]
            calls, cursor = calls + 1, views.generations.delete(VIEW, made, cursor)
        assert calls == 3

    def test_who_deletes_it_again_has_nothing_to_do(self, views: Views) -> None:
        """As somebody may whose first try was not heard of."""
        made = views.generations.make(VIEW)
        views.generations.drop(VIEW, made)
        views.pass_by()
        assert [views.generations.delete(VIEW, made) for _ in range(2)] == [None, None]

    def test_what_is_to_be_deleted_is_told_when_nobody_reads_it(self, views: Views) -> None:
        made = views.generations.make(VIEW)
        assert views.generations.to_delete(VIEW) == []
        views.generations.drop(VIEW, made)
        views.pass_by(LEFT_ALONE_SECONDS - 1)
        assert views.generations.to_delete(VIEW) == []
        views.pass_by(1)
        assert views.generations.to_delete(VIEW) == [made]
        views.generations.delete(VIEW, made)
        assert views.generations.to_delete(VIEW) == []


def loudly(states: States) -> Document | None:
    document: dict[str, object] = {**(render(states) or {})}
    return {**document, "loud": True} if states.key == "1" else document  # type: ignore[dict-item]


class TestComparing:
    STREAMS = tuple(f"order-{n}" for n in range(5))

    def compared(self, views: Views, other: RowView) -> Compared:
        made = views.generations.make(other)
        follower = views.follower(other.at(made))
        follower.catch_up(dict.fromkeys(self.STREAMS, ()))
        return views.generations.compare(other, made, follower, self.STREAMS)

    def test_rows_of_the_same_definition_are_equal(self, views: Views) -> None:
        assert self.compared(views, VIEW) == Compared(equal=5)

    def test_rows_that_show_something_else_are_told_with_both(self, views: Views) -> None:
        plain = {"order": ["a"], "payment": []}
        assert self.compared(views, replace(NEWER, render=loudly)) == Compared(
            equal=4, differ=[("1", plain, {**plain, "loud": True})]
        )

    def test_so_are_rows_that_stand_elsewhere(self, views: Views) -> None:
        elsewhere = {"all": lambda document: Place("all", "elsewhere")}
        found = self.compared(views, replace(NEWER, lists=elsewhere))
        assert [key for key, *_ in found.differ] == ["0", "1", "2", "3", "4"]

    def test_a_list_that_one_of_them_was_not_made_with_makes_no_difference(
        self, views: Views
    ) -> None:
        more = {**VIEW.lists, "more": lambda document: Place("more", "x")}
        assert self.compared(views, replace(NEWER, lists=more)) == Compared(equal=5)

    def test_rows_that_are_further_than_those_which_queries_see_are_skipped(self) -> None:
        store = stored(history("order-1", "a"), history("order-2", "a"))
        views = Views(VIEW, stores=dict.fromkeys(("order", "payment"), store))
        walk_of(views, store)
        store.append(history("order-1", "a", "b")[1], "again")
        made = views.generations.make(VIEW)
        follower = views.follower(VIEW.at(made))
        follower.catch_up({"order-1": (), "order-2": ()})
        found = views.generations.compare(VIEW, made, follower, ["order-1", "order-2"])
        assert found == Compared(equal=1, skipped=1)

    def test_rows_that_are_parked_are_skipped(self) -> None:
        store = stored(history("order-1", "poison"))
        views = Views(VIEW, stores=dict.fromkeys(("order", "payment"), store))
        walk_of(views, store)
        made = views.generations.make(VIEW)
        follower = views.follower(VIEW.at(made))
        follower.catch_up({"order-1": ()})
        found = views.generations.compare(VIEW, made, follower, ["order-1"])
        assert found == Compared(skipped=1)

    def test_a_row_is_brought_up_and_compared_with_one_of_its_streams(self, views: Views) -> None:
        store = stored(history("order-1", "a", "b"), history("payment-1", "p"))
        views = Views(VIEW, stores=dict.fromkeys(("order", "payment"), store))
        for generation in (views.generations.make(VIEW), views.generations.make(NEWER)):
            views.follower(VIEW.at(generation)).catch_up({"order-1": ()})
            if generation == ONE:
                views.follower(VIEW).catch_up({"payment-1": ()})
                views.generations.filled(VIEW, generation)
        newer = views.follower(NEWER)
        compare = views.generations.compare
        assert compare(NEWER, TWO, newer, ["payment-1"]) == Compared()
        assert compare(NEWER, TWO, newer, ["order-1", "payment-1"]) == Compared(equal=1)

    def test_where_queries_see_nothing_there_is_nothing_to_compare_with(self, views: Views) -> None:
        loses(views, ONE)
        views.generations.survey(VIEW)
        newer = views.follower(VIEW.at(views.generations.make(NEWER)))
        assert views.generations.compare(VIEW, TWO, newer, ["order-1"]) == Compared()

    def test_what_is_not_live_is_not_compared(self, views: Views) -> None:
        with pytest.raises(NotPossible, match="notes#2 is not live"):
            views.generations.compare(VIEW, TWO, views.follower(NEWER), ["order-1"])


def test_while_the_register_is_down_nothing_is_changed(views: Views) -> None:
    class Down(MemoryGenerations):
        def load(self, names: object) -> dict[str, Known]:
            raise Unavailable("the register is down")

    views.generations._store = Down()
    with pytest.raises(Unavailable):
        views.generations.survey(VIEW)
    with pytest.raises(Unavailable):
        views.generations.make(VIEW)
    assert isinstance(views.rows(VIEW), MemoryRows)
