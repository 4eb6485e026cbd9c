"""What a run has printed ends where its process says so."""

import json
import queue
import subprocess
import sys

import pytest

from scripts.local.emulated.output import END, printed, told_to_end

PROGRAM = """
import sys, json

def run():
    _real_stdout = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        print(*json.loads(line), sep="\\n")
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
    lines = queued("one", "two", END, "of the next run", END)
    assert printed(lines) == "one\ntwo"
    assert printed(lines) == "of the next run"


def test_a_run_may_print_nothing() -> None:
    assert printed(queued(END)) == ""


def test_a_last_line_may_have_no_end_of_its_own() -> None:
    assert printed(queued("one", "tw" + END)) == "one\ntw"


def test_of_a_process_that_died_there_is_what_it_had_printed() -> None:
    assert printed(queued("one", "two")) == "one\ntwo"


def test_a_program_says_where_the_output_of_each_run_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", told_to_end(PROGRAM)],
        input=json.dumps(["one"]) + "\n" + json.dumps(["two", "three"]) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == f"one\n{END}\ntwo\nthree\n{END}\n"
    assert done.stdout == "{}\n{}\n"


def test_a_program_that_ends_otherwise_is_refused() -> None:
    with pytest.raises(ValueError, match="another one than expected"):
        told_to_end("print()\n")
