"""The AWS provider: taken from this disk if a copy is there, else from the registry."""

import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts.build.terraform.program import Program, TerraformError, has_cli_configuration

PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
PROVIDER_FROM, PROVIDER_BEFORE = (5, 100), (7,)  # as terraform/versions.tf has it


def initialise(program: Program, *arguments: str) -> None:
    """`terraform init`, silent when it works."""
    provider = provider_arguments(program.environ)
    try:
        program.read("init", "-input=false", "-no-color", *provider, *arguments)
    except TerraformError as error:
        if "could not connect to registry" not in " ".join(str(error).split()):
            raise
        places = ", ".join(map(str, mirror_places(program.environ)))
        raise TerraformError(
            "Terraform can't get the AWS provider: the registry does not answer, and there is no"
            f" copy on this machine (looked for {PROVIDER} in {places})."
            " Set TF_PLUGIN_DIR to a folder that has it."
        ) from None


def provider_arguments(environ: Mapping[str, str] = os.environ) -> list[str]:
    """What `init` is told about the provider. The user's own CLI configuration goes first, then a
    mirror on this disk, then Terraform's default: the registry."""
    if has_cli_configuration(environ):
        return []
    if mirror := find_mirror(mirror_places(environ)):
        # What an earlier init took from the registry and locked may not be in the mirror.
        return [f"-plugin-dir={mirror}", "-upgrade"]
    return []


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
