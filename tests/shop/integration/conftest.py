"""AWS as moto imitates it, and an OpenSearch, as the library's tests have them; and a copy of the
repository, to be changed.
"""

import pytest

from tests.clones import Clone
from tests.library.integration.conftest import aws
from tests.library.integration.searching import beset, proxy, server

__all__ = ["aws", "beset", "proxy", "server"]


@pytest.fixture(scope="session")
def as_it_was(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return Clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture
def clone(as_it_was: Clone) -> Clone:
    as_it_was.reset()
    return as_it_was
