"""What was released to an environment, and the way back: kept beside its state, for all clones.

A release is which version of each function became live. It is written down before anything becomes
live, and again afterwards: one that was killed half-way is known, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.build.terraform import commands
from scripts.build.terraform.commands import Approve, Sections, UntouchedError, no_sections
from scripts.build.terraform.environments import Environment, RecordChangedError
from scripts.build.terraform.plans import Plan
from scripts.build.terraform.program import TerraformError
from scripts.build.terraform.root import LIVE
from scripts.build.terraform.summary import Section

RECORD = "releases"
KEPT = 20
WAVES = ("queries", "followers", "processes", "commands")  # as in terraform/live.tf

Versions = Mapping[str, str]
"""The version of each function, by its folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """`code` is the digest of its packages, `reads` are the kinds of events that it can read, and
    `versions` is empty until all of it was live.
    """

    at: str
    commit: str
    code: str
    reads: Sequence[str]
    versions: Versions = field(default_factory=dict)

    @classmethod
    def now(cls, *, commit: str, code: str, reads: Sequence[str]) -> Release:
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        return cls(at=at, commit=commit, code=code, reads=tuple(reads))

    def __str__(self) -> str:
        return f"that of {self.at} ({self.commit or 'of no commit'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """`code` was rolled back: where it would be deployed, `versions` stay live."""

    code: str
    versions: Versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """Oldest first."""

    releases: Sequence[Release] = ()
    held: Hold | None = None

    @classmethod
    def of(cls, environment: Environment) -> Releases:
        said = environment.read_record(RECORD)
        if said is None:
            return cls()
        try:
            releases = tuple(Release(**each) for each in said["releases"])
            known = cls(**{**said, "releases": releases})
            return replace(known, held=Hold(**said["held"]) if said["held"] else None)
        except (KeyError, TypeError):
            raise environment.unreadable(RECORD) from None

    def write(self, environment: Environment) -> None:
        kept = replace(self, releases=tuple(self.releases)[-KEPT:])
        environment.write_record(RECORD, asdict(kept))

    def live_versions(self, code: str) -> Versions:
        """Those that stay live if this code is deployed; none, unless it was rolled back."""
        return self.held.versions if self.held and self.held.code == code else {}

    def begun(self, release: Release) -> Releases:
        """With one more. What was rolled back or cut short is no way back from it."""
        before = [each for each in self.releases if each.versions]
        if self.held:
            if self.held.code == release.code:
                return self
            while before and before[-1].versions != self.held.versions:
                before.pop()
        return Releases(releases=(*before, release))

    def finished(self, code: str, versions: Versions) -> Releases:
        """With the versions of the release of `code` that was begun."""
        releases = [*self.releases]
        if releases and releases[-1].code == code and not self.held:
            releases[-1] = replace(releases[-1], versions=dict(versions))
        if len(releases) > 1 and releases[-1].versions == releases[-2].versions:
            del releases[-2]  # nothing became live by it
        return replace(self, releases=releases)

    def before(self, live: Versions) -> Release:
        """The release before the one that is live, or the one that a rollback was to lead to which
        did not come to its end. Raises TerraformError.
        """
        whole = [each for each in self.releases if each.versions]
        if self.held and _differs(live, self.held.versions):
            for each in whole:
                if each.versions == self.held.versions:
                    return each
        while whole and _differs(live, whole[-1].versions):
            newest = whole.pop()
            if not any(not _differs(live, each.versions) for each in whole):
                return newest  # what is live is part of a release that did not come to its end
        if len(whole) < 2:
            raise TerraformError("There is no earlier release that is known: deploy earlier code.")
        return whole[-2]

    def newest(self) -> Release:
        whole = [each for each in self.releases if each.versions]
        if not whole:
            raise TerraformError("No release is known yet: deploy.")
        return whole[-1]


def _differs(live: Versions, versions: Versions) -> bool:
    """Of functions that one of them lacks nothing can be said."""
    return any(live[name] != versions[name] for name in live.keys() & versions.keys())


def code_in(packages: Path) -> str:
    """The digest of what is built."""
    digest = hashlib.sha256()
    for package in sorted(packages.glob("*.zip")):
        digest.update(
            f"{package.name}\0{hashlib.sha256(package.read_bytes()).hexdigest()}\n".encode()
        )
    return digest.hexdigest()[:16]


def held(environment: Environment, code: str) -> Environment:
    """As it is planned and deployed with this code."""
    versions = Releases.of(environment).live_versions(code)
    if versions:
        print(
            f"This code was rolled back: what is live stays so. Deploy other code, or"
            f" `make rollback-code ENV={environment.name} TO=newest`."
        )
    return with_versions(environment, versions)


def with_versions(environment: Environment, versions: Versions) -> Environment:
    live = {"live_versions": dict(versions)} if versions else {}
    return replace(environment, variables={**environment.variables, **live})


def deploy(
    environment: Environment,
    approve: Approve,
    release: Release,
    *,
    saved: Path | None = None,
    lose: Collection[str] = (),
    sections: Sections = no_sections,
) -> None:
    """Deploys, and writes down what was released."""
    environment.require()
    kept = held(environment, release.code)
    with _noting(environment, approve, lambda known: known.begun(release)) as approved:
        commands.deploy(kept, approved, saved=saved, lose=lose, sections=sections)
    told = commands.outputs(environment)
    known = Releases.of(environment)
    if not known.releases:  # the record was lost, and there was nothing to deploy
        known = known.begun(release)
    known.finished(release.code, told["live_versions"]).write(environment)
    print(f"{environment.name} answers at {told['api_url']}")


def destroy(environment: Environment, approve: Approve, *, lose: Collection[str] = ()) -> None:
    """Destroys, and forgets what was released: there is no way back to versions that are gone."""
    with _noting(environment, approve, lambda known: Releases()) as approved:
        commands.destroy(environment, approved, lose=lose)


def roll_back(
    environment: Environment,
    approve: Approve,
    code: str,
    *,
    newest: bool = False,
) -> None:
    """Lets the release before the live one be live again, or the newest one. Nothing but aliases is
    changed. `code` is that of the packages that are built.
    """
    told = commands.outputs(environment)
    known = Releases.of(environment)
    release = known.newest() if newest else known.before(_live(environment, told))
    _require_readable(release, _written(environment, told))
    hold = None if newest else Hold(code=code, versions=release.versions)

    def only_aliases(target: Environment, plan: Plan) -> Sequence[Section]:
        _require_only_aliases(known, plan)
        return [waves(plan)]

    print(f"The release that becomes live: {release}")
    back = with_versions(environment, release.versions)
    aliases = [f"aws_lambda_alias.{wave}" for wave in WAVES]
    with _noting(environment, approve, lambda known: replace(known, held=hold)) as approved:
        commands.deploy(back, approved, sections=only_aliases, targets=aliases)
    if late := _unread(release, _written(environment, told)):
        print(
            f"Meanwhile {', '.join(late)} was written, which this code can't read: commands to"
            " those streams are answered 503, and views of them wait, until newer code is live."
        )


@contextmanager
def _noting(
    environment: Environment, approve: Approve, change: Callable[[Releases], Releases]
) -> Iterator[Approve]:
    """An approval that writes down what changes, before anything is touched. That is taken back if
    nothing was.
    """
    before: list[Releases] = []

    def approved(question: str) -> bool:
        if not approve(question):
            return False
        known = Releases.of(environment)
        change(known).write(environment)
        before.append(known)
        return True

    try:
        yield approved
    except UntouchedError:
        with suppress(RecordChangedError):  # who has written since has read it, too
            for known in before:
                known.write(environment)
        raise


def waves(plan: Plan) -> Section:
    """What becomes live, in its order."""
    found: dict[str, list[str]] = {}
    for change in plan.changes:
        if change.kind == "aws_lambda_alias" and change.action != "destroy":
            wave, _, name = change.address.partition(".")[2].partition("[")
            found.setdefault(wave, []).append(name.strip('"]'))
    told = [f"{wave}: {', '.join(sorted(found[wave]))}" for wave in WAVES if wave in found]
    return "What becomes live, wave after wave", told


def _require_readable(release: Release, written: Collection[str]) -> None:
    if unread := _unread(release, written):
        raise TerraformError(
            f"Nothing was touched: {', '.join(unread)} was written, and the release before can't"
            " read it. Mend the code, and deploy that."
        )


def _unread(release: Release, written: Collection[str]) -> list[str]:
    """What was written of streams that the release knows, and is of no kind that it reads."""
    categories = {kind.partition(".")[0] for kind in release.reads}
    return sorted(
        kind
        for kind in written
        if kind.partition(".")[0] in categories and kind not in release.reads
    )


def _require_only_aliases(known: Releases, plan: Plan) -> None:
    if others := [each.address for each in plan.changes if each.kind != "aws_lambda_alias"]:
        commit = known.newest().commit or "what was deployed last"
        is_whole = bool(known.releases[-1].versions)
        raise TerraformError(
            "Nothing was touched: beside what is live this would change"
            f" {', '.join(others[:3])}{' and others' if len(others) > 3 else ''}. "
            + (
                f"Go back from the code that is deployed: git checkout {commit}"
                if is_whole
                else "The last deployment did not come to its end: deploy again, or deploy the code"
                f" before it: git checkout {commit}"
            )
        )


def _live(environment: Environment, outputs: Mapping[str, Any]) -> Versions:
    """As AWS has them: outputs are of the last run that came to its end."""
    client = environment.access.client("lambda", environment.pin.region)
    found = {}
    for name, function in outputs.get("function_names", {}).items():
        with suppress(client.exceptions.ResourceNotFoundException):
            alias = client.get_alias(FunctionName=function, Name=LIVE)
            found[name] = alias["FunctionVersion"]
    return found


def _written(environment: Environment, outputs: Mapping[str, Any]) -> set[str]:
    """The kinds of events that were ever written, as the publisher has noted them."""
    client = environment.access.client("dynamodb", environment.pin.region)
    found = client.get_item(
        TableName=outputs["table_names"]["written"],
        Key={"what": {"S": "events"}},
        ConsistentRead=True,
    )
    return set(found.get("Item", {}).get("kinds", {}).get("SS", ()))
