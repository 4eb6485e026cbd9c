"""What is deployed to the local AWS: the packages and the Terraform that the real one gets."""

import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.build.terraform.program import Program, TerraformError, find_program
from scripts.build.terraform.root import Root
from scripts.local.clients import CREDENTIALS, REGION
from scripts.local.errors import LocalError
from scripts.local.home import ROOT, Home

CONFIGURATION = ROOT / "terraform"
VARIABLES = CONFIGURATION / "environments" / "local.tfvars"
PACKAGES = ROOT / "build" / "packages" / "local"
API_ID = "e0a10001"


class OccupiedError(LocalError):
    """Something is there that Terraform knows nothing of."""


def require_terraform() -> None:
    """Raises if there is none: better before anything is started."""
    try:
        find_program()
    except TerraformError as error:
        raise LocalError(str(error)) from None


def build_packages(home: Home) -> None:
    log = home.log("packages")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        command = [sys.executable, "-m", "scripts.build.package", "local"]
        built = subprocess.run(command, cwd=ROOT, stdout=file, stderr=file, check=False)
    if built.returncode:
        raise LocalError(f"the packages can't be built; the log is {log}\n{_tail(log)}")


def api_url(endpoint: str) -> str:
    """The form that works everywhere: not every machine resolves names below localhost."""
    return f"{endpoint}/_aws/execute-api/{API_ID}/$default"


def variables(endpoint: str, search_url: str | None) -> dict[str, Any]:
    """What differs from stack to stack."""
    return {
        "packages_dir": str(PACKAGES),
        "local_api_id": API_ID,
        "services_url": api_url(endpoint),
        "search": {"kind": "existing", "url": search_url} if search_url else {"kind": "none"},
    }


def apply(home: Home, endpoint: str, variables: Mapping[str, Any]) -> None:
    """Terraform's pages go to the log, its errors to the user."""
    program = Program(data_dir=home.terraform, env=_environment(endpoint))
    root = Root(program=program, state=home.state)
    log = home.log("terraform")
    try:
        root.init()
        root.apply_unseen([VARIABLES], variables, log)
    except TerraformError as error:
        raise _explained(str(error), log) from None


def _explained(error: str, log: Path) -> LocalError:
    if not error.startswith("Error:"):
        return LocalError(
            error or "Terraform failed and did not say why"
        )  # it did not come so far as to have a log
    kind = OccupiedError if re.search("already ?exists", error, re.IGNORECASE) else LocalError
    return kind(f"{error}\nThe full log is {log}")


def wait_for_other(home: Home) -> None:
    """A command that was killed leaves its Terraform behind, at work on the same state."""
    if not home.state.exists():
        return
    with home.state.open("r+b") as state:
        fcntl.lockf(state, fcntl.LOCK_EX)  # the lock that Terraform holds while it works
        fcntl.lockf(state, fcntl.LOCK_UN)


def fingerprint(variables: Mapping[str, Any]) -> str:
    """Of all that goes into `apply`: the same again would change nothing."""
    digest = hashlib.sha256(json.dumps(variables).encode())
    for file in _inputs():
        digest.update(
            str(file.relative_to(ROOT)).encode() + hashlib.sha256(file.read_bytes()).digest()
        )
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    yield VARIABLES
    yield from sorted(CONFIGURATION.glob("*.tf"))
    yield from sorted(CONFIGURATION.glob("modules/**/*.tf"))
    yield from sorted(PACKAGES.glob("*.zip"))


def _environment(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        # one service's endpoint, left over in the shell, would win
        **{name: endpoint for name in os.environ if name.startswith("AWS_ENDPOINT_URL_")},
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # Profiles and tokens of the real AWS stay out of it.
        "AWS_PROFILE": "",
        "AWS_SESSION_TOKEN": "",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **CREDENTIALS,
    }


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:])
