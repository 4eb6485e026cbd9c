"""A world of trips, for the tests of processes."""

import pytest

from tests.library.processes import World


@pytest.fixture
def world() -> World:
    return World()
