"""The environments on AWS: each has its own settings, data directory and state."""

import os
from collections.abc import Mapping
from pathlib import Path

from scripts.build.terraform.program import REPOSITORY, ROOT, Program, TerraformError
from scripts.build.terraform.root import Root

DATA = REPOSITORY / "build" / "terraform"
STATES = ROOT / "state"  # outside build/, which `make clean` removes


def environment(name: str) -> Root:
    return Root(program=Program(data_dir=DATA / name), state=STATES / f"{name}.tfstate")


def var_files(name: str) -> list[Path]:
    """The settings file of an environment. Raises TerraformError for an unknown one."""
    file = ROOT / "environments" / f"{name}.tfvars"
    known = sorted(path.stem for path in file.parent.glob("*.tfvars") if path.stem != "local")
    if name not in known:
        hint = " (local is what `make up` starts)" if name == "local" else ""
        raise TerraformError(f"ENV must be one of {', '.join(known)}, not {name}{hint}.")
    return [file]


def is_approved(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether AUTO_APPROVE is set."""
    return environ.get("AUTO_APPROVE") == "1"


def require_aws(environ: Mapping[str, str] = os.environ) -> None:
    """Raises TerraformError if an endpoint is set in the shell: then an emulator's resources would
    get into the real state.
    """
    if found := sorted(name for name in environ if name.startswith("AWS_ENDPOINT_URL")):
        raise TerraformError(f"{found[0]} is set, and that is not AWS: unset it")
