"""Builds the packages for Lambda: one zip per function and one layer. Same input, same bytes."""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fcntl import LOCK_EX, flock
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from rich.filesize import decimal

from scripts.build.cuts import check, cut
from scripts.tables import show

REPOSITORY = Path(__file__).resolve().parents[2]

Target = Literal["local", "aws"]

AWS_PYTHON = "3.13"
DOCS = "docs"  # the function that shows the documents
NO_PYTHON = (
    f"There is no working python{AWS_PYTHON} here, so the packages hold sources only:"
    " they run as well, but a cold start imports about three times as long."
)

# Files of our sources that are not needed at run time.
LEFT_OUT = ("__pycache__", "*.pyc", "*.md", "py.typed", "tests", "testing")
# Files of third parties: the same, and files that pip writes, which differ by machine.
LEFT_OUT_OF_THIRD_PARTIES = (
    *("__pycache__", "*.pyc", "*.pyi", "py.typed", "tests", "bin"),
    *("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json"),
)

MADE_BY = tuple(Path(__file__).with_name(name).read_bytes() for name in ("package.py", "cuts.py"))


@dataclass(frozen=True, kw_only=True)
class Package:
    """A zip to build: its folders by name in the zip, and the path where Lambda unpacks it. What is
    in those of `compiled` stays as it is.
    """

    name: str
    sources: Mapping[str, Path]
    unpacked_at: str
    compiled: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Built:
    zip: Path
    changed: bool


def build(target: Target, repository: Path = REPOSITORY) -> list[Built]:
    """Builds the packages of a target in build/packages/<target>/, except unchanged ones."""
    into = repository / "build" / "packages" / target
    into.mkdir(parents=True, exist_ok=True)
    with (into / ".lock").open("w") as lock:
        flock(lock, LOCK_EX)  # two builds at the same time would disturb each other
        return build_into(into, target, repository)


def build_into(into: Path, target: Target, repository: Path) -> list[Built]:
    python = python_for(target)

    def installed(requirements: str) -> Path:
        asked = repository / "requirements" / requirements
        return install(asked, target, python, repository / "build" / "packages")

    packages = [*functions(repository), layer(repository, installed("layer.txt"))]
    if any(package.name == DOCS for package in packages):
        shown = documents(repository, installed("docs.txt"), into / ".documents")
        packages = [with_documents(package, shown) for package in packages]

    wanted = {f"{package.name}.zip" for package in packages}
    for old in into.glob("*.zip"):
        if old.name not in wanted:
            old.unlink()
    return [pack(package, python, into) for package in packages]


def functions(repository: Path) -> list[Package]:
    """The packages of functions: the folders with a handler.py."""
    return [
        Package(name=handler.parent.name, sources={"": handler.parent}, unpacked_at="/var/task")
        for handler in sorted((repository / "functions").glob("*/handler.py"))
    ]


def layer(repository: Path, third_parties: Path) -> Package:
    """The package of the layer. Lambda looks there for boto3 before it takes its own."""
    return Package(
        name="layer",
        sources={
            "python/cqrs/": repository / "shared" / "cqrs",
            "python/domain/": repository / "shared" / "domain",
        },
        unpacked_at="/opt",
        compiled={"python/": third_parties},
    )


def documents(repository: Path, swagger_ui: Path, into: Path) -> Path:
    """The folder of what DOCS shows, made anew by a process that knows the code as it is now."""
    command = [sys.executable, "-m", "scripts.build.documents", str(into), str(swagger_ui)]
    if failed := subprocess.run(command, check=False, cwd=repository).returncode:
        sys.exit(failed)  # it has said why; a traceback of this process would hide it
    return into


def with_documents(package: Package, shown: Path) -> Package:
    return replace(package, compiled={"": shown}) if package.name == DOCS else package


def python_for(target: Target) -> str | None:
    """The interpreter to compile with. The emulator runs functions with the one of this process."""
    if target == "local":
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    candidates = [
        sys.executable,
        f"python{AWS_PYTHON}",
        *(str(path) for path in sorted(pyenv.glob(f"{AWS_PYTHON}*/bin/python{AWS_PYTHON}"))),
    ]
    return next((python for python in candidates if version_of(python) == AWS_PYTHON), None)


