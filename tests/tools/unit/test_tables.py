"""A table is readable where nobody looks at it with a terminal."""

import pytest

from scripts.tables import show


def test_in_a_pipe_a_row_is_a_line_however_long_and_nothing_but_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    long = "x" * 300
    show([(long, "7"), ("[bold]y[/no] :smile:", "12")], "what", "how many")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["what", "how", "many"], [long, "7"], ["[bold]y[/no]", ":smile:", "12"]]
