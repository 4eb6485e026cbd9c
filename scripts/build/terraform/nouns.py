"""What the shop's lists in Terraform say, read without Terraform: names, lists, texts, numbers."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from scripts.build.terraform.program import ROOT

Entry = Mapping[str, Any]
ROLES = ("public", "customer", "staff", "operator")


@cache
def nouns(name: str) -> dict[str, Entry]:
    """A map of maps in `locals` of the root: lists, texts and numbers of each entry, by name."""
    entries = re.findall(r"(?ms)^    (\w+)\s*= \{(.*?)(?:\}$|^    \}$)", _found(name)[1])
    return {key: dict(_values(entry)) for key, entry in entries}


@cache
def routes() -> dict[str, str]:
    """The functions that answer the API's routes."""
    return {route: entry["function"] for route, entry in _routes().items()}


def roles() -> dict[str, str]:
    """To whom the API's routes are open. Raises LookupError for one that does not say."""
    open_to = {route: str(entry.get("role")) for route, entry in _routes().items()}
    for route, role in open_to.items():
        if role not in ROLES:
            raise LookupError(
                f'"{route}" in {said_in("routes")} does not say to whom it is open: let it say '
                f"`role`, and one of {', '.join(ROLES)}"
            )
    return open_to


def _routes() -> dict[str, Entry]:
    said = _found("routes")[1] + _found("routes_of_the_frame")[1]
    entries = re.findall(r'(?m)^\s*"(\$default|[A-Z]+ /\S*)"\s*= \{(.*)\}$', said)
    return {route: dict(_values(entry)) for route, entry in entries}


def said_in(name: str) -> str:
    """The file that such a map is in."""
    return _found(name)[0]


@cache
def _found(name: str) -> tuple[str, str]:
    """In which file a map is, and its entries."""
    for path in sorted(ROOT.glob("*.tf")):
        text = re.sub(r"(?m)^\s*#.*$|\s# .*$", "", path.read_text())
        if body := re.search(rf"(?ms)^  {name}\s*= \{{(\}}$|$.*?^  \}}$)", text):
            return f"terraform/{path.name}", body[1]
    raise LookupError(f"no `{name} = {{` in the locals of terraform/*.tf")


def _values(entry: str) -> Iterator[tuple[str, Any]]:
    said = re.findall(r'(\w+)\s*= (?:\[(.*?)\]|"(.*?)"|true|(\d+))', entry)
    for key, several, text, number in said:
        yield key, int(number) if number else text or set(re.findall(r'"(\w+)"', several))
