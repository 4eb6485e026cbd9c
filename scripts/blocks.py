"""Blocks of a document that a program writes, between two comments."""

from pathlib import Path

from scripts.local.errors import LocalError


def replace_block(document: Path, begin: str, end: str, text: str) -> None:
    """Replaces what is between two marks. Raises LocalError if one of them is missing."""
    before, found, rest = document.read_text().partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise LocalError(f"{document} does not have both marks: {begin} {end}")
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}")
