"""What an operator is told of a running stack, and how an edit gets into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.local.status import print_status
from scripts.shop import smoke
from tests.shop.e2e.conftest import PRICE, Shop, put_back, put_edited

FOLLOWERS = ("storefront_projector", "storefront_indexer", "checkout_process")


@pytest.fixture
def still(shop: Shop) -> Shop:
    shop.control.wait_until_still()
    assert shop.stack.lags().behind == 0
    return shop


def behind(shop: Shop) -> dict[str, int]:
    """The commits that each view lacks, if it lacks any."""
    return {view: lag.behind for view, lag in shop.stack.lags().views.items() if lag.behind}


def test_the_status_tells_what_views_lack_whatever_was_read_from_a_stream(
    still: Shop, customer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in FOLLOWERS:
        still.control.set_faults(name, stop=1)
    for _ in range(6):
        assert still.place(customer).ok
    still.control.wait_until_still()  # all that is not stopped

    lacking = behind(still)

    # a row view, a tally, a search index and a process; another projector has kept up
    assert lacking == {"order_history": 6, "sales": 6, "order_search": 6, "checkout": 6}
    assert print_status(still.stack) == []
    said = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[2:] for line in said if line[:1] == ["order_history"]] == [["6", "6", "0"]]
    still.control.clear_faults()
    still.control.wait_until_still()
    assert behind(still) == {}


def test_a_search_that_does_not_answer_is_down_and_so_are_its_views(
    still: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    still.proxy.fault = "down"

    down = print_status(still.stack)

    assert down == ["OpenSearch", "customer_search", "product_search", "order_search"]
    assert "order_history" in capsys.readouterr().out


# The smoke test of `make up`


def tried_out(shop: Shop) -> str:
    """The session that it ends with, as if it had never been tried out."""
    shop.stack.home.notes.forget("tried")
    session = shop.stack.try_out(smoke)
    assert session is not None
    return session


def test_the_first_order_gets_through_after_prices_names_and_addresses_were_changed(
    still: Shop,
) -> None:
    assert f'"unit_price": {PRICE}' in tried_out(still)
    assert still.asked_by(smoke.WHO).rename("me", "Ada King").ok
    still.ask("PUT", "/products/book-1/price", {"price": PRICE + 50})
    try:
        assert f'"unit_price": {PRICE + 50}' in tried_out(still)
    finally:
        still.ask("PUT", "/products/book-1/price", {"price": PRICE})


def test_the_first_order_gets_through_behind_a_backlog(still: Shop, customer: str) -> None:
    still.control.set_faults("checkout_process", stop=1)
    for _ in range(40):
        assert still.place(customer).ok
    still.control.clear_faults()

    assert "ORDER=" in tried_out(still)


def test_it_is_tried_out_once(still: Shop) -> None:
    tried_out(still)
    assert still.stack.try_out(smoke) is None


def test_while_fault_knobs_are_set_it_is_not_tried_out(still: Shop) -> None:
    still.stack.home.notes.forget("tried")
    still.control.set_faults("checkout_process", delay=1)
    assert still.stack.try_out(smoke) is None


# Edits

Edit = Callable[[str, str, str, str], None]
ANSWER = "not understood"  # of an operator that is asked for something else


@pytest.fixture
def edit(still: Shop, tmp_path: Path) -> Iterator[Edit]:
    """Puts another text into a file of a package, and the package into the stack. In the end all is
    as it was.
    """

    def edit(package: str, file: str, old: str, new: str) -> None:
        put_edited(still, tmp_path, package, file, old, new)

    yield edit
    put_back(still)


def answers(shop: Shop) -> set[str]:
    """What the operator says that it can't do, asked so often at once that it has many workers."""
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(shop.invoke, "operator", {"ask": n}) for n in range(18)]
        return {str(each.result()["error"]).partition(":")[0] for each in asked}


def test_an_edit_of_the_layer_is_what_every_worker_does_from_then_on(
    still: Shop, edit: Edit
) -> None:
    assert answers(still) == {ANSWER}
    edit("layer", "python/cqrs/entrypoints/operator.py", ANSWER, "unheard of")
    assert answers(still) == {"unheard of"}


def test_an_edit_of_a_handler_is_what_every_worker_does_from_then_on(
    still: Shop, edit: Edit
) -> None:
    assert answers(still) == {ANSWER}
    edit("operator", "handler.py", "on_lambda(app, os.environ)", "lambda *_: {'error': 'edited'}")
    assert answers(still) == {"edited"}


def test_a_second_up_changes_nothing_and_leaves_what_runs(still: Shop) -> None:
    def pids() -> list[str]:
        home = still.stack.home
        return [home.pid_file(name).read_text() for name in ("emulator", "runner", "terraform")]

    before = pids()
    assert still.stack.up().url == still.url
    assert pids() == before
