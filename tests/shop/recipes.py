"""The recipes of CONTRIBUTING.md, step by step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.clones import ROOT, Clone


class Step(NamedTuple):
    file: str
    make: Callable[[Clone], object]
    hunk: str = ""


def recipes() -> dict[str, list[Step]]:
    """The steps of every chapter that has some."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    chapters = re.findall(r"(?ms)^## (.*?)\n(.*?)(?=^## |\Z)", page)
    return {title: steps for title, text in chapters if (steps := list(steps_in(text)))}


def steps_in(chapter: str) -> Iterator[Step]:
    for prose, kind, code in re.findall(r"(?ms)(.*?)^```(\w*)\n(.*?)^```$", chapter):
        files = re.findall(r"\*\*`(\S+)`\*\*", prose)
        match kind:
            case "bash":
                yield Step("", running(code))
            case "diff":
                yield from (Step(files[-1], editing(files[-1], h), h) for h in code.split("@@\n"))
            case _:
                yield Step(files[-1], writing(files[-1], code))


def running(script: str) -> Callable[[Clone], object]:
    return lambda clone: clone.bash(script)


def writing(file: str, text: str) -> Callable[[Clone], object]:
    def make(clone: Clone) -> None:
        path = clone.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return make


def editing(file: str, hunk: str) -> Callable[[Clone], object]:
    """Lines come and go, at the one place where those are that stay and go."""

    def make(clone: Clone) -> None:
        path = clone.folder / file
        path.write_text(edited(path.read_text(), hunk, file))

    return make


def edited(text: str, hunk: str, file: str) -> str:
    """Spaces are not compared: `terraform fmt` aligns what stands beside a longer name anew."""
    lines = [(line[:1], line[1:]) for line in hunk.splitlines()]
    before = [line for sign, line in lines if sign != "+"]
    pattern = "".join(rf"^{' +'.join(map(re.escape, re.split(' +', line)))}\n" for line in before)
    found = list(re.finditer(pattern, text, re.MULTILINE))
    assert len(found) == 1, MISQUOTED.format(file=file, times=len(found), place="\n".join(before))
    (place,) = found
    there = iter(place[0].splitlines())
    after = [line if sign == "+" else next(there) for sign, line in lines]
    kept = [line for (sign, _), line in zip(lines, after, strict=True) if sign != "-"]
    return text[: place.start()] + "".join(f"{line}\n" for line in kept) + text[place.end() :]


MISQUOTED = (
    "CONTRIBUTING.md quotes these lines of {file}, which has them {times} times. If you changed"
    " them, quote what is there now:\n{place}"
)
