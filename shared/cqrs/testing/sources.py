"""What functions and types come to: their source, and that of all that they use of their package.

It is text to compare, not to read. Comments, docstrings, layout, annotations in functions, and how
a class is made don't show in it, unless its JSON is another one. Constants of modules show with
their values, and functions with what they were made with: a partial's arguments, a closure's
variables. Of other objects the class shows, and their `repr` if that tells their content.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import inspect
import re
import sys
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from importlib import import_module
from types import CellType, EllipsisType, FunctionType, MethodType, ModuleType, NoneType, UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin

from cqrs.plain import Value, replace

__all__ = ["source_of", "values_made_in"]

PLAIN = (int, float, str, bytes, date, time, timedelta, Decimal, NoneType, EllipsisType)
NOT_OURS = {"cqrs", *sys.stdlib_module_names}
OF_JSON = {"array_like", "omit_defaults", "rename", "tag", "tag_field"}  # how a class is written


def source_of(roots: Any, without: Collection[type] = (), beside: Sequence[object] = ()) -> str:
    """`roots`: functions, types and values, in lists and mappings. `without`: classes of which only
    methods that are used matter, unless they are among the roots. `beside`: values that somebody
    else looks at.
    """
    reader = _Reader({_package(one) for one in _makers(roots)} - NOT_OURS, beside)
    return "\n".join([reader.told(roots), *reader.definitions(without)])


def values_made_in(roots: Any) -> dict[type[Value], set[str]]:
    """The classes of values that these functions and types name, or what they use of their package
    does; with the names of the fields that may be given, there or to a `replace`. That is all of
    them, unless a class is only ever called, with names of fields alone.
    """
    reader = _Reader({_package(one) for one in _makers(roots)} - NOT_OURS, ())
    reader.told(roots)
    reader.definitions(())
    found: dict[type[Value], set[str]] = {}
    replaced: set[str] = set()
    for node, here in reader.read:
        called = {id(one.func): one for one in ast.walk(node) if isinstance(one, ast.Call)}
        for one in ast.walk(node):
            if kind := _value_named(one, here):
                found.setdefault(kind, set()).update(_given(called.get(id(one)), kind))
            elif id(one) in called and replace in [v for _, v in _named(one, here)]:
                replaced.update(keyword.arg or "" for keyword in called[id(one)].keywords)
    return {kind: names | replaced & {*kind.__struct_fields__} for kind, names in found.items()}


class _Reader:
    def __init__(self, packages: Container[str], beside: Sequence[object]) -> None:
        self.read: list[tuple[ast.AST, Mapping[str, Any]]] = []
        self._packages = packages
        self._beside = beside
        self._found: dict[object, str] = {}
        self._waiting: list[Any] = []
        self._open: list[FunctionType] = []
        self._attributes: set[str] = set()

    def definitions(self, without: Collection[type]) -> list[str]:
        """Of what was told, and of all that they name."""
        roots = tuple(self._waiting)
        while self._waiting:
            one = self._waiting.pop()
            left_out = one in without and one not in roots
            if one not in self._found and self._is_ours(one) and not left_out:
                self._found[one] = ""  # it may name itself
                self._found[one] = self._written(one)
            if not self._waiting:
                methods = (each for kind in without for each in _methods(kind, self._attributes))
                new = (each for each in methods if each not in self._found and self._is_ours(each))
                self._waiting += new
        return sorted(self._found.values())

    def told(self, value: Any) -> str:
        """A value as text. Functions and classes are in it by name, and wait for their turn."""
        if any(value is one for one in self._beside):
            return type(value).__qualname__
        if isinstance(value, FunctionType) and hasattr(value, "registry"):  # a singledispatch
            return self.told([inspect.unwrap(value), value.registry])
        value = value if isinstance(value, partial) else inspect.unwrap(value)
        kind = get_origin(value)
        match value:
            case Enum():
                return f"{self.told(type(value))}.{value.name}"
            case _ if isinstance(value, PLAIN):
                return repr(value)
            case Mapping():
                return (
                    f"{{{', '.join(f'{self.told(k)}: {self.told(v)}' for k, v in value.items())}}}"
                )
            case list() | tuple():
                return f"[{', '.join(map(self.told, value))}]"
            case set() | frozenset():
                return f"{{{', '.join(sorted(map(self.told, value)))}}}"
            case re.Pattern():
                return f"{value.pattern!r} {value.flags}"
            case partial():
                return f"partial{self.told([value.func, value.args, value.keywords])}"
            case MethodType():
                return f"method{self.told([value.__self__, value.__func__])}"
            case FunctionType():
                return self._function(value)
            case _ if inspect.isroutine(value):
                return str(value.__qualname__)
            case NewType():
                return self.told(value.__supertype__)
            case _ if kind is Annotated:  # its rules are for input
                return self.told(get_args(value)[0])
            case _ if kind in (Union, UnionType):
                return " | ".join(map(self.told, get_args(value)))
            case _ if kind is not None:
                return f"{kind.__name__}{self.told(get_args(value))}"
            case type():
                self._waiting.append(value)
                return value.__qualname__
            case Value():
                fields = {name: getattr(value, name) for name in value.__struct_fields__}
                return f"{self.told(type(value))}{self.told(fields)}"
            case _ if dataclasses.is_dataclass(value):
                names = [each.name for each in dataclasses.fields(value)]
                content = {name: getattr(value, name) for name in names}
                return f"{self.told(type(value))}{self.told(content)}"
            case _:
                return f"{self.told(type(value))}{_content_of(value)}"

    def _function(self, function: FunctionType) -> str:
        """The name, if it says which function it is; else what is written there."""
        name = function.__qualname__
        if function in self._open:  # it is in its own closure
            return name
        self._open.append(function)
        if "<" in name and self._is_ours(function):  # <lambda>, and whatever is made in <locals>
            name = self._written(function)
        else:
            self._waiting.append(function)
        made_with = {
            variable: _content(cell)
            for variable, cell in zip(
                function.__code__.co_freevars, function.__closure__ or (), strict=True
            )
        }
        self._open.remove(function)
        return f"{name} {self.told(made_with)}" if made_with else name

    def _written(self, one: Any) -> str:
        """The source of a function or a class. What it names is found, or waits."""
        module = sys.modules[one.__module__]
        self._waiting += one.__bases__ if isinstance(one, type) else ()
        nodes = [_Bare().visit(copy.deepcopy(node)) for node in _nodes(one, module)]
        for node in nodes:
            here = {**vars(module), **self._imported_in(node, module)}
            self.read.append((node, here))
            self._attributes.update(_attributes(node))
            for name, value in _named(node, here):
                self._name(name, value, module)
        return "\n".join([one.__qualname__, *map(_text, nodes)])

    def _name(self, name: str, value: Any, module: ModuleType) -> None:
        """What a module calls `name`, if it is not from elsewhere."""
        if (module, name) in self._found or isinstance(value, ModuleType):
            return
        maker = inspect.unwrap(value)
        made_here = isinstance(maker, FunctionType | type)
        if self._is_ours(maker) if made_here else self._is_home(name, module):
            self._found[module, name] = ""
            self._found[module, name] = f"{name} = {self.told(value)}"
        elif (origin := _origin(name, module)).rpartition(".")[2] != name.partition(".")[0]:
            self._found[module, name] = f"{name} = {origin}"  # from elsewhere, by another name

    def _imported_in(self, definition: ast.AST, module: ModuleType) -> dict[str, Any]:
        """What a function imports of the package by itself."""
        found: dict[str, Any] = {}
        for node in ast.walk(definition):
            if isinstance(node, ast.ImportFrom):
                names = [a.name for a in node.names]
                if node.level or str(node.module).partition(".")[0] in self._packages:
                    there = __import__(node.module or "", vars(module), None, names, node.level)
                    found |= {a.asname or a.name: getattr(there, a.name) for a in node.names}
            elif isinstance(node, ast.Import):
                for a in node.names:
                    top = a.name.partition(".")[0]
                    if top in self._packages:
                        imported = import_module(a.name)
                        found[a.asname or top] = imported if a.asname else sys.modules[top]
        return found

    def _is_ours(self, one: Any) -> bool:
        return _package(one) in self._packages

    def _is_home(self, name: str, module: ModuleType) -> bool:
        """Whether a constant is defined in a module of the package, as far as imports tell."""
        origin = _origin(name, module)
        return not origin or origin.partition(".")[0] in self._packages


def _makers(roots: Any) -> Iterator[Any]:
    """The functions and classes among the roots."""
    match roots if isinstance(roots, partial) else inspect.unwrap(roots):
        case Mapping() as entries:
            yield from _makers([*entries.values()])
        case list() | tuple() as several:
            for one in several:
                yield from _makers(one)
        case partial() as one:
            yield from _makers([one.func, *one.args, *one.keywords.values()])
        case MethodType() as one:
            yield one.__func__
        case FunctionType() as one:
            yield from [one, *_makers([_content(cell) for cell in one.__closure__ or ()])]
        case kind if get_args(kind):
            yield from _makers(get_args(kind))
        case type() as one:
            yield one


def _package(one: Any) -> str:
    return str(one.__module__).partition(".")[0]


def _methods(kind: type, names: Container[str]) -> Iterator[FunctionType]:
    for name in (name for name in dir(kind) if name in names):
        one = inspect.getattr_static(kind, name)
        method = one.fget if isinstance(one, property) else inspect.unwrap(one)
        method = getattr(method, "__func__", method)
        if isinstance(method, FunctionType):
            yield method


def _content_of(value: object) -> str:
    """Its `repr`, unless that only says which one it is."""
    shown = re.sub(" at 0x[0-9a-f]+", "", repr(value))
    return "" if shown.startswith("<") else shown


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet assigned
        return None


# Syntax trees

NAMED = ast.ClassDef | ast.FunctionDef
Definition = NAMED | ast.Lambda


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


def _source(module: ModuleType) -> str:
    return inspect.getsource(module)


def _nodes(one: Any, module: ModuleType) -> list[Definition]:
    """Where a function or class is defined: of lambdas all of a line; none if it was generated."""
    there = _definitions(_source(module))
    if isinstance(one, FunctionType):
        line = one.__code__.co_firstlineno
        kind = ast.Lambda if one.__name__ == "<lambda>" else ast.FunctionDef
        return [node for node in there if isinstance(node, kind) and _first_line(node) == line]
    outer, *inner = one.__qualname__.replace(".<locals>", "").split(".")
    found = [node for node in there if getattr(node, "name", "") == outer]
    for name in inner:
        below = [below for node in found for below in ast.walk(node)]
        found = [node for node in below if isinstance(node, NAMED) and node.name == name]
    return found


@cache
def _definitions(source: str) -> list[Definition]:
    return [node for node in ast.walk(_parsed(source)) if isinstance(node, Definition)]


def _first_line(node: Definition) -> int:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return min(one.lineno for one in [node, *decorators])


def _origin(name: str, module: ModuleType) -> str:
    """What is imported as the beginning of a name, `math.floor`; nothing if none is."""
    return _imported(_source(module)).get(name.partition(".")[0], "")


@cache
def _imported(source: str) -> dict[str, str]:
    """Where each imported name is from."""
    found: dict[str, str] = {}
    for node in ast.walk(_parsed(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            tops = (a.name if a.asname else a.name.partition(".")[0] for a in node.names)
            found |= {a.asname or top: top for a, top in zip(node.names, tops, strict=True)}
    return found


class _Bare(ast.NodeTransformer):
    """Takes out what changes nothing: docstrings, annotations in functions, how a class is made."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        node.body = _without_texts(node.body)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list, node.bases = [], []
        node.keywords = [one for one in node.keywords if one.arg in OF_JSON]
        node.body = [
            one if isinstance(one, ast.AnnAssign) else self.visit(one)  # a field's type counts
            for one in _without_texts(node.body)
        ]
        return node


