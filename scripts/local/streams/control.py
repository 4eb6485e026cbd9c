"""The runner's door: a small HTTP server on the loopback interface, and its client.

GET  /status              every mapping and shard: position, counts, failures
GET  /idle?timeout=30     answers once nothing is under way: 200, or 504 and who was not still
GET  /faults              the knobs that are set, by function
PUT  /faults              {"storefront_projector": {"drop": 0.5}, "*": {"clear": 1}}

It opens to programs and pages of this machine only.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from scripts.local.clients import http
from scripts.local.errors import LocalError
from scripts.local.strangers import refusal
from scripts.local.streams.runner import Runner

Reply = tuple[int, Any]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, runner: Runner) -> None:
        self.runner = runner
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        if why := refusal(self.headers.items()):
            self.close_connection = True  # what else was sent is left unread
            self._send(403, {"error": why})
        return why is None

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        match url.path:
            case "/status":
                self._send(200, self.server.runner.status())
            case "/idle":
                self._send(*self._idle(parse_qs(url.query)))
            case "/faults":
                self._send(200, self.server.runner.faults())
            case _:
                self._send(404, {"error": f"there is no {url.path}"})

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/faults":
            return self._send(404, {"error": f"there is no {self.path}"})
        try:
            self.server.runner.change_faults(json.loads(body))
        except (LocalError, ValueError, AttributeError) as error:
            return self._send(400, {"error": str(error)})
        return self._send(200, self.server.runner.faults())

    def _idle(self, query: dict[str, list[str]]) -> Reply:
        try:
            seconds = float(query.get("timeout", ["30"])[0])
        except ValueError:
            return 400, {"error": "timeout takes a number of seconds"}
        restless = self.server.runner.wait_until_still(seconds)
        return (504 if restless else 200), {"idle": not restless, "not_still": sorted(restless)}

    def _send(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's
        """Say nothing: the log is for what goes wrong."""


class Control:
    """The same door from the other side."""

    def __init__(self, url: str) -> None:
        self.url = url

    def is_up(self) -> bool:
        try:
            return self._call("GET", "/status", 2).ok
        except LocalError:
            return False

    def status(self) -> list[dict[str, Any]]:
        return list(self._call("GET", "/status").json())

    def faults(self) -> dict[str, dict[str, float]]:
        return dict(self._call("GET", "/faults").json())

    def set_faults(self, function: str, **knobs: object) -> dict[str, dict[str, float]]:
        """`function` may be `*`, a knob may be `clear`."""
        answer = self._call("PUT", "/faults", json={function: knobs})
        if not answer.ok:
            raise LocalError(answer.json()["error"])
        return dict(answer.json())

    def clear_faults(self) -> None:
        self.set_faults("*", clear=1)

    def wait_until_still(self, seconds: float = 30) -> None:
        """Returns when every record there is has gone through the whole chain."""
        answer = self._call("GET", f"/idle?timeout={seconds}", seconds + 10)
        if not answer.ok:
            restless = ", ".join(answer.json()["not_still"])
            raise LocalError(f"after {seconds:g} s still busy: {restless}")

    def _call(
        self, method: str, path: str, timeout: float = 10, **content: Any
    ) -> requests.Response:
        try:
            with http() as session:
                return session.request(method, self.url + path, timeout=timeout, **content)
        except requests.RequestException:
            raise LocalError("the stream runner does not answer; run `make up`") from None
