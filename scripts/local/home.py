"""Where a local stack keeps everything it writes, and on which ports it listens."""

import fcntl
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.local.errors import LocalError

ROOT = Path(__file__).resolve().parents[2]
FIRST_PORT = 4566
FIRST_CONTROL_PORT = 4766
FIRST_SEARCH_PORT = 9200


@dataclass(frozen=True, slots=True)
class Home:
    """A folder per stack: two of them run side by side without knowing of each other."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Home":
        return cls((ROOT / os.environ.get("LOCAL_HOME", "build/local")).resolve())

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def terraform(self) -> Path:
        return self.path / "terraform"

    @property
    def state(self) -> Path:
        return self.path / "terraform.tfstate"

    @property
    def notes(self) -> "Notes":
        return Notes(self.path / "notes.json")

    @property
    def packages(self) -> Path:
        return self.path / "packages"

    @property
    def temporary(self) -> Path:
        return self.path / "tmp"

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def pid_file(self, name: str) -> Path:
        return self.path / f"{name}.pid"

    def forget_data(self) -> None:
        """All that speaks of resources in an emulator that is gone."""
        for folder in (self.checkpoints, self.temporary, self.packages):
            shutil.rmtree(folder, ignore_errors=True)
        for file in self.path.glob("terraform.tfstate*"):
            file.unlink()
        self.notes.forget("applied", "applying", "search_url", "tried", "url")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One `up` or `down` at a time: two would start two emulators."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the end of the process frees it
            except BlockingIOError:
                raise LocalError("another `make up` or `make down` is running") from None
            yield


@dataclass(frozen=True, slots=True)
class Notes:
    """Facts that outlive a command: ports, what was applied last, the URL."""

    file: Path

    def __getitem__(self, key: str) -> str | None:
        return self._all().get(key)

    def note(self, **facts: str) -> None:
        self._write(self._all() | facts)

    def forget(self, *keys: str) -> None:
        self._write({k: v for k, v in self._all().items() if k not in keys})

    def _all(self) -> dict[str, str]:
        try:
            return dict(json.loads(self.file.read_text()))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def _write(self, facts: dict[str, str]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(".new")
        draft.write_text(json.dumps(facts, indent=1))
        draft.replace(self.file)


@contextmanager
def choosing_ports() -> Iterator[None]:
    """One stack at a time on this machine: two must not both take a port they found free."""
    with (Path(tempfile.gettempdir()) / f"serverless-cqrs-ports-{os.getuid()}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def free_port(wanted: int) -> int:
    """`wanted`, or the next one that nobody listens on."""
    return next(port for port in range(wanted, wanted + 1000) if is_free(port))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
