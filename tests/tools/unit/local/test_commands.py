"""What a user does wrong, or what has gone wrong, is told in one sentence."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local.__main__ import main
from scripts.local.home import Home
from scripts.local.stack import Stack


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LOCAL_HOME", str(tmp_path))
    monkeypatch.delenv("PORT", raising=False)
    return Home(tmp_path)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def said(*words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return str(ended.value.code)


@pytest.mark.parametrize(
    "words",
    [["url"], ["status"], ["logs"], ["faults"], ["faults", "clear"], ["invoke", "walker", "{}"]],
)
def test_commands_that_need_the_stack_say_that_it_does_not_run(words: list[str]) -> None:
    assert said(*words) == "the local stack is not running; run `make up`"


def test_a_stack_that_has_died_is_not_taken_for_one_that_was_stopped(home: Home) -> None:
    home.notes.note(url="http://there")
    home.pid_file("emulator").write_text('[1, "another moment"]')
    log = home.log("emulator")
    assert said("url") == f"the local AWS has died, its log is {log}; run `make up`"


def test_a_port_that_is_taken_is_told(taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(taken_port))
    assert said("up") == f"port {taken_port} is taken; name another or leave PORT out"


@pytest.mark.parametrize("port", ["many", "80", "70000"])
def test_a_port_that_is_none_is_told(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    assert said("up") == f"PORT is a number from 1024 to 65535, not {port}"


def test_two_commands_do_not_get_into_each_others_way(home: Home) -> None:
    with home.locked():
        assert said("down") == "another `make up` or `make down` is running"


def test_down_without_a_stack_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    main(["down"])
    assert "is down" in capsys.readouterr().out


def test_a_new_stack_looks_for_a_port_that_is_free(home: Home, taken_port: int) -> None:
    home.notes.note(port=str(taken_port))
    assert Stack(home)._choose_port(None) > taken_port
