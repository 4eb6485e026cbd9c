"""What fails once must fail again: nothing is done at the same time, and all dice fall the same."""

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from cqrs.follow import process_followers

pytest.register_assert_rewrite("scripts.shop.ledger")


class OneAfterTheOther:
    """A pool of no threads: a crash leaves nothing behind that might still happen, or not."""

    def __init__(self, _: int) -> None:
        pass

    def map(self, call: Callable[[Any], Any], each: Iterable[Any]) -> Iterator[Any]:
        return map(call, each)


@pytest.fixture(autouse=True)
def one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_followers, "ThreadPoolExecutor", OneAfterTheOther)
    monkeypatch.setattr("cqrs.at_once._threads", lambda: OneAfterTheOther(1))
    random.seed(0)  # the library's own dice: pauses, and the order in which rows are visited
