"""`python -m scripts.build.terraform <command>`: called by targets of the Makefile."""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from scripts.build import package
from scripts.build.terraform import commands, first_check, releases
from scripts.build.terraform.bootstrap import bootstrap
from scripts.build.terraform.environments import DATA, Environment, environment, is_approved
from scripts.build.terraform.plans import Plan
from scripts.build.terraform.program import REPOSITORY, ROOT, Program, TerraformError, colour
from scripts.build.terraform.provider import initialise
from scripts.build.terraform.root import Root, or_stop
from scripts.build.terraform.summary import Section
from scripts.release.schemas import kinds, one_way_doors
from scripts.tables import show

PACKAGES = REPOSITORY / "build" / "packages" / "aws"
CHECKED = Root(home=DATA / "check", backend={"local": {}})
EMPTY_PACKAGES = DATA / "tests" / "packages"
TESTS = Program(
    directory=REPOSITORY / "tests" / "terraform",
    data_dir=DATA / "tests",
    env={"TF_VAR_packages_dir": str(EMPTY_PACKAGES)},
)


def check() -> None:
    """Checks format and validity of the root and its tests."""
    for folder in (ROOT, TESTS.directory):
        or_stop(_formatting(folder).run("fmt", "-check", "-diff", "-recursive", *colour()))
    CHECKED.init()
    initialise(TESTS, "-backend=false")
    for program in (CHECKED.program, TESTS):
        program.read("validate", "-no-color")
    print("Success: Terraform is formatted and valid")


def fmt() -> None:
    for folder in (ROOT, TESTS.directory):
        or_stop(_formatting(folder).run("fmt", "-recursive"))


def _formatting(folder: Path) -> Program:
    return Program(directory=folder, data_dir=DATA / "check")


def test() -> None:
    """Runs `terraform test`. It plans with empty packages, so none need be built."""
    EMPTY_PACKAGES.mkdir(parents=True, exist_ok=True)
    handlers = (REPOSITORY / "functions").glob("*/handler.py")
    for name in ("layer", *(handler.parent.name for handler in handlers)):
        (EMPTY_PACKAGES / f"{name}.zip").touch()
    initialise(TESTS)
    code, said = TESTS.captured("test", "-no-color")
    # A root that is tested as a module has no backend, on purpose: remove the warning.
    print(re.sub(r"\nWarning: Backend .*?(?=\S+\.tftest\.hcl)", "", said, flags=re.DOTALL))
    or_stop(code)


def main(arguments: Sequence[str]) -> None:
    chosen = _parser().parse_args(arguments)
    if chosen.command in ("check", "fmt", "test"):
        {"check": check, "fmt": fmt, "test": test}[chosen.command]()
        return
    one = environment(chosen.environment)

    def sections(environment: Environment, plan: Plan) -> Sequence[Section]:
        modules = map(import_module, chosen.sections)
        told = (module.section(environment.settings, plan) for module in modules)
        return [releases.waves(plan), ("One-way doors", one_way_doors()), *told]

    if chosen.command in ("deploy", "rollback", "destroy"):
        one.require()
        require_somebody_to_ask()
    match chosen.command:
        case "bootstrap":
            bootstrap(one)
        case "plan":
            _package(one)
            saved = chosen.plan or one.home / "saved.plan"
            held = releases.held(one, releases.code_in(PACKAGES))
            _say_how_to_apply(one, saved, commands.plan(held, saved, sections))
        case "drift":
            _package(one)
            held = releases.held(one, releases.code_in(PACKAGES))
            if commands.plan(held, one.home / "drift.plan", sections).does_something:
                raise TerraformError(f"{one.name} is not as this commit would make it.")
            print(f"{one.name} is as this commit would make it.")
        case "deploy":
            _package(one)
            lose = chosen.lose.split()
            code, commit = releases.code_in(PACKAGES), _commit()
            releases.deploy(
                one,
                approve,
                releases.Release.now(commit=commit, code=code, reads=kinds()),
                saved=chosen.plan,
                lose=lose,
                sections=sections,
            )
        case "rollback":
            _package(one)
            code = releases.code_in(PACKAGES)
            releases.roll_back(one, approve, code, newest=chosen.to == "newest")
        case "destroy":
            releases.destroy(one, approve, lose=chosen.lose.split())
        case "outputs":
            told = commands.outputs(one)
            print(json.dumps(told, indent=2)) if chosen.json else _show(told)
        case "first-check":
            if wrong := first_check.check(one):
                raise TerraformError(f"{wrong} of these are not so: docs/never-run-on-aws.md.")
        case "unlock":
            commands.unlock(one, chosen.lock)
        case "adopt":
            commands.adopt(one, chosen.address, chosen.found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.build.terraform", description=__doc__)
    known = parser.add_subparsers(dest="command", required=True)
    for name in ("check", "fmt", "test"):
        known.add_parser(name)
    for name in (
        "bootstrap",
        "plan",
        "drift",
        "first-check",
        "deploy",
        "rollback",
        "destroy",
        "outputs",
        "unlock",
        "adopt",
    ):
        command = known.add_parser(name)
        command.add_argument("environment")
        command.add_argument("--lose", default="", help="what is meant to be lost, by its words")
        command.add_argument("--plan", type=Path, help="a saved plan")
        command.add_argument("--to", choices=["before", "newest"], default="before")
        command.add_argument("--json", action="store_true")
        command.add_argument("--lock", help="the id of a lock that was left behind")
        command.add_argument("--address", help="of a resource in Terraform")
        command.add_argument("--found", help="the id of what is there in AWS")
        command.add_argument("--sections", nargs="*", default=[], help="modules with a `section`")
    return parser


def _package(environment: Environment) -> None:
    """Builds what is deployed, if it can be deployed at all."""
    environment.require()
    package.main(["aws"])


def _commit() -> str:
    """The one that is checked out; with a plus if something is not committed, empty without git."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"]
    told = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return told.stdout.strip()


def _say_how_to_apply(environment: Environment, saved: Path, found: Plan) -> None:
    if not found.does_something:
        print("There is nothing to do.")
        return
    shown = saved.relative_to(Path.cwd()) if saved.is_relative_to(Path.cwd()) else saved
    words = " ".join(loss.word for loss in found.losses if loss.forever)
    lose = f' LOSE="{words}"' if words else ""
    print(f"\nTo apply this: make deploy ENV={environment.name} PLAN={shown}{lose}")


def _show(outputs: dict[str, object]) -> None:
    for name, value in outputs.items():
        if isinstance(value, dict):
            print(f"\n{name}")
            show((f"  {key}", str(each)) for key, each in value.items())
        else:
            print(f"{name}  {value}")


def require_somebody_to_ask() -> None:
    if not is_approved() and not sys.stdin.isatty():
        raise TerraformError("There is nobody to ask here: AUTO_APPROVE=1 says yes.")


def approve(question: str) -> bool:
    return is_approved() or input(question) == "yes"


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except TerraformError as error:
        sys.exit(str(error))
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"AWS refuses: {error}")
    except (KeyboardInterrupt, EOFError):
        sys.exit("\nInterrupted.")
