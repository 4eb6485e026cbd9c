"""What is deployed to the local AWS: the packages and the Terraform that the real one gets."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.build.terraform.access import Access
from scripts.build.terraform.program import TerraformError, find_program
from scripts.build.terraform.root import Root
from scripts.local.clients import CREDENTIALS, REGION, Clients
from scripts.local.errors import LocalError
from scripts.local.home import ROOT, Home
from scripts.local.process import Process

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


def process(home: Home) -> Process:
    """Terraform, while it runs."""
    return Process(home.pid_file("terraform"), home.log("terraform"))


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


def variables(home: Home, endpoint: str, search_url: str | None) -> dict[str, Any]:
    """What differs from stack to stack."""
    return {
        "packages_dir": str(home.packages),
        "functions_dir": str(ROOT / "functions"),
        "local_api_id": API_ID,
        "services_url": api_url(endpoint),
        "search": {"kind": "existing", "url": search_url} if search_url else {"kind": "none"},
    }


def apply(home: Home, endpoint: str, variables: Mapping[str, Any], *, refresh: bool) -> None:
    """Applies the configuration. Terraform's pages go to the log, its errors to the user. With
    `refresh` it looks at everything that it has made; else it believes its notes.
    """
    root = Root(
        home=home.terraform,
        backend={"local": {"path": str(home.state)}},
        configuration=CONFIGURATION,
        env=_environment(endpoint),
        started=process(home).note,
    )
    log = home.log("terraform")
    options = [
        "-parallelism=40",  # a resource is mostly waited for: 20 functions for 5 s each
        "-lock-timeout=300s",  # a command that was killed leaves its Terraform behind, at work
        f"-refresh={str(refresh).lower()}",
    ]

    def go() -> None:
        root.apply_unseen([VARIABLES], variables, log, *options)

    _keep_packages(home)
    try:
        try:
            go()
        except TerraformError as error:
            if not _wants_init(str(error)):
                raise
            root.init()
            go()
    except TerraformError as error:
        raise _explained(str(error), log) from None


def waves(home: Home) -> list[list[str]]:
    """The functions in the order in which new code becomes live, as it was applied."""
    outputs = json.loads(home.state.read_text())["outputs"]
    return [wave["functions"] for wave in outputs["waves"]["value"]]


def _keep_packages(home: Home) -> None:
    """Keeps the package that each function was first made of, for Terraform. Newer code is put in
    by `updates`: Terraform would take up to half a minute.
    """
    home.packages.mkdir(parents=True, exist_ok=True)
    for old in set(home.packages.glob("*")) - {home.packages / name for name in _package_names()}:
        old.unlink()
    for name in _package_names():
        kept = home.packages / name
        if not kept.exists():
            draft = kept.with_suffix(".new")
            shutil.copyfile(PACKAGES / name, draft)
            draft.replace(kept)


def _package_names() -> list[str]:
    return sorted(package.name for package in PACKAGES.glob("*.zip"))


def _wants_init(error: str) -> bool:
    """Whether Terraform did nothing, and asks for `init` first."""
    return re.search(r"\b(terraform|tofu)\s+init\b", error) is not None


def _explained(error: str, log: Path) -> LocalError:
    if not error.startswith("Error:"):
        return LocalError(
            error or "Terraform failed and did not say why"
        )  # it did not come so far as to have a log
    kind = OccupiedError if re.search("already ?exists", error, re.IGNORECASE) else LocalError
    return kind(f"{error}\nThe full log is {log}")


def fingerprint(variables: Mapping[str, Any]) -> str:
    """Of all that goes into `apply`: the same again would change nothing."""
    digest = hashlib.sha256(json.dumps([variables, _package_names()]).encode())
    for file in _inputs():
        digest.update(
            str(file.relative_to(ROOT)).encode() + hashlib.sha256(file.read_bytes()).digest()
        )
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    yield VARIABLES
    yield from sorted(CONFIGURATION.glob("*.tf"))
    yield from sorted(CONFIGURATION.glob("modules/**/*.tf"))


def access(endpoint: str) -> Access:
    """The way to the local AWS for what is otherwise done with the real one."""
    clients = Clients(endpoint)
    return Access(
        client=lambda service, region: clients.client(service),
        region=REGION,
        endpoint=endpoint,
        environ=_environment(endpoint),
    )


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