@cache
def version_of(python: str | None) -> str | None:
    """The version that `python` prints; not all on the PATH run (pyenv puts scripts there)."""
    if python is None:
        return None
    command = [python, "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip()


def install(requirements: Path, target: Target, python: str | None, cache: Path) -> Path:
    """The folder of the third-party packages, compiled. Created once per requirements file."""
    key = digest(
        target.encode(),
        version_of(python) or "",
        requirements.read_bytes(),
        *MADE_BY,
    )
    name = f"{requirements.stem}-{target}"
    done = cache / "third-parties" / f"{name}-{key[:16]}"
    if done.exists():
        return done
    for old in done.parent.glob(f"{name}-*"):
        shutil.rmtree(old)
    installed, needed = done.with_suffix(".installed"), done.with_suffix(".needed")
    installed.mkdir(parents=True)
    if any(line[:1] not in ("", "#", " ") for line in requirements.read_text().splitlines()):
        pip_install(requirements, target, installed)
    if target == "aws" and (strangers := foreign(installed)):
        raise RuntimeError(f"Lambda can't load {', '.join(strangers)}")
    cut(installed)
    shutil.copytree(installed, needed, ignore=shutil.ignore_patterns(*LEFT_OUT_OF_THIRD_PARTIES))
    shutil.rmtree(installed)
    if python:
        compile_all(python, [needed], needed, "/opt/python")
    return needed.rename(done)


def foreign(folder: Path) -> list[str]:
    """The compiled modules that Lambda's interpreter can't load, by their names."""
    tag = f"cpython-{AWS_PYTHON.replace('.', '')}-aarch64-linux-gnu"
    strangers = (
        so for so in folder.rglob("*.so") if not so.name.endswith((f".{tag}.so", ".abi3.so"))
    )
    return sorted(str(so.relative_to(folder)) for so in strangers)


def pip_install(requirements: Path, target: Target, into: Path) -> None:
    platform = [
        *("--platform", "manylinux2014_aarch64", "--platform", "any"),
        *("--python-version", AWS_PYTHON, "--implementation", "cp", "--only-binary", ":all:"),
    ]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"),
            *("--no-deps", "--no-compile", "--require-hashes", "--requirement", str(requirements)),
            *("--target", str(into), *(platform if target == "aws" else [])),
        ],
        check=True,
    )


def pack(package: Package, python: str | None, into: Path) -> Built:
    """Writes one zip, unless the existing one has the same contents."""
    files = dict(sorted(contents(package)))
    made_of = digest(
        version_of(python) or "",
        *MADE_BY,
        *(part for name, path in files.items() for part in (name, path.read_bytes())),
    )
    archive, stamp = into / f"{package.name}.zip", into / f".{package.name}"
    if archive.exists() and stamp.exists() and stamp.read_text() == made_of:
        return Built(zip=archive, changed=False)

    stage = into / f".{package.name}.part"
    shutil.rmtree(stage, ignore_errors=True)
    for name, path in files.items():
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, stage / name)
    if python:
        folders = [stage / prefix for prefix in package.sources]
        compile_all(python, folders, stage, package.unpacked_at)
    check(stage / "python")
    write_zip(stage, archive)
    shutil.rmtree(stage)
    stamp.write_text(made_of)
    return Built(zip=archive, changed=True)


def contents(package: Package) -> Iterator[tuple[str, Path]]:
    """All files of a package, by their names in it."""
    for prefix, folder in package.compiled.items():
        yield from files_in(folder, prefix, left_out=())
    for prefix, folder in package.sources.items():
        yield from files_in(folder, prefix, left_out=LEFT_OUT)


def files_in(folder: Path, prefix: str, left_out: Sequence[str]) -> Iterator[tuple[str, Path]]:
    for path in folder.iterdir():
        if any(fnmatch(path.name, pattern) for pattern in left_out):
            continue
        if path.is_dir():
            yield from files_in(path, f"{prefix}{path.name}/", left_out)
        else:
            yield prefix + path.name, path


def compile_all(python: str, folders: Sequence[Path], root: Path, unpacked_at: str) -> None:
    """Compiles for an interpreter, beside the sources. `root` is the path of the sources in
    tracebacks, where Lambda unpacks them. Runs in a new process with a fixed hash seed, since the
    bytes depend on both."""
    subprocess.run(
        [
            *(python, "-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
            *("-s", str(root), "-p", unpacked_at, *map(str, folders)),
        ],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )


def write_zip(folder: Path, archive: Path) -> None:
    """Writes a zip that depends on no machine: sorted names, one date and one mode for all."""
    part = archive.with_suffix(".zip.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3
                entry.external_attr = 0o100644 << 16
                file.writestr(entry, path.read_bytes())
    part.rename(archive)


def digest(*parts: str | bytes) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        hashed.update(f"{len(content)}:".encode() + content)
    return hashed.hexdigest()


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.build.package", description=__doc__)
    parser.add_argument("target", choices=get_args(Target))
    target: Target = parser.parse_args(arguments).target
    show(
        (built.zip.stem, decimal(built.zip.stat().st_size), "" if built.changed else "unchanged")
        for built in build(target)
    )
    if python_for(target) is None:
        print(NO_PYTHON)


if __name__ == "__main__":
    main(sys.argv[1:])
