"""The AWS provider: from a copy on this disk if there is one, else from the registry."""

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
    """Runs `terraform init`, without output if it succeeds."""
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
    """The arguments of `init` for the provider: the user's own CLI configuration if there is one,
    else a mirror on this disk, else Terraform's default, the registry."""
    if has_cli_configuration(environ):
        return []
    if mirror := find_mirror(mirror_places(environ)):
        # An earlier init may have locked a version that the mirror does not have.
        return [f"-plugin-dir={mirror}", "-upgrade"]
    return []


def mirror_places(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """The usual directories of unpacked providers; Terraform itself searches only some of them."""
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
    """The first directory with an AWS provider for this machine, in a supported version."""
    for place in places:
        for unpacked in (place / PROVIDER).glob(f"*/{this_machine()}"):
            version = tuple(int(part) for part in re.findall(r"\d+", unpacked.parent.name))
            if PROVIDER_FROM <= version < PROVIDER_BEFORE:
                return place
    return None


def this_machine() -> str:
    """The platform, as Terraform names it: `linux_amd64`."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{sys.platform}_{machine}"
