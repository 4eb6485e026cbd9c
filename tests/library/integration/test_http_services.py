"""Services over real HTTP: what comes back, and what becomes of services that are slow or gone."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cqrs.adapters.http_services import HttpServices
from cqrs.errors import Unavailable
from cqrs.read.compositions import Ask, Composition, Plan, Status
from cqrs.read.tokens import Token

SOON = 0.5  # what one that answers at once keeps on a busy machine too
LONG = 10.0
PROMPT = 5.0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # with keep-alive
    server: "Server"

    def do_GET(self) -> None:
        self.server.heard.append(dict(self.headers))
        self.server.connections.add(self.client_address)
        match self.path:
            case "/silent":
                self.server.over.wait(LONG)
            case "/stopping":
                self.answer(b"it stops", length=100)
                self.wfile.flush()
                self.server.over.wait(LONG)
            case "/gone":
                self.close_connection = True
                return
            case "/moved":
                self.send_response(301)
                self.send_header("Location", "/")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case _:
                self.answer(json.dumps(self.path).encode())

    def answer(self, body: bytes, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(body)))
        self.send_header("X-Said", "Yes")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: the tests say enough."""


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.over = threading.Event()
        self.heard: list[dict[str, str]] = []
        self.connections: set[object] = set()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def services(server: Server) -> HttpServices:
    return HttpServices(f"{server.url}/")


def test_an_answer_comes_back_as_it_is(server: Server, services: HttpServices) -> None:
    reply = services.get("/orders?id=a,b", {"Consistency-Token": "order-7@1"}, LONG)
    assert (reply.status, reply.body) == (200, b'"/orders?id=a,b"')
    assert reply.headers["x-said"] == "Yes"
    assert server.heard[0]["Consistency-Token"] == "order-7@1"


def test_one_connection_serves_one_question_after_the_other(
    server: Server, services: HttpServices
) -> None:
    for _ in range(3):
        services.get("/", {}, LONG)
    assert len(server.connections) == 1


@pytest.mark.parametrize("path", ["/silent", "/stopping"])
def test_who_takes_too_long_is_late(services: HttpServices, path: str) -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        services.get(path, {}, SOON)
    assert time.monotonic() - start < PROMPT


def test_who_hangs_up_is_asked_once_more_and_then_unavailable(
    server: Server, services: HttpServices
) -> None:
    with pytest.raises(Unavailable):
        services.get("/gone", {}, LONG)
    assert len(server.heard) == 2


def test_where_nobody_listens_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable):
        HttpServices(f"http://127.0.0.1:{port}").get("/", {}, LONG)


def test_nobody_is_followed_elsewhere(services: HttpServices) -> None:
    assert services.get("/moved", {}, LONG).status == 301


def test_the_environments_proxies_are_not_asked(
    services: HttpServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert services.get("/", {}, LONG).status == 200


def test_a_composition_is_there_at_its_deadline(services: HttpServices) -> None:
    def ask(part: str) -> Ask:
        return Ask(part=part, of=[part], read=lambda body: body)

    plan = Plan(root=ask("7"), beside=[ask("silent"), ask("stopping"), ask("gone")], join=dict)
    start = time.monotonic()
    found = Composition(services, SOON).answer(plan, Token(), {})
    assert time.monotonic() - start < PROMPT
    assert found.document == {"7": "/7", "silent": None, "stopping": None, "gone": None}
    assert [part.status for part in found.parts.values()] == [
        Status.OK,
        Status.LATE,
        Status.LATE,
        Status.UNAVAILABLE,
    ]
