"""`python -m scripts.build.terraform <command>`: called by targets of the Makefile."""

import argparse
import re
import sys
from collections.abc import Sequence

from scripts.build.terraform.environments import (
    DATA,
    environment,
    is_approved,
    require_aws,
    var_files,
)
from scripts.build.terraform.program import REPOSITORY, Program, TerraformError, colour
from scripts.build.terraform.provider import initialise
from scripts.build.terraform.root import or_stop

CHECKED = Program(data_dir=DATA / "check")
PACKAGES = DATA / "tests" / "packages"
TESTS = Program(
    directory=REPOSITORY / "tests" / "terraform",
    data_dir=DATA / "tests",
    env={"TF_VAR_packages_dir": str(PACKAGES)},
)


def check() -> None:
    """Checks format and validity of the root and its tests."""
    for program in (CHECKED, TESTS):
        or_stop(program.run("fmt", "-check", "-diff", "-recursive", *colour()))
    for program in (CHECKED, TESTS):
        initialise(program, "-backend=false")
        program.read("validate", "-no-color")
    print("Success: Terraform is formatted and valid")


def fmt() -> None:
    for program in (CHECKED, TESTS):
        or_stop(program.run("fmt", "-recursive"))


def test() -> None:
    """Runs `terraform test`. It plans with empty packages, so none need be built."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    handlers = (REPOSITORY / "functions").glob("*/handler.py")
    for name in ("layer", *(handler.parent.name for handler in handlers)):
        (PACKAGES / f"{name}.zip").touch()
    initialise(TESTS)
    code, said = TESTS.captured("test", "-no-color")
    # A root that is tested as a module has no backend, on purpose: remove the warning.
    print(re.sub(r"\nWarning: Backend .*?(?=\S+\.tftest\.hcl)", "", said, flags=re.DOTALL))
    or_stop(code)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.build.terraform", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command in ("check", "fmt", "test"):
        commands.add_parser(command)
    for command in ("init", "plan", "apply", "destroy"):
        commands.add_parser(command).add_argument("environment")
    chosen = parser.parse_args(arguments)

    match chosen.command:
        case "check":
            check()
        case "fmt":
            fmt()
        case "test":
            test()
        case command:
            require_aws()
            files, root = var_files(chosen.environment), environment(chosen.environment)
            root.init()
            if command != "init":
                root.run(command, files, approved=is_approved())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except TerraformError as error:
        sys.exit(str(error))
