"""How patient the demo is with an API that is busy or late."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scripts.local.errors import LocalError
from scripts.shop.demo import api
from scripts.shop.demo.api import Api

Scripted = tuple[int, dict[str, str], bytes]

EARLY = (400, {}, b'{"code": "invalid_consistency_token"}')
FINE = (200, {"Consistency": "current"}, b"{}")


@dataclass
class Server:
    """Gives the answers in turn, and remembers what it was asked."""

    answers: list[Scripted] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.keys.append(self.headers.get("Idempotency-Key"))
            status, headers, body = told.answers.pop(0)
            self.send_response(status)
            for name, value in {"Retry-After": "0", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        told.url = f"http://127.0.0.1:{http.server_port}"
        yield told
        http.shutdown()
        thread.join()


def test_what_is_busy_is_asked_again_with_the_same_key(server: Server) -> None:
    server.answers = [(409, {}, b""), (429, {}, b""), (503, {}, b""), FINE]

    assert Api(server.url).command("POST", "/orders", "key-1", {}).ok
    assert server.keys == ["key-1"] * 4


def test_a_version_that_is_not_there_yet_is_waited_for_and_so_is_the_view(server: Server) -> None:
    server.answers = [EARLY, EARLY, (200, {"Consistency": "folded; commits=1"}, b"{}"), FINE]

    answer = Api(server.url).get("/orders/7", "order-7@2")

    assert answer.headers["Consistency"] == "current"
    assert not server.answers


def test_a_view_that_never_catches_up_is_not_waited_for_for_ever(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "SECONDS", 0)
    server.answers = [EARLY]

    with pytest.raises(LocalError, match="not within 0 s: GET /orders/7 was answered 400"):
        Api(server.url).get("/orders/7", "order-7@2")


def test_what_is_refused_is_told(server: Server) -> None:
    server.answers = [(422, {}, b'{"code": "email_taken"}')]

    with pytest.raises(LocalError, match=r"POST /customers was answered 422: .*email_taken"):
        Api(server.url).command("POST", "/customers", "key-1", {})


def test_a_refusal_may_say_that_it_was_done_long_ago(server: Server) -> None:
    server.answers = [(422, {}, b'{"code": "product_already_registered"}')]

    answer = Api(server.url).command(
        "POST", "/products", "key-1", {}, unless="product_already_registered"
    )

    assert answer.status_code == 422


@pytest.mark.parametrize(("status", "has_search"), [(200, True), (501, False)])
def test_a_deployment_says_whether_it_has_a_search(
    server: Server, status: int, has_search: bool
) -> None:
    server.answers = [(status, {}, b"{}")]

    assert Api(server.url).has_search() is has_search


def test_nobody_there_is_told_with_the_address() -> None:
    with pytest.raises(LocalError, match=r"http://127.0.0.1:1 does not answer"):
        Api("http://127.0.0.1:1").has_search()
