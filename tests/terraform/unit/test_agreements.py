"""What is said in two places is the same in both: in the code and in Terraform, where a view is and
in its context's door. Whoever forgets a place is told which.
"""

import json
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from msgspec import StructMeta

from cqrs.entrypoints.callers import Role
from cqrs.entrypoints.wiring import Wiring
from cqrs.follow.process_managers import ProcessManager
from cqrs.history.events import EventTypes
from cqrs.settings import Settings
from cqrs.views.rows import KeyedByEntity
from scripts.build.application import (
    CONTEXTS,
    FUNCTIONS,
    Everything,
    deciders,
    made,
    processes,
    services_of,
    views,
    views_in,
)
from scripts.build.terraform.nouns import nouns, roles, routes, said_in

ROOT = Path(__file__).parents[3]
OF_THE_FRAME = {
    "docs",
    "event_publisher",
    "walker",
    "recoverer",
    "deliverer",
    "operator",
}  # Terraform knows these without the shop's lists
NOUNS = ("appends", "claims", "reads", "keeps", "queries")


def agree(is_so: bool, otherwise: str) -> None:
    """Fails with a sentence that says what to do, and nothing else."""
    if not is_so:
        pytest.fail(otherwise, pytrace=False)


def test_every_function_has_a_folder_and_an_entry() -> None:
    folders, entries = {*FUNCTIONS} - OF_THE_FRAME, nouns("functions").keys()
    agree(
        folders == entries,
        f"only in functions/: {sorted(folders - entries)}; only in {said_in('functions')}: "
        f"{sorted(entries - folders)}. A function is in both, or in none",
    )


class TestFunctions:
    @pytest.mark.parametrize("function", sorted({*FUNCTIONS} - OF_THE_FRAME))
    def test_a_function_uses_what_terraform_lets_it_use(self, function: str) -> None:
        _, uses = made(function)
        entry = nouns("functions").get(function, {})
        for noun in NOUNS:
            used, given = uses.get(noun, set()), entry.get(noun, set())
            agree(
                used == given,
                f"functions/{function}/handler.py {noun} {sorted(used)}, but its entry in "
                f"{said_in('functions')} says {noun} = {sorted(given)}: make them the same",
            )

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_a_function_answers_the_routes_that_lead_to_it(self, function: str) -> None:
        answered = set(getattr(made(function)[0], "routes", ()))
        routed = {route for route, owner in routes().items() if owner == function}
        agree(
            answered == routed,
            f"only in functions/{function}/handler.py: {sorted(answered - routed)}; "
            f"only in {said_in('routes')}: {sorted(routed - answered)}. "
            "A route is in both, or in none",
        )

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_a_function_lets_its_routes_be_open_to_whom_they_are(self, function: str) -> None:
        """Else it fails on Lambda, before it answers anything."""
        app = import_module(f"functions.{function}.handler").app(Wiring(Settings(Everything())))
        open_to = {route: Role(role) for route, role in roles().items()}
        routed = getattr(app, "routes", {}).keys()
        wrong = ""
        if routed and routed <= open_to.keys():
            try:
                app.open_to({route: open_to[route] for route in routed}, "groups")
            except LookupError as error:
                wrong = str(error)
        agree(
            not wrong,
            f"{wrong}: say there whose it is (docs/adr/0026-who-may.md), or let "
            f"{said_in('routes')} open it to another role",
        )


def test_what_a_path_names_is_what_handlers_read() -> None:
    odd = [route for route in routes() if {*re.findall(r"{(.*?)}", route)} - {"id"}]
    agree(not odd, f"{odd} in {said_in('routes')}: what a path names is called {{id}}")


def test_pages_may_send_what_functions_read() -> None:
    edge = "".join(path.read_text() for path in (ROOT / "shared/cqrs/entrypoints").glob("*.py"))
    rules = (ROOT / "terraform/modules/http_api/main.tf").read_text()
    (names,) = re.findall(r"allow_headers += (\[.*\])", rules)
    read = {name.title() for name in re.findall(r'headers\.get\("([a-z-]+)"', edge)}
    agree(
        {*json.loads(names)} == read | {"Content-Type"},
        f"allow_headers in terraform/modules/http_api/main.tf are {names}, but functions read "
        f"{sorted(read)}: make them the same, with Content-Type",
    )


class TestServices:
    def test_every_service_that_decides_has_a_store(self) -> None:
        said, known = nouns("services").keys(), deciders().keys()
        agree(
            said == known,
            f"only in the doors of shared/domain: {sorted(known - said)}; "
            f"only in {said_in('services')}: {sorted(said - known)}. "
            "A service is in both, or in none",
        )

    @pytest.mark.parametrize("service", sorted(deciders()))
    def test_a_service_that_has_guards_has_a_store_for_them(self, service: str) -> None:
        guarded = "guards" in nouns("services").get(service, {})
        agree(
            guarded == deciders()[service].has_guards,
            f"say `guards = true` of {service} in {said_in('services')} if its decider has "
            "guards, and nothing if not",
        )

    @pytest.mark.parametrize("service", sorted(deciders()))
    def test_what_a_service_tells_of_itself_is_answered_by_a_function(self, service: str) -> None:
        if (ROOT / f"shared/domain/{service}/facts.py").exists():
            read = set().union(*(made(function)[1].get("reads", set()) for function in FUNCTIONS))
            agree(
                service in read,
                f"nobody answers shared/domain/{service}/facts.py: add {service}_queries, "
                "or take the facts out",
            )


