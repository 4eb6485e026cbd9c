"""What a run has printed ends where its process says so."""

import json
import queue
import subprocess
import sys

import pytest

from scripts.local.emulated import output
from scripts.local.emulated.output import END, OVER, printed, told_to_end

PROGRAM = """
import sys, json

def run():
    _real_stdout = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        _ms_ctx = json.loads(line)
        print(*_ms_ctx["says"], sep="\\n")
        _real_stdout.write("{}\\n")
        _real_stdout.flush()

run()
"""


def queued(*lines: str) -> "queue.Queue[str]":
    found: queue.Queue[str] = queue.Queue()
    for line in lines:
        found.put(line)
    return found


def test_the_lines_of_a_run_are_those_before_its_end() -> None:
    lines = queued("one", "two", f"{END}1", "of the next run", f"{END}2")
    assert printed(lines, "1") == "one\ntwo"
    assert printed(lines, "2") == "of the next run"


def test_a_run_may_print_nothing_and_empty_lines() -> None:
    assert printed(queued(f"{END}1"), "1") == ""
    assert printed(queued("", "", f"{END}1"), "1") == "\n"


def test_a_last_line_may_have_no_end_of_its_own() -> None:
    assert printed(queued("one", f"tw{END}1"), "1") == "one\ntw"


def test_of_a_process_that_has_ended_there_is_what_it_had_printed() -> None:
    assert printed(queued("one", "two", OVER), "1") == "one\ntwo"


def test_what_comes_too_late_for_one_run_is_in_the_next_and_no_later_one_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = queued("one")
    monkeypatch.setattr(output, "PATIENCE_SECONDS", 0.001)
    assert printed(lines, "1") == "one"
    monkeypatch.undo()
    for line in ("late", f"{END}1", "two", f"{END}2", "three", f"{END}3"):
        lines.put(line)
    assert printed(lines, "2") == "late\ntwo"
    assert printed(lines, "3") == "three"


def test_a_program_says_where_the_output_of_each_run_ends() -> None:
    runs = [{"request_id": "a", "says": ["one"]}, {"request_id": "b", "says": ["two", "three"]}]
    done = subprocess.run(
        [sys.executable, "-c", told_to_end(PROGRAM)],
        input="".join(json.dumps(run) + "\n" for run in runs),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == f"one\n{END}a\ntwo\nthree\n{END}b\n"
    assert done.stdout == "{}\n{}\n"


def test_a_program_that_ends_otherwise_is_refused() -> None:
    with pytest.raises(ValueError, match="another one than expected"):
        told_to_end("print()\n")
