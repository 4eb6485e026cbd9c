"""A whole local stack: emulator, search, deployment, stream runner."""

import functools
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.local import deployment, emulator, search, updates
from scripts.local.application import Smoke, TimedOutError
from scripts.local.clients import Clients
from scripts.local.errors import BusyError, LocalError
from scripts.local.home import (
    FIRST_CONTROL_PORT,
    FIRST_PORT,
    FIRST_SEARCH_PORT,
    ROOT,
    Home,
    choosing_ports,
    free_port,
    is_free,
)
from scripts.local.lags import Lags
from scripts.local.process import Process
from scripts.local.streams.control import Control
from scripts.local.streams.runner import read_mappings
from scripts.local.tokens import token_of
from scripts.local.waiting import Patience, Show, Walked

RUNNER_START_SECONDS = 20.0
WALK_PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Addresses:
    """`url` is the API's, `endpoint` the one for AWS clients, `control` the stream runner's, and
    `search` that of OpenSearch, if there is one.
    """

    url: str
    endpoint: str
    control: str
    search: str | None


class Stack:
    """`Stack(Home(path)).up()` is what the end-to-end tests use.

    `search_url` is an OpenSearch that somebody else starts and stops. Without it the stack has one
    of its own.
    """

    def __init__(
        self,
        home: Home,
        say: Callable[[str], None] = lambda text: None,
        search_url: str | None = None,
        show: Show = lambda shown: None,
    ) -> None:
        self.home = home
        self._say = say
        self._given_search_url = search_url
        self._notes = home.notes
        self._show = show
        self._patience = Patience(self.lags, show)

    # Up and down

    def up(self, port: str | None = None) -> Addresses:
        """Starts what does not run, and applies what has changed."""
        deployment.require_terraform()
        with self.home.locked():
            self._start_servers(port)
            with self._step("packages"):
                deployment.build_packages(self.home)
            self._apply()
            self._update()
            self._serve()
        return self.addresses()

    def start(self) -> None:
        """Starts a local AWS with nothing in it, for somebody else to deploy to: then `serve`."""
        with self.home.locked():
            self._start_servers()

    def serve(self) -> None:
        """Lets work what was deployed by somebody else."""
        with self.home.locked():
            self._notes.note(url=deployment.api_url(self.endpoint))
            self._serve()

    def _start_servers(self, port: str | None = None) -> None:
        with choosing_ports():
            self._start_emulator(port)
            self._start_search()

    def _serve(self) -> None:
        with choosing_ports():
            self._start_runner()
        with self._step("views"):
            self.fill_views()

    def try_out(self, smoke: Smoke) -> str | None:
        """Runs the smoke test until it has passed once. Returns the session that it ends with."""
        if self._notes["tried"]:
            return None
        try:
            self.require_no_faults()
        except LocalError as error:
            self._say(f"Not tried out: {error}\n")
            return None
        with self._step("trying it out"):
            self._patience.until_caught_up()
            try:
                session = smoke.run(self.addresses().url, self._patience.until, self.token)
            except TimedOutError as error:
                if not self._has_much_to_do():
                    raise
                self._say(f"{error}. It has too much to do; the next `make up` tries again. ")
                return None
        self._notes.note(tried="yes")
        return session

    def _has_much_to_do(self) -> bool:
        try:
            return self.lags().behind > 0
        except BusyError:
            return True

    def down(self) -> None:
        """Stops what runs and forgets the data. Logs and port numbers stay."""
        with self.home.locked():
            self._stop_all()

    def _stop_all(self) -> None:
        deployment.process(self.home).stop()  # of a command that was killed
        self.runner.stop()
        self.emulator.stop()
        self.search.stop()
        if self._given_search_url:
            search.forget(self._given_search_url)
        self.home.forget_data()

    def _start_emulator(self, wanted: str | None = None) -> None:
        port = self._choose_port(wanted)
        if self.emulator.is_alive() and emulator.is_healthy(port):
            return
        if self.emulator.was_started():
            self._say("The local AWS has died, and what it held is lost with it: starting anew.\n")
        self._stop_all()
        self._notes.note(port=str(port))
        with self._step(f"local AWS on port {port}"):
            emulator.start(self.home, port)

    def _choose_port(self, wanted: str | None) -> int:
        """The one in use; else the one that is wanted; else that of last time; else a free one."""
        noted = self._notes["port"]
        if noted and self.emulator.is_alive():
            if wanted and wanted != noted:
                raise LocalError(f"the stack runs on port {noted} already; run `make down` first")
            return int(noted)
        if not wanted:
            return free_port(int(noted or FIRST_PORT))
        if not wanted.isdigit() or not 1024 <= int(wanted) <= 65535:
            raise LocalError(f"PORT is a number from 1024 to 65535, not {wanted}")
        if not is_free(int(wanted)):
            raise LocalError(f"port {wanted} is taken; name another or leave PORT out")
        return int(wanted)

    # Search

    def _start_search(self) -> None:
        """What it held is lost when it dies, and is filled in again."""
        if given := self._given_search_url:
            self.search.stop()
            if not search.is_healthy(given):
                raise LocalError(f"there is no OpenSearch at {given}")
            if self.search_url != given:
                search.forget(given)  # what an earlier stack may have left in it
            self._notes.note(search_url=given)
            return
        if not search.is_installed():
            self._say(
                "No local OpenSearch: going on without search. OPENSEARCH_URL can name one.\n"
            )
            self._notes.forget("search_url")
            return
        noted = self._notes["search_port"]
        if noted and self.search.is_alive() and search.is_healthy(f"http://127.0.0.1:{noted}"):
            return
        if self.search.was_started():
            self._say("The local OpenSearch has died: starting anew.\n")
            self.search.stop()
        port = free_port(int(noted or FIRST_SEARCH_PORT))
        self._notes.note(search_port=str(port), search_url=f"http://127.0.0.1:{port}")
        with self._step(f"local OpenSearch on port {port}"):
            search.start(self.home, port)

    def fill_views(self) -> None:
        """Returns when queries and searches find all that the stores have, also in new views.
        Views that the code makes other rows of than before are rebuilt.
        """
        told: dict[str, Any] = {}

        def missing() -> str:
            try:
                told.update(self.invoke("walker", {}))
            except BusyError as error:
                return str(error)
            unfilled = ", ".join(told["unfilled"])
            return f"the views can't be filled: {unfilled}; {told['errors']}" if unfilled else ""

        self._patience.until(missing)
        for view in told["changed"]:
            self._say(f"rebuilding {view} ... ")
            started = self.ask("walker", {"rebuild": view})
            walk = self.end_of(started["walk"])
            if walk["gave_up"]:
                raise LocalError(f"{view} can't be rebuilt: {walk['gave_up']}; see `make walks`")
            self.ask("walker", {"switch": view, "generation": started["generation"]})

    # Deployment

    def _apply(self) -> None:
        """Skipped when nothing that goes into it has changed: the plan alone takes seconds."""
        if self._notes["applied"] == deployment.fingerprint(self._variables):
            return
        was_unfinished = self._notes["applying"] is not None
        is_first = self._notes["url"] is None
        try:
            self._apply_now(refresh=was_unfinished)  # what it noted then may not be so
        except deployment.OccupiedError:
            # Terraform did not note what it had just made: it was stopped, or an answer was lost.
            if not (was_unfinished or is_first):
                raise
            self._say("An `up` ended half-way, and can't be gone on with: starting anew.\n")
            self._stop_all()
            with choosing_ports():
                self._start_emulator()
                self._start_search()
            self._apply_now()

    def _apply_now(self, *, refresh: bool = False) -> None:
        applied = deployment.fingerprint(self._variables)
        self._notes.forget("applied")
        self._notes.note(applying="yes")  # stays behind when this goes wrong
        with self._step("terraform apply"):
            try:
                deployment.apply(self.home, self.endpoint, self._variables, refresh=refresh)
            except LocalError:
                self._require_emulator()
                raise
        self._notes.forget("applying")
        self._notes.note(applied=applied, url=deployment.api_url(self.endpoint))

    @property
    def _variables(self) -> dict[str, Any]:
        return deployment.variables(self.home, self.endpoint, self.search_url)

    def _update(self) -> None:
        with self._step("code"):
            waves = deployment.waves(self.home)
            changed = updates.update(self.clients, deployment.PACKAGES, waves)
        if changed:
            self._say(f"  new: {', '.join(changed)}\n")

    def _require_emulator(self) -> None:
        if not self.emulator.is_alive():
            raise LocalError(f"the local AWS has died; its log is {self.emulator.log}")

    # The stream runner

    def _start_runner(self) -> None:
        """Started again when the mappings or its own code have changed."""
        serves = _digest([repr(read_mappings(self.clients)).encode(), *_sources()])
        control_port = self._notes["control_port"]
        if control_port and self.runner.is_alive() and self._notes["serves"] == serves:
            return
        self.runner.stop()
        port = free_port(int(control_port or FIRST_CONTROL_PORT))
        self._notes.note(control_port=str(port), serves=serves)
        command = [sys.executable, "-m", "scripts.local.streams", self.endpoint, str(port)]
        with self._step("stream runner"):
            self.runner.start([*command, str(self.home.checkpoints)], os.environ, ROOT)
            self._wait_for_runner()

    def _wait_for_runner(self) -> None:
        deadline = time.monotonic() + RUNNER_START_SECONDS
        while not self.control.is_up():
            if not self.runner.is_alive() or time.monotonic() > deadline:
                raise LocalError(f"the stream runner did not start: {self.runner.last_words()}")
            time.sleep(0.02)

    # Asking

    @property
    def emulator(self) -> Process:
        return emulator.process(self.home)

    @property
    def search(self) -> Process:
        return search.process(self.home)

    @property
    def search_url(self) -> str | None:
        """Where searches go, None if there is no search."""
        return self._notes["search_url"]

    @property
    def runner(self) -> Process:
        return Process(self.home.pid_file("runner"), self.home.log("runner"))

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._notes['port']}"

    @property
    def control(self) -> Control:
        return Control(f"http://127.0.0.1:{self._notes['control_port']}")

    @property
    def clients(self) -> Clients:
        return _clients(self.endpoint)

    def is_healthy(self) -> bool:
        """Whether the local AWS answers."""
        return emulator.is_healthy(int(self._notes["port"] or 0))

    def addresses(self) -> Addresses:
        """Raises when the stack is not up."""
        url = self._notes["url"]
        if self.emulator.was_started() and not self.emulator.is_alive():
            log = self.emulator.log
            raise LocalError(f"the local AWS has died, its log is {log}; run `make up`")
        if not url or not self.emulator.is_alive():
            raise LocalError("the local stack is not running; run `make up`")
        return Addresses(url, self.endpoint, self.control.url, self.search_url)

    def token(self, who: str) -> str:
        """An access token of staff, of the operator, or of a customer of that name."""
        self.addresses()
        return token_of(who, self.clients, self._notes)

    def function_names(self, name: str = "") -> list[str]:
        """The functions called so in full or by the end of their name; without a name, all."""
        self.addresses()
        pages = self.clients.client("lambda").get_paginator("list_functions").paginate()
        known = sorted(f["FunctionName"] for page in pages for f in page["Functions"])
        found = [f for f in known if not name or f == name or f.endswith(f"-{name}")]
        if not found:
            raise LocalError(f"there is no function {name}; there are {', '.join(known)}")
        return found

    def invoke(self, name: str, event: Any) -> Any:
        """Invokes the function called so; returns its answer."""
        names = self.function_names(name)
        if len(names) > 1:
            raise LocalError(f"which one: {', '.join(names)}?")
        try:
            answer = self.clients.client("lambda").invoke(
                FunctionName=f"{names[0]}:{updates.LIVE}", Payload=json.dumps(event).encode()
            )
            payload = json.loads(answer["Payload"].read())
        except (BotoCoreError, ClientError) as error:
            kind = BusyError if "TooManyRequests" in str(error) else LocalError
            raise kind(f"{names[0]} can't be invoked: {error}") from None
        if answer.get("FunctionError"):
            raise LocalError(f"{names[0]} failed: {payload}; see `make logs FUNCTION={name}`")
        return payload

    def lags(self) -> Lags:
        """Counts how far every view and process is behind the stores."""
        return Lags.of(self.invoke("operator", {"behind": True}))

    def ask(self, function: str, event: Any) -> dict[str, Any]:
        """What a function answers to an operator. Raises LocalError if that is an error."""
        told: dict[str, Any] = self.invoke(function, event)
        if "error" in told:
            raise LocalError(told["error"])
        return told

    def walk(self, event: Any) -> dict[str, Any]:
        """Has the walker start a walk, and waits for its end."""
        return self.end_of(self.ask("walker", event)["walk"])

    def end_of(self, walk: dict[str, Any]) -> dict[str, Any]:
        """Waits for the end of a walk."""
        while not walk["ended"]:
            self._show(Walked.of(walk))
            time.sleep(WALK_PAUSE_SECONDS)
            walk = self.invoke("walker", {"walks": True})["walks"][walk["purpose"]]
        self._show(None)
        return walk

    def waiting(self) -> int:
        """The number of commands that are due and not delivered."""
        processes = self.invoke("operator", {"waiting": True})["waiting"].values()
        return sum(len(due) for rows in processes for due in rows.values())

    def faults(self) -> dict[str, str]:
        """The knobs that are set, by function."""
        knobs = self.control.faults()
        told = {
            name: " ".join(f"{k}={v:g}" for k, v in set_.items()) for name, set_ in knobs.items()
        }
        return {name: text for name, text in told.items() if text}

    def require_no_faults(self) -> None:
        """Raises LocalError where knobs are set: what is waited for might never come."""
        self.addresses()
        if faults := self.faults():
            told = "; ".join(f"{name} has {knobs}" for name, knobs in faults.items())
            raise LocalError(f"{told}. `make faults SET=clear` ends that.")

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        self._say(f"{what} ... ")
        try:
            yield
        except BaseException:
            self._say("failed\n")
            raise
        self._say(f"{time.monotonic() - began:.1f} s\n")


_clients = functools.cache(Clients)


def _sources() -> list[bytes]:
    return [file.read_bytes() for file in sorted(Path(__file__).parent.glob("**/*.py"))]


def _digest(parts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
