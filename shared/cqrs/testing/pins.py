"""Pins: what must not change beside its number, written down as a digest.

A snapshot is read as long as its `state_schema` is the decider's. So whoever changes what a state
is, or what an event makes of it, has to raise that number, or old snapshots go on as if nothing had
changed. In the same way an index keeps the fields it was made with: other fields need another
`generation`. Nothing else tells who forgets it. A pin is a line with the number and a digest of
what it stands for:

    order 3 5d0c6b1f9a27
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import sys
import textwrap
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, get_args

from cqrs.views.searches import SearchView
from cqrs.write.decider import Decider

__all__ = ["pin_of", "unpinned"]


def pin_of(what: Decider[Any, Any, Any] | SearchView) -> str:
    """The line to write down. Of a decider it stands for `evolve`, the states, and all of the
    domain that they use.
    """
    if isinstance(what, SearchView):
        return f"{what.name} {what.generation} {_digest([json.dumps(what.fields, sort_keys=True)])}"
    events = what.events.schemas()  # as old ones are read as new ones, they are no matter
    known = _definitions([what.evolve, *_classes(what.state)], events)
    sources = [source for _, source in sorted(known.items())]
    return f"{what.category} {what.state_schema} {_digest([repr(what.initial), *sources])}"


def unpinned(what: Decider[Any, Any, Any] | SearchView, pins: Iterable[str]) -> str | None:
    """Advice, unless one of the lines is the pin of `what`."""
    now = pin_of(what)
    name, number, digest = now.split()
    before = [pin.split() for pin in pins if pin.split()[:1] == [name]]
    write = f"write `{now}`"
    if not before:
        return f"{name} has no pin: {write}"
    if before == [[name, number, digest]]:
        return None
    if len(before) > 1:
        return f"{name} has {len(before)} pins: {write} alone"
    if number != before[0][1]:
        return f"{name} has another number: {write} in place of `{' '.join(before[0])}`"
    if isinstance(what, SearchView):
        return (
            f"the fields of {name} have changed: raise its `generation`, as an index keeps the "
            f"fields it was made with, and try again"
        )
    return (
        f"the states of {name}, or its `evolve`, have changed: raise its `state_schema`, so that "
        "older snapshots are left alone, and try again. If the same events still lead to the same "
        f"states, written differently, only {write}"
    )


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def _classes(kind: Any) -> Iterator[type]:
    """The classes in a type: `Order` and `Draft` in `Order | Draft | None`."""
    if isinstance(kind, type):
        yield kind
    for inner in get_args(kind):
        yield from _classes(inner)


def _definitions(roots: Iterable[Any], without: Container[str]) -> dict[tuple[str, str], str]:
    """By module and name the source of what is named, and of all that this names of the same
    package: without comments, docstrings and layout, and without how a class is made.
    """
    found: dict[tuple[str, str], str] = {}
    waiting = [_unwrapped(root) for root in roots]
    packages = {_package(root) for root in waiting}
    while waiting:
        one = waiting.pop()
        name = (one.__module__, one.__qualname__)
        if name in found or name[1] in without or _package(one) not in packages:
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(one)))
        found[name] = ast.unparse(_bare(tree))
        waiting += _named(tree, vars(sys.modules[one.__module__]))
    return found


def _unwrapped(one: Any) -> Any:
    return inspect.unwrap(getattr(one, "func", one))  # of a partial


def _package(one: Any) -> str:
    return str(one.__module__).partition(".")[0]


def _bare(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.ClassDef):
            node.decorator_list, node.bases, node.keywords = [], [], []
    return tree


def _named(tree: ast.Module, here: Mapping[str, Any]) -> Iterator[Any]:
    """The functions and classes that are named, as `Line` is and `values.Line`."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name):
                found = here.get(name)
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                found = getattr(here.get(module), name, None)
            case _:
                continue
        if inspect.isfunction(found) or inspect.isclass(found):
            yield found