class TestViews:
    @pytest.mark.parametrize("context", CONTEXTS)
    def test_every_view_is_in_its_contexts_door(self, context: str) -> None:
        """So it is swept, and its parked streams are found."""
        folder = ROOT / "shared/domain" / context
        modules = [import_module(f"domain.{context}.{p.stem}") for p in folder.glob("[a-z]*.py")]
        defined = {
            view.name
            for module in modules
            for view in vars(module).values()
            if isinstance(view, KeyedByEntity) and not isinstance(view, ProcessManager)
            if _defines(module, view)
        }
        out = {view.name for view in views_in(import_module(f"domain.{context}"))}
        agree(
            defined == out,
            f"add {sorted(defined - out)} to VIEWS (or SEARCH_VIEWS) in "
            f"shared/domain/{context}/__init__.py",
        )

    def test_terraform_keeps_the_views_that_the_doors_let_out(self) -> None:
        kept = nouns("views")
        agree(
            kept.keys() == views().keys(),
            f"only in the doors of shared/domain: {sorted(views().keys() - kept.keys())}; "
            f"only in {said_in('views')}: {sorted(kept.keys() - views().keys())}. "
            "A view is in both, or in none",
        )

    @pytest.mark.parametrize("name", sorted(views()))
    def test_a_view_is_in_terraform_what_it_is_in_the_code(self, name: str) -> None:
        view, entry = views()[name], nouns("views").get(name, {})
        said = {
            "kind": entry.get("kind", "row"),
            "follows": entry.get("follows", set()),
            "lists": entry.get("lists", set()),
        }
        meant = {"kind": view.kind, "follows": services_of(view), "lists": set(view.lists)}
        agree(
            said == meant,
            f"make the entry of {name} in {said_in('views')} what its module says: {meant}",
        )


class TestProcesses:
    def test_terraform_keeps_the_processes_that_the_doors_let_out(self) -> None:
        kept = nouns("processes")
        agree(
            kept.keys() == processes().keys(),
            f"only in PROCESSES of the doors: {sorted(processes().keys() - kept.keys())}; "
            f"only in {said_in('processes')}: {sorted(kept.keys() - processes().keys())}. "
            "A process is in both, or in none",
        )

    @pytest.mark.parametrize("name", sorted(processes()))
    def test_a_process_is_in_terraform_what_it_is_in_the_code(self, name: str) -> None:
        process, entry = processes()[name], nouns("processes").get(name, {})
        said = {noun: entry.get(noun, set()) for noun in ("follows", "commands", "deadlines")}
        meant = {
            "follows": services_of(process),
            "commands": set(process.commands),
            "deadlines": set(process.deadlines),
        }
        agree(
            said == meant,
            f"make the entry of {name} in {said_in('processes')} what its module says: {meant}",
        )


@pytest.mark.parametrize(
    ("function", "tended"),
    [
        ("walker", views().keys() | processes().keys()),
        ("recoverer", views().keys() | processes().keys()),
        ("operator", views().keys() | processes().keys()),
        ("deliverer", processes().keys()),
    ],
)
def test_every_view_and_process_is_looked_after(function: str, tended: set[str]) -> None:
    _, uses = made(function)
    agree(
        uses["keeps"] == tended,
        f"shared/domain/followed.py leaves out {sorted(tended - uses['keeps'])}: "
        "add VIEWS, SEARCH_VIEWS or PROCESSES of their context's door",
    )


DECIDING = [c for c in CONTEXTS if (ROOT / f"shared/domain/{c}/commands.py").exists()]


@pytest.mark.parametrize("context", DECIDING)
class TestUnions:
    """What is not in the union no `match` has to handle, so nothing would miss it."""

    def test_every_event_is_in_the_union(self, context: str) -> None:
        events = import_module(f"domain.{context}.events")
        (types,) = [value for value in vars(events).values() if isinstance(value, EventTypes)]
        forgotten = types.schemas().keys() - in_unions(events, "Event")
        agree(
            not forgotten,
            f"add {sorted(forgotten)} to the union at the end of shared/domain/{context}/events.py",
        )

    def test_every_command_is_in_the_union(self, context: str) -> None:
        commands = import_module(f"domain.{context}.commands")
        defined = {
            name
            for name, value in vars(commands).items()
            if isinstance(value, StructMeta) and value.__module__ == commands.__name__
        }
        forgotten = defined - in_unions(commands, "Command")
        agree(
            not forgotten,
            f"add {sorted(forgotten)} to the union at the end of "
            f"shared/domain/{context}/commands.py",
        )

    def test_every_command_has_a_route(self, context: str) -> None:
        handlers = "".join(path.read_text() for path in (ROOT / "functions").glob("*/handler.py"))
        commands = in_unions(import_module(f"domain.{context}.commands"), "Command")
        forgotten = sorted(name for name in commands if not re.search(rf"\b{name},", handlers))
        agree(not forgotten, f"{forgotten}: add a route (or a message) in functions/*_commands")


def in_unions(module: ModuleType, suffix: str) -> set[str]:
    unions = [union for name, union in vars(module).items() if name.endswith(suffix)]
    return {kind.__name__ for union in unions for kind in get_args(union) or [union]}


def _defines(module: ModuleType, view: KeyedByEntity) -> bool:
    """Whether it is this module that the view is made in, not one that it came to by import."""
    names = [name for name, value in vars(module).items() if value is view]
    text = Path(str(module.__file__)).read_text()
    return any(re.search(rf"(?m)^{name}\b.*= ", text) for name in names)
