"""Programs that go on when the command that started them is over."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Process:
    """Known by its pid and the moment it started, as pids are given to others again."""

    pid_file: Path
    log: Path

    def start(self, command: Sequence[str], environment: Mapping[str, str], cwd: Path) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a") as log:
            child = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that Ctrl-C and a closed terminal do not reach it
            )
        child.returncode = 0  # it outlives us: Popen need not warn that nobody waited for it
        self.note(child.pid)

    def note(self, pid: int) -> None:
        """Remembers what somebody has started, who may be waiting for how it ends."""
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.pid_file.write_text(json.dumps([pid, _started(pid)]))

    def is_alive(self) -> bool:
        return self._pid() is not None

    def was_started(self) -> bool:
        return self.pid_file.exists()

    def stop(self) -> None:
        """Asks first, then insists."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if (pid := self._pid()) is None:
                break
            os.kill(pid, number)
            self._wait_until_gone()
        self.pid_file.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The last line of the log."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return next((line for line in reversed(lines) if line.strip()), "")

    def _wait_until_gone(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _pid(self) -> int | None:
        try:
            pid, started = json.loads(self.pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        _bury(pid)
        return pid if started and _started(pid) == started else None


def _started(pid: int) -> str | None:
    """When a process started, in any form; `None` if there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else fields[19]
    shown = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or None


def _bury(pid: int) -> None:
    """Lets a child of ours that has ended disappear."""
    with contextlib.suppress(ChildProcessError):  # an earlier command may have started it
        os.waitpid(pid, os.WNOHANG)
