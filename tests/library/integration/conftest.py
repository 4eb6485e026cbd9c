"""AWS as moto imitates it, in this process; and an OpenSearch."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.library.integration.book_search import Books, a_book, an_author
from tests.library.integration.searching import beset, proxy, server
from tests.library.opensearch import Proxy

__all__ = ["aws", "beset", "proxy", "server", "shelf", "world"]

REGION = "eu-west-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def world(proxy: Proxy) -> Books:
    """Indexes that are ready, and have nothing to show."""
    world = Books(proxy.url)
    assert world.tend()
    return world


@pytest.fixture
def shelf(world: Books) -> Books:
    """Three books of two authors."""
    world.happens(
        an_author("byron", "Ada Lovelace"),
        an_author("brien", "Zoe Brien"),
        a_book("b1"),
        a_book("b2", author="brien"),
        a_book("b3", author="brien"),
    )
    return world
