"""A process is stopped only if it is the one that was started."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local.process import Process

FOREVER = [sys.executable, "-c", "import time; print('hello', flush=True); time.sleep(600)"]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path / "run" / "program.pid", tmp_path / "logs" / "program.log")
    yield process
    process.stop()


def test_a_process_runs_until_it_is_stopped(process: Process, tmp_path: Path) -> None:
    process.start(FOREVER, os.environ, tmp_path)
    assert process.is_alive()
    process.stop()
    assert not process.is_alive()
    assert not process.was_started()


def test_another_command_finds_it_by_its_file(process: Process, tmp_path: Path) -> None:
    process.start(FOREVER, os.environ, tmp_path)
    found = Process(process.pid_file, process.log)
    assert found.is_alive()
    found.stop()
    assert not process.is_alive()


def test_a_process_that_somebody_else_started_is_stopped_too(process: Process) -> None:
    started = subprocess.Popen(FOREVER, stdout=subprocess.DEVNULL)
    process.note(started.pid)
    assert process.is_alive()
    process.stop()
    assert not process.is_alive()
    started.wait(10)


def test_how_a_process_of_somebody_else_ends_is_left_to_them(process: Process) -> None:
    with subprocess.Popen([sys.executable, "-c", "exit(3)"], stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        started.stdout.read()  # until it has ended
        process.note(started.pid)
        assert started.wait() == 3


def test_a_pid_that_was_given_to_another_process_is_left_alone(process: Process) -> None:
    process.pid_file.parent.mkdir()
    process.pid_file.write_text(json.dumps([os.getpid(), "another moment"]))
    assert not process.is_alive()
    process.stop()  # would end this test run
    assert not process.was_started()


def test_a_file_that_was_cut_off_means_no_process(process: Process) -> None:
    process.pid_file.parent.mkdir()
    process.pid_file.write_text("[12")
    assert not process.is_alive()
    assert process.was_started()


def test_the_last_words_of_a_process_are_those_before_its_end(
    process: Process, tmp_path: Path
) -> None:
    script = "print('why'); print('not'); print()"
    process.start([sys.executable, "-c", script], os.environ, tmp_path)
    while process.is_alive():
        pass
    assert process.last_words() == "not"
    assert process.was_started()


def test_how_a_process_ended_is_left_to_whoever_started_it(process: Process) -> None:
    child = subprocess.Popen(["false"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody asked yet
    process.note(child.pid)
    assert child.wait() == 1
    assert not process.is_alive()
