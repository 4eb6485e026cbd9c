"""Read your writes: an answer is never older than its token, whatever the view has seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.errors import InvalidToken, Parked, Unavailable
from cqrs.plain import replace
from cqrs.read import consistency, wanted
from cqrs.read.consistency import Reader
from cqrs.read.tokens import Token
from cqrs.views.rows import Row
from cqrs.waiting import Patience
from tests.library.worlds import (
    VIEW,
    Lagging,
    Reads,
    commit,
    follower,
    history,
    older,
    shouted,
    stored,
)


def reader(rows: MemoryRows, store: MemoryEventStore | Reads, **how: object) -> Reader:
    return Reader(VIEW, rows, {"order": store, "payment": store}, **how)  # type: ignore[arg-type]


@pytest.fixture
def rows() -> Lagging:
    return Lagging()


def test_without_a_token_the_answer_is_what_the_view_has(rows: Lagging) -> None:
    store = stored(history("order-7", "a", "b"))
    follower(rows, store).catch_up({"order-7": store.read("order-7")[:1]})

    answer = reader(rows, store).get("7", Token())

    assert answer.rows[0].document == {"order": ["a"], "payment": []}
    assert (str(answer.freshness.consistency), str(answer.freshness.token)) == (
        "eventual",
        "order-7@1",
    )


def test_a_row_as_new_as_its_token_is_answered_without_another_read(rows: Lagging) -> None:
    reads = Reads(stored(history("order-7", "a", "b")))
    follower(rows, reads).catch_up({"order-7": ()})
    reads.count = 0

    answer = reader(rows, reads).get("7", Token({"order-7": 2}))

    assert (str(answer.freshness.consistency), reads.count) == ("current", 0)


def test_a_row_behind_its_token_is_completed_from_the_store_and_not_written(rows: Lagging) -> None:
    reads = Reads(stored(history("order-7", "a", "b", "c"), history("payment-7", "p")))

    answer = reader(rows, reads).get("7", Token({"order-7": 2, "payment-7": 1}))

    assert answer.rows[0].document == {"order": ["a", "b", "c"], "payment": ["p"]}
    assert (str(answer.freshness.consistency), reads.count) == ("folded; commits=4", 2)
    assert str(answer.freshness.token) == "order-7@3, payment-7@1"
    assert rows.load(["7"])["7"].revision == 0


def test_positions_of_other_rows_and_views_are_not_looked_at_but_handed_on(rows: Lagging) -> None:
    reads = Reads(stored(history("order-7", "a")))
    follower(rows, reads).catch_up({"order-7": ()})
    reads.count = 0

    answer = reader(rows, reads).get("7", Token({"order-8": 4, "customer-1": 2}))

    assert (str(answer.freshness.consistency), reads.count) == ("eventual", 0)
    assert answer.freshness.token.positions == {"order-7": 1, "order-8": 4, "customer-1": 2}


def test_a_patient_reader_waits_for_the_view(rows: Lagging) -> None:
    reads = Reads(stored(history("order-7", "a")))
    follows = follower(rows, reads)
    now = iter(range(100))

    answer = reader(
        rows,
        reads,
        patience=Patience(
            50,
            clock=lambda: next(now) / 1000,
            pause=lambda _: follows.catch_up({"order-7": ()}) and None,
        ),
    ).get("7", Token({"order-7": 1}))

    assert str(answer.freshness.consistency).startswith("waited; ms=")
    assert answer.rows[0].document == {"order": ["a"], "payment": []}


def test_a_patient_reader_that_waited_in_vain_completes_the_row(rows: Lagging) -> None:
    now = iter(range(100))
    waits: list[float] = []

    answer = reader(
        rows,
        stored(history("order-7", "a")),
        patience=Patience(5, clock=lambda: float(next(now)), pause=waits.append),
    ).get("7", Token({"order-7": 1}))

    assert (str(answer.freshness.consistency), bool(waits)) == ("folded; commits=1", True)


def test_a_version_that_the_store_does_not_have_is_refused(rows: Lagging) -> None:
    with pytest.raises(InvalidToken, match="its newest is 1"):
        reader(rows, stored(history("order-7", "a"))).get("7", Token({"order-7": 2}))


def test_a_row_behind_its_token_while_the_store_is_down_is_not_answered(rows: Lagging) -> None:
    reads = Reads(stored(history("order-7", "a")))
    reads.down = Unavailable("down")

    with pytest.raises(Unavailable):
        reader(rows, reads).get("7", Token({"order-7": 1}))


def test_a_parked_row_is_a_defined_problem_with_and_without_a_token(rows: Lagging) -> None:
    store = stored(history("order-7", "a", "poison"))
    follower(rows, store).catch_up({"order-7": ()})

    for token in (Token(), Token({"order-7": 1}), Token({"order-7": 2})):
        with pytest.raises(Parked) as problem:
            reader(rows, store).get("7", token)
        assert (problem.value.stream, problem.value.version) == ("order-7", 2)


def test_a_row_ahead_of_the_code_that_follows_it_is_a_problem_that_ends_by_itself(
    rows: Lagging,
) -> None:
    store = stored([shouted(one) for one in history("order-7", "a")])
    older(rows, store).catch_up({"order-7": ()})

    with pytest.raises(Parked, match="was written by newer code") as problem:
        reader(rows, store).get("7", Token())
    assert (problem.value.code, problem.value.version) == ("view_parked", 1)
    (row,) = reader(rows, store).load(["7"], Token()).rows
    assert row.parked


class TestLong:
    """Order 7 has 9 commits, of which the view has taken 2 so far."""

    @pytest.fixture
    def reads(self, rows: Lagging) -> Reads:
        reads = Reads(stored(history("order-7", *"abcdefghi"), history("order-8", "x")))
        follower(rows, reads, chunk=2, budget=2).catch_up({"order-7": (), "order-8": ()})
        assert rows.get("7").marks["order-7"].cause == "long"
        reads.count = reads.commits = 0
        return reads

    def test_without_a_token_it_is_what_the_view_has(self, rows: Lagging, reads: Reads) -> None:
        for token in (Token(), Token({"order-7": 2})):
            answer = reader(rows, reads).get("7", token)
            assert answer.rows[0].document == {"order": ["a", "b"], "payment": []}
        listed = reader(rows, reads).page("all", "all", Token(), limit=10).rows
        assert [row.key for row in listed if not row.parked] == ["7", "8"]

    def test_with_a_token_it_is_completed(self, rows: Lagging, reads: Reads) -> None:
        for found in (
            reader(rows, reads).get("7", Token({"order-7": 9})),
            reader(rows, reads).page("all", "all", Token({"order-7": 9}), limit=1),
        ):
            assert found.rows[0].document == {"order": [*"abcdefghi"], "payment": []}
            assert str(found.freshness.consistency) == "folded; commits=7"

    def test_if_too_much_is_missing_the_answer_comes_later(
        self, rows: Lagging, reads: Reads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(consistency, "MOST_FOLDED", 5)
        monkeypatch.setattr(wanted, "MOST_FOLDED", 5)
        monkeypatch.setattr(consistency, "FURTHER", 1)
        near, far, none = (Token({"order-7": version}) for version in (7, 8, 10))

        assert str(reader(rows, reads).get("7", near).freshness.token) == "order-7@8"
        reads.commits = 0
        for ask in (
            lambda token: reader(rows, reads).get("7", token),
            lambda token: reader(rows, reads).load(["7"], token),
            lambda token: reader(rows, reads).page("all", "all", token, limit=9),
        ):
            with pytest.raises(Unavailable, match="too far behind, by 6 commits") as problem:
                ask(far)
            assert problem.value.retryable
            with pytest.raises(InvalidToken, match="'order-7' has no version 10"):
                ask(none)
        assert reads.commits == 3


def test_a_poison_commit_met_while_completing_a_row_is_the_same_problem(rows: Lagging) -> None:
    store = stored(history("order-7", "a", "poison"))

    with pytest.raises(Parked):
        reader(rows, store).get("7", Token({"order-7": 2}))


def _seen(rows: Lagging, store: MemoryEventStore, token: Token, limit: int = 50) -> list[str]:
    """The keys of the whole list, page by page. It is sorted by how much a row has to show."""
    keys: list[str] = []
    after = None
    for _ in range(100):
        answer = reader(rows, store).page("all", "all", token, limit=limit, after=after)
        keys += [row.key for row in answer.rows]
        after = answer.more
        if after is None:
            return keys
    pytest.fail("the list does not end")


def test_a_row_that_a_lagging_list_does_not_have_is_put_in(rows: Lagging) -> None:
    store = stored(history("order-7", "aa"), history("order-8", "a"))
    follower(rows, store).catch_up({"order-7": ()})

    answer = reader(rows, store).page("all", "all", Token({"order-8": 1}), limit=10)

    assert [row.key for row in answer.rows] == ["7", "8"]
    assert str(answer.freshness.consistency) == "folded; commits=1"
    assert answer.freshness.token.positions == {"order-7": 1, "order-8": 1}


def test_a_row_that_the_index_has_not_seen_yet_is_put_in_without_folding(rows: Lagging) -> None:
    store = stored(history("order-7", "a"))
    rows.freeze()
    follower(rows, store).catch_up({"order-7": ()})

    answer = reader(rows, store).page("all", "all", Token({"order-7": 1}), limit=10)

    assert ([row.key for row in answer.rows], str(answer.freshness.consistency)) == (
        ["7"],
        "current",
    )


def test_a_row_that_moved_stands_in_its_new_place_only(rows: Lagging) -> None:
    store = stored(history("order-7", "a"), history("order-8", "aa"), history("order-9", "aaa"))
    follower(rows, store).catch_up({f"order-{n}": () for n in (7, 8, 9)})
    store.append(commit("order-7", 2, "longest"), "")
    token = Token({"order-7": 2})

    for limit in (1, 2, 3):
        assert _seen(rows, store, token, limit) == ["7", "9", "8"]


def test_a_row_that_left_a_list_is_taken_out(rows: Lagging) -> None:
    store = stored(history("order-7", "a"), history("order-8", "aa"))
    follower(rows, store).catch_up({"order-7": (), "order-8": ()})
    rows.freeze()
    gone = rows.load(["8"])["8"]
    rows.save([Row(key="8", revision=gone.revision, parts=gone.parts)])

    assert _seen(rows, store, Token({"order-8": 1})) == ["7"]


def test_an_impossible_position_in_a_lists_token_is_refused(rows: Lagging) -> None:
    with pytest.raises(InvalidToken):
        reader(rows, stored()).page("all", "all", Token({"order-7": 1}), limit=10)


def test_a_parked_row_in_a_list_is_there_with_its_mark(rows: Lagging) -> None:
    store = stored(history("order-7", "a", "poison"), history("order-8", "b"))
    follower(rows, store).catch_up({"order-7": (), "order-8": ()})

    answer = reader(rows, store).page("all", "all", Token({"order-7": 2}), limit=10)

    assert {row.key: bool(row.parked) for row in answer.rows} == {"7": True, "8": False}


@pytest.mark.parametrize("followed", [True, False])
def test_a_new_row_that_cannot_be_folded_is_a_defined_problem_in_the_list_that_it_may_be_in(
    rows: Lagging, followed: bool
) -> None:
    store = stored(history("order-7", "poison"), history("order-8", "b"))
    follower(rows, store).catch_up({"order-8": (), **({"order-7": ()} if followed else {})})

    with pytest.raises(Parked) as problem:
        reader(rows, store).page("all", "all", Token({"order-7": 1}), limit=10)

    assert (problem.value.stream, problem.value.version) == ("order-7", 1)
    assert _seen(rows, store, Token({"order-8": 1})) == ["8"]


@pytest.mark.parametrize("text", ["poison", "unshowable"])
def test_a_row_of_another_list_that_cannot_go_on_may_be_in_this_one_by_now(
    rows: Lagging, text: str
) -> None:
    store = stored(history("order-7", "a", text))
    follower(rows, store).catch_up({"order-7": store.read("order-7")[:1]})

    with pytest.raises(Parked):
        reader(rows, store).page("all", "others", Token({"order-7": 2}), limit=10)

    page = reader(rows, store).page("all", "others", Token({"order-7": 1}), limit=10)
    assert page.rows == []


@given(
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    caught_up=st.lists(st.integers(0, 4), min_size=6, max_size=6),
    lag=st.booleans(),
    limit=st.integers(1, 4),
)
def test_a_list_with_a_token_for_every_row_is_the_list_of_an_up_to_date_view(
    lengths: list[int], caught_up: list[int], lag: bool, limit: int
) -> None:
    store = stored(*(history(f"order-{n}", *"abcd"[:length]) for n, length in enumerate(lengths)))
    rows, current = Lagging(), Lagging()
    if lag:
        rows.freeze()
    for n, length in enumerate(lengths):
        hints = store.read(f"order-{n}")[: min(caught_up[n], length)]
        if hints:
            follower(rows, store).catch_up({f"order-{n}": hints})
    follower(current, store).catch_up({f"order-{n}": () for n in range(len(lengths))})
    token = Token({f"order-{n}": length for n, length in enumerate(lengths)})

    assert _seen(rows, store, token, limit) == _seen(current, store, Token(), 50)


def test_a_commit_that_cannot_be_rendered_is_the_same_problem_before_it_is_parked(
    rows: Lagging,
) -> None:
    store = stored(history("order-7", "a", "unshowable"), history("order-8", "b"))
    token = Token({"order-7": 2, "order-8": 1})
    follower(rows, store).catch_up({"order-7": store.read("order-7")[:1]})

    with pytest.raises(Parked):
        reader(rows, store).get("7", token)
    page = reader(rows, store).page("all", "all", token, limit=10)

    assert {row.key: bool(row.parked) for row in page.rows} == {"7": True, "8": False}


def test_a_row_whose_state_this_code_cannot_read_is_completed_from_the_start(
    rows: Lagging,
) -> None:
    store = stored(history("order-7", "a", "b"))
    follower(rows, store).catch_up({"order-7": store.read("order-7")[:1]})
    row = rows.get("7")
    rows.save([replace(row, parts={"order-7": replace(row.part("order-7"), state=["older"])})])

    answer = reader(rows, store).get("7", Token({"order-7": 2}))

    assert answer.rows[0].document == {"order": ["a", "b"], "payment": []}


def test_a_row_beside_whose_commits_lies_a_state_of_other_code_is_completed_whole(
    rows: Lagging,
) -> None:
    store = stored(history("order-7", "a"), history("payment-7", "p", "q"))
    follows = follower(rows, store)
    follows.catch_up({"order-7": (), "payment-7": store.read("payment-7")[:1]})
    row = rows.get("7")
    older = replace(row.part("order-7"), state=["older"])
    rows.save([replace(row, parts={**row.parts, "order-7": older})])

    answer = reader(rows, store).get("7", Token({"payment-7": 2}))

    assert answer.rows[0].document == {"order": ["a"], "payment": ["p", "q"]}


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_row_of_a_later_page_is_not_shown_early_and_hides_nothing(
    rows: Lagging, limit: int
) -> None:
    texts = {"7": "aaaa", "8": "aaa", "10": "aa", "9": "a"}
    store = stored(*(history(f"order-{key}", text) for key, text in texts.items()))
    follower(rows, store).catch_up({f"order-{key}": () for key in texts})
    rows.freeze()
    for key in ("7", "8"):  # they leave the list, which the index has not seen yet
        gone = rows.load([key])[key]
        rows.save([Row(key=key, revision=gone.revision, parts=gone.parts)])
    token = Token({f"order-{key}": 1 for key in ("7", "8", "9")})

    assert _seen(rows, store, token, limit) == ["10", "9"]
