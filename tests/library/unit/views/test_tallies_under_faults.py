"""What must always hold for tallies, whatever the network and others do."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryTallies
from cqrs.follow.followers import Hints
from cqrs.views.rows import Row
from cqrs.views.tallies import (
    summed,
)
from tests.examples import examples
from tests.library.counts import (
    ENTITIES,
    cells_of,
    contributed,
    count,
    countable,
    follower,
    uncountable,
)
from tests.library.faults import (
    Faults,
    FaultyReads,
    FaultyRows,
    batches,
    catch_up_under_faults,
    happenings,
)
from tests.library.walking import audit
from tests.library.worlds import history, stored

notes = st.lists(st.sampled_from(["a", "b", "c"]), max_size=4)
strange = st.sampled_from(["a", "b", "uncountable", "flood"])
Histories = dict[str, list[str]]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[Histories, list[Hints]]:
    """Histories, and batches in which they arrive."""
    texts = {f"payment-{entity}": draw(notes) for entity in ENTITIES}
    texts |= {f"order-{entity}": draw(notes | st.lists(strange, max_size=4)) for entity in ENTITIES}
    return texts, batches(
        draw, [one for name, said in texts.items() for one in history(name, *said)]
    )


@examples(400)
@given(deliveries(), happenings)
def test_after_an_audit_the_cells_are_the_sum_over_the_folds_of_the_store(
    arrivals: tuple[Histories, list[Hints]], plan: list[str]
) -> None:
    texts, arriving = arrivals
    store, rows = stored(*(history(name, *said) for name, said in texts.items())), MemoryTallies()
    faults = Faults(plan, others=arriving[1::2])

    def cells_are_what_the_rows_have_contributed(_: object) -> None:
        assert cells_of(rows) == contributed(rows)

    faulty = FaultyRows(
        rows,
        faults,
        rival=lambda rows: follower(rows, store),
        check=cells_are_what_the_rows_have_contributed,
    )
    catch_up_under_faults(follower(faulty, FaultyReads(store, faults)), arriving)

    audit(store, [follower(rows, store)])

    so_far = [count(*followed(rows.get(key), texts)) for key in ENTITIES]
    assert cells_of(rows) == contributed(rows) == summed(*so_far)
    with countable():
        assert follower(rows, store).redrive(texts).parked == {}
    whole = [count(texts[f"order-{key}"], texts[f"payment-{key}"]) for key in ENTITIES]
    assert cells_of(rows) == contributed(rows) == summed(*whole)


def followed(row: Row, texts: Histories) -> tuple[list[str], list[str]]:
    """What the streams of a row say, up to where they can't be counted."""
    order, payment = texts[f"order-{row.key}"], texts[f"payment-{row.key}"]
    can_be = [*itertools.takewhile(lambda text: text not in uncountable, order)]
    assert row.positions.get(f"order-{row.key}", 0) == len(can_be)
    assert row.positions.get(f"payment-{row.key}", 0) == len(payment)
    return can_be, payment
