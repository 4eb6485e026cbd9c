"""The root configuration as one environment sees it: links to its files, and a backend of its own.

So environments share nothing that `init` writes, and none can get at the state of another one, also
when several are at work in one checkout.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from scripts.build.terraform.program import ROOT, Program, TerraformError, errors_in
from scripts.build.terraform.provider import initialise, initialise_locked

APPROVED = ["-auto-approve", "-input=false"]
BACKEND = "backend_override.tf.json"
LIVE = "live"  # the alias of each function, as terraform/live.tf has it


@dataclass(frozen=True, kw_only=True)
class Root:
    """`home` is the environment's own folder. `backend` has the settings of Terraform's block of
    that name, by kind. With a `lock_file`, providers are those that it names.
    """

    home: Path
    backend: Mapping[str, Mapping[str, object]]
    configuration: Path = ROOT
    lock_file: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    started: Callable[[int], None] = lambda pid: None

    @property
    def folder(self) -> Path:
        """Where Terraform runs."""
        return self.home / "root"

    @property
    def program(self) -> Program:
        return Program(
            directory=self.folder, data_dir=self.home, env=self.env, started=self.started
        )

    def init(self, *arguments: str) -> None:
        self.lay_out()
        if self.lock_file:
            initialise_locked(self.program, self.lock_file, "-reconfigure", *arguments)
        else:
            initialise(self.program, "-reconfigure", *arguments)

    def lay_out(self) -> None:
        """Links what is there now, and names the backend."""
        self.folder.mkdir(parents=True, exist_ok=True)
        files = {path.name: path for path in self.configuration.resolve().glob("[!.]*")}
        for link in self.folder.iterdir():
            if link.is_symlink() and link.readlink() != files.get(link.name):
                link.unlink(missing_ok=True)
        for name, file in files.items():
            with suppress(FileExistsError):
                (self.folder / name).symlink_to(file)
        said = json.dumps({"terraform": {"backend": self.backend}}, indent=2)
        file = self.folder / BACKEND
        if not file.exists() or file.read_text() != said:
            file.write_text(said)

    def apply_unseen(
        self,
        var_files: Sequence[Path],
        variables: Mapping[str, object],
        log: Path,
        *options: str,
    ) -> None:
        """Applies without asking, writes to `log`, and raises TerraformError if that fails."""
        self.lay_out()
        log.parent.mkdir(parents=True, exist_ok=True)
        arguments = [*APPROVED, *options, *settings(var_files, variables), "-no-color"]
        with log.open("wb") as file:
            code = self.program.run("apply", *arguments, output=file)
        if code:
            raise TerraformError(errors_in(log.read_text(errors="replace")))


def or_stop(code: int) -> None:
    if code:
        raise SystemExit(code)  # Terraform has printed the reason


def settings(var_files: Sequence[Path], variables: Mapping[str, object]) -> Iterator[str]:
    """The arguments that tell Terraform of its variables."""
    yield from (f"-var-file={file.resolve()}" for file in var_files)
    for name, value in variables.items():
        yield f"-var={name}={value if isinstance(value, str) else json.dumps(value)}"
