"""A store for the tests of commands."""

import pytest

from tests.library.stores import Counting


@pytest.fixture
def store() -> Counting:
    return Counting()
