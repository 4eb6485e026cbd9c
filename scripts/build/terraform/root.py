"""The root configuration, with the state of one environment."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.build.terraform.program import Program, TerraformError, colour, errors_in
from scripts.build.terraform.provider import initialise

APPROVED = ["-auto-approve", "-input=false"]


@dataclass(frozen=True, kw_only=True)
class Root:
    program: Program
    state: Path

    def init(self) -> None:
        self.state.parent.mkdir(parents=True, exist_ok=True)
        initialise(self.program, "-reconfigure", f"-backend-config=path={self.state.resolve()}")

    def run(self, command: str, var_files: Sequence[Path], *, approved: bool = False) -> None:
        """Plans, applies or destroys on the terminal. Asks before it changes anything, unless
        `approved`.
        """
        approval = APPROVED if approved and command != "plan" else []
        or_stop(self.program.run(command, *approval, *_settings(var_files, {}), *colour()))

    def apply_unseen(
        self,
        var_files: Sequence[Path],
        variables: Mapping[str, object],
        log: Path,
        *options: str,
    ) -> None:
        """Applies without asking, writes to `log`, and raises TerraformError if that fails."""
        log.parent.mkdir(parents=True, exist_ok=True)
        arguments = [*APPROVED, *options, *_settings(var_files, variables), "-no-color"]
        with log.open("wb") as file:
            code = self.program.run("apply", *arguments, output=file)
        if code:
            raise TerraformError(errors_in(log.read_text(errors="replace")))


def or_stop(code: int) -> None:
    if code:
        raise SystemExit(code)  # Terraform has printed the reason


def _settings(var_files: Sequence[Path], variables: Mapping[str, object]) -> Iterator[str]:
    yield from (f"-var-file={file.resolve()}" for file in var_files)
    for name, value in variables.items():
        yield f"-var={name}={value if isinstance(value, str) else json.dumps(value)}"
