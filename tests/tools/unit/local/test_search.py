"""A stack has an OpenSearch of its own, uses one that it is given, or goes without."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from scripts.local import deployment, search
from scripts.local.errors import LocalError
from scripts.local.home import Home
from scripts.local.stack import Stack

NOWHERE = "http://127.0.0.1:1"


class SomebodysSearch(BaseHTTPRequestHandler):
    indexes: set[str]

    def do_GET(self) -> None:
        beginning = self.path.strip("/").rstrip("*")
        found = {name: {} for name in self.indexes if name.startswith(beginning)}
        self._answer(json.dumps(found).encode())

    def do_DELETE(self) -> None:
        self.indexes.remove(self.path.strip("/"))
        self._answer(b"{}")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def somebodys() -> Iterator[str]:
    SomebodysSearch.indexes = {"cqrs-local-order-search-1", "cqrs-production-1", "theirs"}
    with ThreadingHTTPServer(("127.0.0.1", 0), SomebodysSearch) as server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_one_that_the_user_names_goes_first() -> None:
    assert search.named({"OPENSEARCH_URL": "http://there:9200/"}) == "http://there:9200"
    assert search.named({"OPENSEARCH_URL": ""}) is None
    assert search.named({}) is None


def test_of_somebodys_search_only_the_indexes_of_local_stacks_are_removed(somebodys: str) -> None:
    search.forget(somebodys)
    assert SomebodysSearch.indexes == {"cqrs-production-1", "theirs"}


def test_one_that_does_not_answer_keeps_what_it_has() -> None:
    search.forget(NOWHERE)


def test_a_stack_uses_the_search_it_is_given_and_starts_none(
    somebodys: str, tmp_path: Path
) -> None:
    stack = Stack(Home(tmp_path), search_url=somebodys)
    stack._start_search()
    assert stack.search_url == somebodys
    assert not stack.search.was_started()


def test_what_an_earlier_stack_left_is_removed_once(somebodys: str, tmp_path: Path) -> None:
    stack = Stack(Home(tmp_path), search_url=somebodys)
    stack._start_search()
    assert "cqrs-local-order-search-1" not in SomebodysSearch.indexes
    SomebodysSearch.indexes.add("cqrs-local-order-search-1")
    stack._start_search()
    assert "cqrs-local-order-search-1" in SomebodysSearch.indexes


def test_a_search_that_was_named_and_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=f"there is no OpenSearch at {NOWHERE}"):
        Stack(Home(tmp_path), search_url=NOWHERE)._start_search()


def test_where_none_can_be_installed_a_stack_goes_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "program", lambda: tmp_path / "not there")
    said: list[str] = []
    stack = Stack(Home(tmp_path), said.append)
    stack._start_search()
    assert stack.search_url is None
    assert len(said) == 1
    assert "going on without search" in said[0]


def test_another_search_is_another_deployment(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with_one, without = (deployment.variables(home, NOWHERE, url) for url in ("http://there", None))
    assert with_one["search"] == {"kind": "existing", "url": "http://there"}
    assert without["search"] == {"kind": "none"}
    assert deployment.fingerprint(with_one) != deployment.fingerprint(without)
