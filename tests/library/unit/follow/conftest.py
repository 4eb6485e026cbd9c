"""The rows of a small view, and a world of trips for the tests of processes."""

from collections.abc import Iterator

import pytest

from cqrs.adapters.memory import MemoryRows
from tests.library import worlds
from tests.library.processes import World


@pytest.fixture(autouse=True, scope="module")
def _powertools() -> Iterator[None]:
    """The walker counts what it does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "test")
        yield


@pytest.fixture
def rows() -> MemoryRows:
    return MemoryRows()


@pytest.fixture
def mended() -> Iterator[None]:
    """While this is used, the fold no longer chokes on poison: the fix was deployed."""
    worlds.poisonous.clear()
    yield
    worlds.poisonous.add("poison")


@pytest.fixture
def world() -> World:
    return World()
