"""What people do with an environment: plan, deploy, destroy, look at it, release its lock.

Nothing is touched before all that could stand in the way was looked at. What is applied is the very
plan that was shown.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts.build.terraform.environments import Environment
from scripts.build.terraform.plans import Plan
from scripts.build.terraform.program import TerraformError
from scripts.build.terraform.root import settings
from scripts.build.terraform.summary import Section, losing, summary

Sections = Callable[[Environment, Plan], Sequence[Section]]
Approve = Callable[[str], bool]

LOCKED = "Error acquiring the state lock"
STALE = "Saved plan is stale"


class UntouchedError(TerraformError):
    """Terraform has refused to begin."""


def no_sections(environment: Environment, plan: Plan) -> Sequence[Section]:
    return ()


def plan(
    environment: Environment,
    saved: Path,
    sections: Sections = no_sections,
    *,
    destroying: bool = False,
    targets: Collection[str] = (),
) -> Plan:
    """Shows what a deployment would do, and saves it so that `deploy` can apply it."""
    environment.require()
    print(f"Planning {environment.name} ...", flush=True)
    with _explained(environment):
        environment.root.init()
        said = environment.root.program.read(
            "plan",
            "-input=false",
            "-no-color",
            f"-out={saved.resolve()}",
            *(["-destroy"] if destroying else []),
            *(f"-target={address}" for address in targets),
            *settings([environment.settings], environment.all_variables),
        )
    saved.chmod(0o600)  # it says what is in the state
    if unknown := re.findall(r'does\s+not\s+declare\s+a\s+variable\s+named\s+"(.*?)"', said):
        saved.unlink()
        raise TerraformError(
            f"{environment.settings.name} sets {', '.join(unknown)}, which Terraform would ignore:"
            " terraform/variables.tf has the names that there are."
        )
    found = read_plan(environment, saved)
    print(summary(environment.name, found, sections(environment, found)))
    return found


def read_plan(environment: Environment, saved: Path) -> Plan:
    """Raises TerraformError if it is a plan of something else."""
    shown = environment.root.program.read("show", "-json", "-no-color", str(saved.resolve()))
    found = Plan.of(json.loads(shown))
    of = {
        "environment": environment.name,
        "account_id": environment.pin.account,
        "region": environment.pin.region,
    }
    for name, expected in of.items():
        if (said := found.variables.get(name)) != expected:
            raise TerraformError(
                f"The plan's `{name}` is {said}, and that of {environment.name} is {expected}:"
                f" put it right in {environment.settings.name}, or name the plan of"
                f" {environment.name}."
            )
    return found


def deploy(
    environment: Environment,
    approve: Approve,
    *,
    saved: Path | None = None,
    lose: Collection[str] = (),
    sections: Sections = no_sections,
    targets: Collection[str] = (),
) -> None:
    """Applies a plan: a saved one, or one that is made and shown now, of all or of `targets`."""
    with _folder(environment) as folder:
        if saved is None:
            saved = folder / "plan"
            found = plan(environment, saved, sections, targets=targets)
        else:
            found = _saved_earlier(environment, saved)
            print(summary(environment.name, found, sections(environment, found)))
            _require_packages(environment, found)
        if _may_go_on(environment, found, lose, approve, "deploy"):
            _apply(environment, saved, folder / "log", "deploy")


def destroy(environment: Environment, approve: Approve, *, lose: Collection[str] = ()) -> None:
    """Destroys all of it but its bucket of states."""
    with _folder(environment) as folder:
        found = plan(environment, folder / "plan", destroying=True)
        if _may_go_on(environment, found, lose, approve, "destroy"):
            _apply(environment, folder / "plan", folder / "log", "destroy")


def outputs(environment: Environment) -> dict[str, Any]:
    """What a deployment tells of itself, its URL first. Sensitive values are left out."""
    environment.require()
    with _explained(environment):
        environment.root.init()
        said = json.loads(environment.root.program.read("output", "-json", "-no-color"))
    if not said:
        raise TerraformError(
            f"{environment.name} is not deployed: make deploy ENV={environment.name}"
        )
    told = {name: each["value"] for name, each in said.items() if not each["sensitive"]}
    return dict(sorted(told.items(), key=lambda item: item[0] != "api_url"))


def unlock(environment: Environment, lock: str) -> None:
    """Releases the lock that a command has left behind when it was killed."""
    environment.require()
    with _explained(environment):
        environment.root.init()
        environment.root.program.read("force-unlock", "-force", "-no-color", lock)
    print(f"{environment.name} is not locked any more.")


def adopt(environment: Environment, address: str, found: str) -> None:
    """Notes in the state what is there already: what a run made that was killed too early."""
    environment.require()
    with _explained(environment):
        environment.root.init()
        given = settings([environment.settings], environment.all_variables)
        environment.root.program.read("import", "-input=false", "-no-color", *given, address, found)
    print(f"{found} is {address} of {environment.name} now.")


def require_no_loss(
    environment: Environment, found: Plan, lose: Collection[str], target: str
) -> None:
    """Raises TerraformError, with what to do, unless all that is lost was said to be meant, and can
    be deleted.
    """
    losses = [loss for loss in found.losses if loss.forever]
    to_say = f'LOSE="{" ".join(loss.word for loss in losses)}"'
    if surplus := sorted(set(lose) - {loss.word for loss in found.losses}):
        raise TerraformError(
            f"Nothing was touched, since LOSE names {', '.join(surplus)}, which this would not"
            f" lose: {to_say} is all of it."
        )
    if missing := [loss for loss in losses if loss.word not in lose]:
        listed = "".join(f"\n  {line}" for line in losing(missing))
        raise TerraformError(
            f"Nothing was touched, since this would be lost:{listed}\n"
            f"If that is meant, say so: make {target} ENV={environment.name} {to_say}"
        )
    if protected := [*found.protected, *_not_empty(environment, found)]:
        everything = (
            '"all"' if target == "destroy" else ", ".join(f'"{each}"' for each in protected)
        )
        raise TerraformError(
            f"Nothing was touched, since this is protected: {', '.join(protected)}.\n"
            f"To lift that, say `unprotected = [{everything}]` in {environment.settings.name} and"
            f" `make deploy ENV={environment.name}` before the change; then this goes on."
        )


@contextmanager
def _folder(environment: Environment) -> Iterator[Path]:
    """Of this run alone: another one in the same clone must not change the plan that was shown."""
    environment.home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="run-", dir=environment.home) as folder:
        yield Path(folder)


def _saved_earlier(environment: Environment, saved: Path) -> Plan:
    environment.require()
    if not saved.exists():
        raise TerraformError(
            f"There is no plan at {saved}: make plan ENV={environment.name} PLAN={saved}"
        )
    with _explained(environment):
        environment.root.init()
    return read_plan(environment, saved)


def _not_empty(environment: Environment, found: Plan) -> Iterator[str]:
    s3 = environment.access.client("s3", environment.pin.region)
    for word, bucket in found.kept_buckets.items():
        listed = s3.list_object_versions(Bucket=bucket, MaxKeys=1)
        if listed.get("Versions") or listed.get("DeleteMarkers"):
            yield word


def _require_packages(environment: Environment, found: Plan) -> None:
    """Functions get the packages that were planned with: keys of uploads have their hashes."""
    for key, source in found.uploaded.items():
        file = environment.root.folder / source
        built = hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else "missing"
        if built not in key:
            raise TerraformError(
                f"{file.name} is not the one that was planned with: check out the same commit and"
                f" build it with the same Python, or plan anew (make plan ENV={environment.name})."
            )


def _may_go_on(
    environment: Environment, found: Plan, lose: Collection[str], approve: Approve, target: str
) -> bool:
    """Whether there is something to do. Raises TerraformError if it must not be done."""
    if not found.does_something:
        print("There is nothing to do.")
        return False
    require_no_loss(environment, found, lose, target)
    if not approve(f"\n{target.capitalize()} {environment.name} like this? Only `yes` is taken: "):
        raise TerraformError("Nothing was touched.")
    return True


def _apply(environment: Environment, saved: Path, log: Path, target: str) -> None:
    arguments = ["apply", "-input=false", "-no-color", str(saved.resolve())]
    code = environment.root.program.followed(log, *arguments)
    environment.require_no_left_state()
    if code:
        said = log.read_text(errors="replace")
        is_untouched = any(each in said for each in (LOCKED, STALE))
        raise (UntouchedError if is_untouched else TerraformError)(
            _advice(said, environment)
            or f"It ended half-way. Put right what is said above; `make {target}"
            f" ENV={environment.name}` goes on from there."
        )


@contextmanager
def _explained(environment: Environment) -> Iterator[None]:
    try:
        yield
    except TerraformError as error:
        raise TerraformError(_advice(str(error), environment) or str(error)) from None


def _advice(error: str, environment: Environment) -> str | None:
    """What to do about an error of Terraform's that does not say it itself."""
    name = environment.name
    if LOCKED in error:
        held = dict(re.findall(r"(ID|Who|Created): +(.*)", error))
        who, since, lock = (held.get(each, "?").strip() for each in ("Who", "Created", "ID"))
        return (
            f"{name} is locked, so nothing was touched: {who} has been at work since {since[:19]}"
            " (UTC). Wait for the end; if that was killed, and no Terraform of it runs any more,"
            f" release the lock: make unlock ENV={name} LOCK={lock}"
        )
    if "Failed to unlock state" in error and "NoSuchKey" in error:
        return f"{name} is not locked."
    if STALE in error:
        return f"Something was applied to {name} since this was planned: make plan ENV={name}"
    there = [
        f"\n  make adopt ENV={name} ADDRESS='{address}' FOUND='{found}'"
        for each in error.split("Error: ")
        if re.search(r"already ?exists|ResourceInUse", each, re.IGNORECASE)
        for found, address in re.findall(r"\((.*?)\).*?\n +with (.*?),\n", each, re.DOTALL)
    ]
    if there:
        return (
            "What is there already was made by a run that was killed before it could note it, or"
            " it is somebody else's. If it is yours (`It exists already` in docs/runbook.md):"
            + "".join(there)
        )
    return None
