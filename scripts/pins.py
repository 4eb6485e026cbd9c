"""Writes the pins of what is new, or has another number, and takes out those of what is gone. A pin
that its code has left stays as it is: a test tells, and a person judges.
"""

from __future__ import annotations

import sys
from importlib import import_module

from scripts.build.terraform.program import REPOSITORY


def main() -> str | None:
    """What is to be done first, or None."""
    sys.path.insert(0, str(REPOSITORY / "shared"))  # it looks at what runs elsewhere
    from cqrs.testing.pins import pinned_in, renewed

    files = [*(REPOSITORY / "tests").glob("*/pins.txt")]
    if len(files) != 1:
        return "Pins are in one file, tests/<application>/pins.txt: make it, empty."
    (file,) = files
    try:
        everything = pinned_in(import_module("domain"))
    except Exception as error:  # the checks tell more
        print(f"No pin is written as long as the domain can't be imported: {error}")
        return None
    lines = renewed(everything, filter(str.strip, file.read_text().splitlines()))
    file.write_text("".join(f"{line}\n" for line in lines))
    return None


if __name__ == "__main__":
    sys.exit(main())
