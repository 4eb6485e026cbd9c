"""`python -m scripts.release <command>`: called by targets of the Makefile."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.build.terraform.environments import environment, shown
from scripts.build.terraform.program import REPOSITORY, TerraformError
from scripts.local.errors import LocalError

sys.path.insert(0, str(REPOSITORY / "shared"))  # it looks at what runs elsewhere

from scripts.release import released
from scripts.release.application import Application, this
from scripts.release.breaking import breaking
from scripts.release.description import Description, described
from scripts.release.exporting import Limits, export, tables_of
from scripts.release.released import ReleaseError
from scripts.release.replay import commits_in, golden, replayed, replayed_golden
from scripts.release.schemas import doors

EXPORTED = REPOSITORY / "build" / "exported"


def check(app: Application, before: Description, files: Sequence[Path]) -> list[str]:
    """Whatever is in the way of a release."""
    now = described(app, before)
    found = breaking(before, now, app)
    found += replayed_golden(app, golden(REPOSITORY / "tests"), before, now)
    for file in files:
        try:
            commits = commits_in(file)
        except OSError as error:
            raise ReleaseError(f"{file} can't be read: {error.strerror}.") from None
        except (LookupError, TypeError, ValueError) as error:
            raise ReleaseError(
                f"{file} is no exported history ({error!r}): export it anew."
            ) from None
        found += (f"{file.name}: {trouble}" for trouble in replayed(app, commits))
    return list(dict.fromkeys(found))


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.release", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("check", "release"):
        commands.add_parser(name).add_argument("--file", type=Path)
    exporting = commands.add_parser("export")
    exporting.add_argument("--env", default="")
    exporting.add_argument("--file", type=Path)
    exporting.add_argument("--streams", type=int, default=Limits().streams)
    exporting.add_argument("--units", type=int, default=Limits().units)
    exporting.add_argument("--store", default="")
    arguments = parser.parse_args(words)
    app = _application()
    if arguments.command == "export":
        _export(app, arguments)
        return
    files = [arguments.file] if arguments.file else sorted(EXPORTED.glob("*.jsonl"))
    is_first = arguments.command == "release" and released.file() is None
    before = described(app, {}) if is_first else released.read()
    if found := check(app, before, files):
        for one in found:
            print(f"- {one}.")
        told = "change is" if len(found) == 1 else "changes are"
        raise ReleaseError(f"{len(found)} {told} not to be released so.")
    if arguments.command == "release":
        path = released.write(described(app, before))
        for door in doors(before, described(app, before)):
            print(f"One-way door: {door}.")
        print(f"Written: {shown(path)}. Commit it with the release.")
    else:
        replays = "".join(f", and {file.name}" for file in files)
        print(f"Success: the last release can live with this; replayed: golden history{replays}")


def _application() -> Application:
    try:
        return this()
    except Exception as error:  # whatever a module raises
        raise ReleaseError(
            f"The application can't be looked at as long as it can't be imported "
            f"({type(error).__name__}: {error}): mend that first."
        ) from None


def _export(app: Application, arguments: argparse.Namespace) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        _exported(app, arguments)
    except (BotoCoreError, ClientError) as error:
        raise ReleaseError(
            f"The stores can't be read ({error}): set the credentials and the region of the "
            "account that they are in."
        ) from None


def _exported(app: Application, arguments: argparse.Namespace) -> None:
    name = arguments.env or "local"
    client = _client(arguments.env)
    tables = tables_of(app, name, client)
    if arguments.store:
        if arguments.store not in tables:
            raise ReleaseError(f"STORE must be one of {', '.join(tables)}, not {arguments.store}.")
        tables = {arguments.store: tables[arguments.store]}
    file = arguments.file or EXPORTED / f"{name}.jsonl"
    shapes = described(app, released.read_or_nothing())["events"]
    limits = Limits(streams=arguments.streams, units=arguments.units)
    done = export(app, shapes, client, tables, limits, file)
    lacking = sorted(one for one in shapes.keys() - done.kinds if one.split(".")[0] in tables)
    print(
        f"Written: {shown(file)}: {done.commits:,} commits of {done.streams:,} streams, masked; "
        f"{done.units:,.0f} read units"
    )
    if done.skipped:
        print(f"Left out: {done.skipped:,} commits that can't be read, and what follows them")
    if lacking:
        print(f"Not found: {', '.join(lacking)}")


def _client(name: str) -> object:
    if name:
        one = environment(name)
        one.require()
        return one.access.client("dynamodb", one.pin.region)
    from scripts.local.home import Home
    from scripts.local.stack import Stack

    stack = Stack(Home.from_environment())
    stack.addresses()
    return stack.clients.client("dynamodb")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (ReleaseError, TerraformError, LocalError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted")
