"""A test file can be read in one go."""

from tests.imports import ROOT, where

MOST_LINES = 500


def test_no_test_file_is_too_long_to_be_read() -> None:
    lengths = {
        where(path): len(path.read_text().splitlines())
        for path in sorted((ROOT / "tests").rglob("*.py"))
    }
    too_long = {name: lines for name, lines in lengths.items() if lines > MOST_LINES}
    assert too_long == {}, (
        f"A test file has at most {MOST_LINES} lines: {too_long}. Split it by what it is about, "
        "and move what its parts share to a module beside them."
    )
