"""What must always hold for search indexes, whatever the network and the cluster do."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cqrs.history.commits import Commit
from tests.examples import examples
from tests.library.books import BookLent, BookWithdrawn, CopiesBought
from tests.library.integration.book_search import Books, a_book, an_author, reviews
from tests.library.integration.searching import Beset, documents, folded
from tests.library.opensearch import FAULTS, Fault, Proxy


@st.composite
def histories(draw: st.DrawFn) -> list[Commit]:
    """All that happened to a few books, their reviews and their author, in the order of their
    streams, mixed.
    """
    streams: list[list[Commit]] = []
    for n in range(draw(st.integers(1, 4))):
        ends = [
            [],
            [BookWithdrawn()],
            [BookLent(reader="ada")],
            [BookLent(reader="a"), BookWithdrawn()],
        ]
        bought = [CopiesBought(copies=1)] * draw(st.integers(0, 2))
        streams.append(a_book(f"b{n + 1}", *bought, *draw(st.sampled_from(ends))))
        streams.append(reviews(f"b{n + 1}", *range(draw(st.integers(0, 2)))))
    streams.append(an_author("byron", *["Ada", "Grace", "Ada"][: draw(st.integers(1, 3))]))
    turns = draw(st.permutations([n for n, one in enumerate(streams) for _ in one]))
    left = [iter(one) for one in streams]
    return [next(left[n]) for n in turns]


faults = st.lists(st.sampled_from([None, *FAULTS]), min_size=1, max_size=6)


@settings(
    examples(30),
    phases=[Phase.reuse, Phase.generate],  # one example takes a second: no shrinking
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories(), faults=faults, seed=st.integers(0, 10**6))
def test_after_any_faults_the_index_is_the_fold_of_the_store(
    proxy: Proxy, beset: Beset, history: list[Commit], faults: list[Fault | None], seed: int
) -> None:
    beset(None)
    world, dice = Books(proxy.url), random.Random(seed)
    assert world.tend()
    world.store_all(history)
    waiting = history + dice.sample(history, len(history) // 2)  # some come twice
    if seed % 3 == 0:
        dice.shuffle(waiting)
    if seed % 5 == 0:
        waiting = waiting[::2]  # some never come
    for fault in faults:
        beset(fault)
        batch, waiting = waiting[:8], waiting[8:]
        failed = world.tell(batch)
        assert not (failed and fault is None)
        waiting += [commit for commit in batch if commit.stream in failed]
    beset(None)
    world.tell(waiting)
    assert world.audit()
    for rows in world.rows:
        assert documents(rows) == folded(rows.view, history)
