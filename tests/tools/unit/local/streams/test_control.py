"""The runner's door opens to programs and pages of this machine."""

import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
import requests

from scripts.local.clients import http
from scripts.local.streams.control import Control, Server
from scripts.local.streams.runner import Runner

FOREIGN = {"Origin": "https://evil.example"}


class Told:
    """A runner that only notes what it is told."""

    def __init__(self) -> None:
        self.changes: list[Any] = []

    def status(self) -> list[dict[str, Any]]:
        return [{"mapping": "table -> function"}]

    def faults(self) -> dict[str, dict[str, float]]:
        return {"function": {}}

    def change_faults(self, changes: Any) -> None:
        self.changes.append(changes)


@pytest.fixture
def runner() -> Told:
    return Told()


@pytest.fixture
def url(runner: Told) -> Iterator[str]:
    with Server(0, cast(Runner, runner)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def ask(method: str, url: str, **content: Any) -> requests.Response:
    with http() as session:
        return session.request(method, url, timeout=10, **content)


def test_programs_of_this_machine_are_served(url: str, runner: Told) -> None:
    assert Control(url).status() == [{"mapping": "table -> function"}]
    Control(url).set_faults("function", stop=1)
    assert runner.changes == [{"function": {"stop": 1}}]


def test_a_name_that_is_made_to_point_here_is_refused(url: str) -> None:
    answer = ask("GET", f"{url}/status", headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert answer.json()["error"].endswith("not evil.example.")


def test_a_page_from_elsewhere_changes_nothing(url: str, runner: Told) -> None:
    answer = ask("PUT", f"{url}/faults", json={"*": {"drop": 1}}, headers=FOREIGN)
    assert answer.status_code == 403
    assert answer.json()["error"].endswith("not https://evil.example.")
    assert runner.changes == []


def test_what_a_refused_request_carries_is_not_taken_for_the_next_one(
    url: str, runner: Told
) -> None:
    smuggled = b"PUT /faults HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
    ask("PUT", f"{url}/faults", data=smuggled, headers=FOREIGN)
    assert ask("GET", f"{url}/status").ok
    assert runner.changes == []
