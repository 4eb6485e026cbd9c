"""An OpenSearch for tests, and what stands between it and the code: a proxy that fails as networks
and clusters do, and that can show searches an older state than what was written.
"""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import requests

PROGRAM = Path(__file__).parents[2] / "build" / "search" / "osmem_server" / "bin" / "osmem-server"

Fault = Literal["down", "slow", "throttled", "refuses half", "loses answers"]
FAULTS: Sequence[Fault] = ("down", "slow", "throttled", "refuses half", "loses answers")
THROTTLED = {"type": "rejected_execution_exception", "reason": "the queue is full"}


class Server:
    """The local OpenSearch, on a port of its own. What it held is lost when it stops."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[str] | None = None
        self._complaints = ""

    def start(self) -> None:
        address = f"127.0.0.1:{self._port}"
        command = [str(PROGRAM), "-addr", address, "-no-stdin-watch"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        assert self._process.stdout.readline(), "it did not start"

    def stop(self) -> str:
        """All that it ever had to complain of: settings that it knows and does not honour."""
        assert self._process
        self._process.terminate()
        self._complaints += self._process.communicate(timeout=10)[1]
        return self._complaints

    def restart(self) -> None:
        self.stop()
        self.start()


class Proxy:
    """Stands before an OpenSearch. `fault` is what is wrong with it for now.

    `slow` answers late, without having done anything; `loses answers` does it and says nothing;
    `refuses half` takes every other document of a bulk request. While it `lags`, searches see what
    there was at the last `refresh`.
    """

    def __init__(self, target: str, *, slow_seconds: float = 0.5) -> None:
        self.fault: Fault | None = None
        self.lags = False
        self.requests: list[str] = []
        self._target = target
        self._slow_seconds = slow_seconds
        self._session = requests.Session()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
            self._session.close()

    def refresh(self) -> None:
        """Lets searches see what was written until now."""
        for index in self._ask("GET", "/_alias"):
            if not index.startswith("seen-"):
                self._copy(index, f"seen-{index}")

    def _copy(self, index: str, copy: str) -> None:
        made = self._ask("GET", f"/{index}")[index]
        analysis = made["settings"]["index"].get("analysis", {})
        self._ask("DELETE", f"/{copy}", expected=(200, 404))
        body = {"mappings": made["mappings"], "settings": {"analysis": analysis}}
        self._ask("PUT", f"/{copy}", body)
        self._ask("POST", "/_reindex", {"source": {"index": index}, "dest": {"index": copy}})

    def _ask(
        self, method: str, path: str, body: Any = None, expected: Sequence[int] = (200,)
    ) -> Any:
        answer = self._session.request(method, self._target + path, json=body, timeout=30)
        assert answer.status_code in expected, answer.text
        return answer.json()

    # What it does with a request

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                content_type = self.headers.get("Content-Type") or "application/json"
                proxy.requests.append(f"{self.command} {self.path}")
                answer = proxy._answer(self.command, self.path, body, content_type)
                if answer is None:
                    self.close_connection = True
                    return
                status, text = answer
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:  # who asked did not want to wait any longer
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815

            def log_message(self, *args: object) -> None:
                """Says nothing."""

        return Handler

    def _answer(
        self, method: str, path: str, body: bytes, content_type: str
    ) -> tuple[int, bytes] | None:
        """None closes the connection."""
        is_bulk = path.startswith("/_bulk")
        match self.fault:
            case "down":
                return None
            case "slow":
                time.sleep(self._slow_seconds)
                return None
            case "throttled":
                return 429, json.dumps({"error": THROTTLED, "status": 429}).encode()
            case "refuses half" if is_bulk:
                return self._half(path, body)
            case "loses answers":
                self._forward(method, path, body, content_type)
                return None
        if self.lags and path.startswith("/_msearch"):
            body = body.replace(b'{"index":"', b'{"index":"seen-')
        return self._forward(method, path, body, content_type)

    def _forward(self, method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        headers = {"Content-Type": content_type} if body else {}
        answer = self._session.request(
            method, self._target + path, data=body or None, headers=headers, timeout=30
        )
        return answer.status_code, answer.content

    def _half(self, path: str, body: bytes) -> tuple[int, bytes]:
        lines = body.splitlines(keepends=True)
        pairs = [lines[n : n + 2] for n in range(0, len(lines), 2)]
        taken = [line for pair in pairs[1::2] for line in pair]
        status, text = 200, b'{"items":[]}'
        if taken:
            status, text = self._forward("POST", path, b"".join(taken), "application/x-ndjson")
        answered = iter(json.loads(text)["items"])
        items = [
            next(answered) if n % 2 else {"index": {"status": 429, "error": THROTTLED}}
            for n in range(len(pairs))
        ]
        return status, json.dumps({"errors": True, "items": items}).encode()