def _without_texts(body: list[ast.stmt]) -> list[ast.stmt]:
    return [
        one
        for one in body
        if not (
            isinstance(one, ast.Expr)
            and isinstance(one.value, ast.Constant)
            and isinstance(one.value.value, str)
        )
    ]


def _named(node: ast.AST, here: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is named, as `Line` is, `values.Line` and `VIEW.render`, and what that is."""
    if found := _found_by(node, here):
        yield found
    else:
        for child in ast.iter_child_nodes(node):
            yield from _named(child, here)


def _found_by(node: ast.AST, here: Mapping[str, Any]) -> tuple[str, Any] | None:
    match node:
        case ast.Name(id=name) if name in here:
            return name, here[name]
        case ast.Attribute(value=owner, attr=attribute):
            within, value = _found_by(owner, here) or ("", None)
            if isinstance(value, ModuleType | Value):
                return f"{within}.{attribute}", getattr(value, attribute, None)
    return None


def _attributes(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        match one:
            case ast.Attribute(attr=name):
                yield name
            case ast.MatchClass(kwd_attrs=names):
                yield from names


def _value_named(node: ast.AST, here: Mapping[str, Any]) -> type[Value] | None:
    """The class that an expression names, if it does nothing else."""
    _, kind = _found_by(node, here) or ("", None)
    return kind if isinstance(kind, type) and issubclass(kind, Value) else None


def _given(call: ast.Call | None, kind: type[Value]) -> set[str]:
    """The fields that are given where `kind` is called; all, if it isn't, or it does not tell."""
    names = {keyword.arg for keyword in call.keywords} if call and not call.args else {None}
    return {name for name in names if name} if None not in names else {*kind.__struct_fields__}


def _text(node: Any) -> str:
    """The same in every version of Python, which `ast.dump` and `ast.unparse` are not."""
    match node:
        case ast.AST():
            fields = [(n, v) for n, v in ast.iter_fields(node) if v is not None and v != []]
            inside = ", ".join(f"{n}={_text(v)}" for n, v in fields if n not in ("ctx", "kind"))
            return f"{type(node).__name__}({inside})"
        case list():
            return f"[{', '.join(map(_text, node))}]"
        case _:
            return repr(node)
