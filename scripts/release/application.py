"""What of the application crosses time or processes, found where the code says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, NamedTuple, get_type_hints

from cqrs.entrypoints.about import About, about_of
from cqrs.entrypoints.commands import CommandFunction, CommandRoute
from cqrs.errors import CqrsError
from cqrs.follow.process_managers import ProcessManager
from cqrs.history.events import EventTypes
from cqrs.plain import Value
from cqrs.testing.sources import values_made_in
from cqrs.write.decider import Decider
from scripts.build import application
from scripts.build.application import FUNCTIONS, made
from scripts.build.terraform.nouns import roles


class Route(NamedTuple):
    role: str
    about: About
    command: str | None = None


class Application(NamedTuple):
    """Deciders are by their service, commands by service and name, `orders.PlaceOrder`."""

    deciders: Mapping[str, Decider[Any, Any, Any]]
    commands: Mapping[str, CommandRoute]
    routes: Mapping[str, Route]
    views: Mapping[str, Any]
    processes: Mapping[str, ProcessManager]
    refusals: Mapping[str, Mapping[str, str]]

    @property
    def followers(self) -> dict[str, Any]:
        return {**self.views, **self.processes}

    @property
    def events(self) -> dict[str, EventTypes]:
        """By service: of what is decided, and of what is followed."""
        followed = [fold.events for one in self.followers.values() for fold in one.folds]
        decided = [decider.events for decider in self.deciders.values()]
        return {types.context: types for types in [*followed, *decided]}

    @property
    def services(self) -> dict[str, str]:
        """By the category of streams."""
        folds = [fold for one in self.followers.values() for fold in one.folds]
        followed = {fold.category: fold.events.context for fold in folds}
        return followed | {one.category: service for service, one in self.deciders.items()}

    def sent_by(self, process: ProcessManager) -> Iterator[tuple[str, type[Value], set[str]]]:
        """The messages that a process may send: whose command, or of which receiver; its class; and
        the names of its fields that may be given.
        """
        named = values_made_in(process.react)
        services = {*process.commands, *process.deadlines}
        for name, route in self.commands.items():
            if name.partition(".")[0] in services and route.command in named:
                yield name, route.command, named[route.command]
        for receiver, one in process.receivers.items():
            taken = values_made_in(type(one)).keys() & named.keys()
            inside = {part for kind in taken for part in get_type_hints(kind).values()}
            for kind in taken - inside:
                yield f"{receiver}.{kind.__name__}", kind, named[kind]


def this() -> Application:
    """The one in this repository. A route that Terraform leads to no function is none."""
    return Application(
        deciders=application.deciders(),
        commands=dict(_commands()),
        routes=dict(_routes()),
        views=application.views(),
        processes=application.processes(),
        refusals={service: _refusals(one) for service, one in application.doors().items()},
    )


def _commands() -> Iterator[tuple[str, CommandRoute]]:
    for function in FUNCTIONS:
        app, _ = made(function)
        if isinstance(app, CommandFunction):
            yield from ((_named(route), route) for route in app.taken.values())


def _named(route: CommandRoute) -> str:
    return f"{route.commands.service}.{route.command.__name__}"


def _refusals(door: ModuleType) -> dict[str, str]:
    """What a context refuses with: each code, and what that is to the library."""
    kinds = [one for one in vars(door).values() if isinstance(one, type)]
    return {one.code: _in_the_tree(one) for one in kinds if issubclass(one, CqrsError)}


def _in_the_tree(refusal: type[CqrsError]) -> str:
    """The error of the library that it is, which gives it its status."""
    known = next(one.__name__ for one in refusal.__mro__ if one.__module__ == CqrsError.__module__)
    return f"{known}, to be sent again" if refusal.retryable else known


def _routes() -> Iterator[tuple[str, Route]]:
    open_to = roles()
    for function in FUNCTIONS:
        app, _ = made(function)
        for route in getattr(app, "routes", {}).keys() & open_to.keys():
            answer = app.routes[route]
            if isinstance(answer, CommandRoute):
                told = Route(open_to[route], answer.about or About(""), _named(answer))
            else:
                told = Route(open_to[route], about_of(answer) or About(""))
            yield route, told
