"""The AWS provider: from the registry, or from a copy on this disk where that does not answer."""

import os
import platform
import re
import shutil
import socket
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit
from urllib.request import getproxies

from scripts.build.terraform.program import Program, TerraformError, has_cli_configuration

PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
PROVIDER_FROM, PROVIDER_BEFORE = (5, 100), (7,)  # as terraform/versions.tf has it
PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64")
PROBE_SECONDS = 1.0
LOCK_FILE = ".terraform.lock.hcl"


def initialise(program: Program, *arguments: str) -> None:
    """Runs `terraform init`, without output if it succeeds."""
    provider = provider_arguments(program.environ)
    if provider and "-lockfile=readonly" not in arguments:
        # An earlier init may have locked a version that the mirror does not have.
        provider = [*provider, "-upgrade"]
    try:
        program.read("init", "-input=false", "-no-color", *provider, *arguments)
    except TerraformError as error:
        said = " ".join(str(error).split())
        if "could not connect to registry" not in said:
            raise
        places = ", ".join(map(str, mirror_places(program.environ)))
        raise TerraformError(
            "Terraform can't get the AWS provider: the registry does not answer, and there is no"
            f" copy on this machine (looked for {PROVIDER} in {places})."
            " Set TF_PLUGIN_DIR to a folder that has it."
        ) from None


def initialise_locked(program: Program, lock_file: Path, *arguments: str) -> None:
    """The same, with the versions and hashes of a lock file. If there is none yet, it is written
    where the registry answers: a mirror has the hash of one platform only.
    """
    own = program.directory / LOCK_FILE
    if lock_file.exists():
        shutil.copyfile(lock_file, own)
        try:
            initialise(program, "-lockfile=readonly", *arguments)
        except TerraformError as error:
            if not re.search(r"lock ?file|lock\.hcl|locked|previously-selected", str(error)):
                raise
            raise TerraformError(
                f"There is no AWS provider that {lock_file} and terraform/versions.tf both allow:"
                " where the registry answers, remove the lock file, `make plan`, and commit the"
                f" new one. (Terraform says: {' '.join(str(error).split())})"
            ) from None
        return
    own.unlink(missing_ok=True)
    initialise(program, *arguments)
    if not registry_answers():
        print(f"The registry does not answer, so {lock_file.name} is not written yet.")
        return
    print(f"Noting the provider's hashes of {', '.join(PLATFORMS)} ...")
    program.read("providers", "lock", "-no-color", *(f"-platform={each}" for each in PLATFORMS))
    shutil.copyfile(own, lock_file)
    print(f"Wrote {lock_file}: commit it, so that everybody plans with the same provider.")


def provider_arguments(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The arguments of `init` for the provider: none, which means the user's own CLI configuration
    or the registry, unless there is a mirror that the user has named or that is all there is.
    """
    if has_cli_configuration(environ):
        return []
    named = [Path(chosen)] if (chosen := environ.get("TF_PLUGIN_DIR")) else []
    mirror = find_mirror(named)
    if mirror is None and not registry_answers():
        mirror = find_mirror(mirror_places(environ))
    return [f"-plugin-dir={mirror}"] if mirror else []


@cache
def registry_answers() -> bool:
    """Whether the registry, or the proxy that leads there, takes a connection within a second."""
    answered: list[socket.socket] = []
    proxy = urlsplit(getproxies().get("https", ""))
    place = (proxy.hostname or PROVIDER.parts[0], proxy.port or 443)

    def knock() -> None:
        try:
            answered.append(socket.create_connection(place, PROBE_SECONDS))
        except OSError:
            return

    # In a thread, since nothing limits how long names are looked up.
    knocking = Thread(target=knock, daemon=True)
    knocking.start()
    knocking.join(PROBE_SECONDS)
    for connection in answered:
        connection.close()
    return bool(answered)


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
