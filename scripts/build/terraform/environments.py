"""The environments on AWS, kept apart: each has settings, data and a state of its own."""

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
    """The settings of an environment."""
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
