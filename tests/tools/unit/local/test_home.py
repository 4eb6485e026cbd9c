"""A stack keeps to its folder and to its ports."""

import socket
from pathlib import Path

import pytest

from scripts.local.errors import LocalError
from scripts.local.home import ROOT, Home, free_port, is_free


def test_stacks_live_below_build_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_HOME", raising=False)
    assert Home.from_environment().path == ROOT / "build" / "local"
    monkeypatch.setenv("LOCAL_HOME", "build/e2e")
    assert Home.from_environment().path == ROOT / "build" / "e2e"


def test_notes_outlive_the_command_that_took_them(tmp_path: Path) -> None:
    Home(tmp_path).notes.note(port="4566", url="http://there")
    Home(tmp_path).notes.forget("url")
    assert Home(tmp_path).notes["port"] == "4566"
    assert Home(tmp_path).notes["url"] is None


def test_forgetting_data_keeps_logs_and_ports(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.notes.note(port="4566", applied="abc", applying="yes", tried="yes", url="http://there")
    kept = home.packages / "one.zip"
    for file in (home.state, home.checkpoints / "one.json", kept, home.log("runner")):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    home.forget_data()
    left = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file())
    assert left == ["logs/runner.log", "notes.json"]
    assert home.notes["port"] == "4566"
    assert [home.notes[key] for key in ("applied", "applying", "tried", "url")] == [None] * 4


def test_two_commands_at_once_are_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with (
        home.locked(),
        pytest.raises(LocalError, match="another `make up` or `make down` is running"),
        home.locked(),
    ):
        pass
    with home.locked():
        pass


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert free_port(port) > port
