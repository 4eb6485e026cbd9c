import marshal
import os
import sys
import zipfile
from pathlib import Path
from types import CodeType

import pytest

from scripts.build import package

PYC = f"cpython-{sys.version_info.major}{sys.version_info.minor}.pyc"


def small(folder: Path) -> Path:
    """A repository, as small as it can be."""
    files = {
        "functions/orders_commands/handler.py": "def handler(event, context):\n    return {}\n",
        "functions/orders_commands/README.md": "",
        "functions/notes/thoughts.txt": "",
        "shared/cqrs/errors.py": "class Refused(Exception):\n    pass\n",
        "shared/cqrs/adapters/__init__.py": "",
        "shared/cqrs/py.typed": "",
        "shared/cqrs/testing/given.py": "",
        "shared/cqrs/__pycache__/errors.cpython-39.pyc": "of another time",
        "shared/domain/orders/order.py": "",
        "requirements/layer.txt": "# nothing from third parties\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return small(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """To look at."""
    return zips(small(tmp_path_factory.mktemp("repository")))


def zips(repository: Path) -> dict[str, Path]:
    return {built.zip.stem: built.zip for built in package.build("local", repository)}


def names_in(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as file:
        return file.namelist()


def test_every_folder_with_a_handler_becomes_a_zip_and_the_rest_a_layer(
    built: dict[str, Path],
) -> None:
    assert list(built) == ["orders_commands", "layer"]


def test_the_handler_lies_at_the_root_of_its_zip_with_its_bytecode(built: dict[str, Path]) -> None:
    names = names_in(built["orders_commands"])
    assert names == [f"__pycache__/handler.{PYC}", "handler.py"]


def test_the_layer_holds_library_and_domain_without_what_only_tests_and_tools_need(
    built: dict[str, Path],
) -> None:
    sources = [name for name in names_in(built["layer"]) if "__pycache__" not in name]
    assert sources == [
        "python/cqrs/adapters/__init__.py",
        "python/cqrs/errors.py",
        "python/domain/orders/order.py",
    ]


def test_every_module_has_bytecode_for_the_interpreter_that_runs_it(built: dict[str, Path]) -> None:
    names = names_in(built["layer"])
    compiled = [name for name in names if name.endswith(".pyc")]
    assert compiled == [
        f"python/cqrs/__pycache__/errors.{PYC}",
        f"python/cqrs/adapters/__pycache__/__init__.{PYC}",
        f"python/domain/orders/__pycache__/order.{PYC}",
    ]


def test_tracebacks_name_the_files_where_lambda_unpacks_them(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["layer"]) as file:
        code = marshal.loads(file.read(f"python/cqrs/__pycache__/errors.{PYC}")[16:])
    assert isinstance(code, CodeType)
    assert code.co_filename == "/opt/python/cqrs/errors.py"


def test_the_same_input_gives_the_same_bytes(repository: Path) -> None:
    first = {name: path.read_bytes() for name, path in zips(repository).items()}
    for path in repository.rglob("*.zip"):
        path.unlink()
    for path in repository.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert {name: path.read_bytes() for name, path in zips(repository).items()} == first


def test_names_are_sorted_and_carry_no_date(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["layer"]) as file:
        entries = file.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}


def test_only_what_changed_is_built_again(repository: Path) -> None:
    package.build("local", repository)
    (repository / "shared/cqrs/errors.py").write_text("")
    changed = {built.zip.stem: built.changed for built in package.build("local", repository)}
    assert changed == {"orders_commands": False, "layer": True}


def test_the_zip_of_a_function_that_was_removed_goes_too(repository: Path) -> None:
    old = zips(repository)["orders_commands"]
    (repository / "functions/orders_commands/handler.py").unlink()
    assert list(zips(repository)) == ["layer"]
    assert not old.exists()


def test_an_interpreter_that_does_not_run_is_none(tmp_path: Path) -> None:
    shell = tmp_path / "python3.13"
    shell.write_text("#!/bin/sh\necho 'command not found' >&2; exit 127\n")
    shell.chmod(0o755)
    assert package.version_of(str(shell)) is None


def test_without_the_interpreter_of_aws_the_zips_hold_sources(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "python_for", lambda target: None)
    names = [name for built in package.build("aws", repository) for name in names_in(built.zip)]
    assert names
    assert not [name for name in names if name.endswith(".pyc")]


def test_a_module_compiled_for_another_machine_does_not_get_in(tmp_path: Path) -> None:
    names = (
        "here/_core.cpython-313-aarch64-linux-gnu.so",
        "here/_core.cpython-313-x86_64-linux-gnu.so",
        "here/_core.cpython-311-aarch64-linux-gnu.so",
        "_core.cpython-313-darwin.so",
        "_core.abi3.so",
        "_core.py",
    )
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert package.foreign(tmp_path) == sorted([names[1], names[2], names[3]])


def test_the_function_that_shows_the_documents_has_them_and_others_have_not(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "functions/docs").mkdir()
    (repository / "functions/docs/handler.py").touch()
    (repository / "requirements/docs.txt").write_text("# nothing from third parties\n")

    def documents(repository: Path, swagger_ui: Path, into: Path) -> Path:
        assert swagger_ui.is_dir()
        into.mkdir(exist_ok=True)
        (into / "openapi.json").write_text("{}")
        return into

    monkeypatch.setattr(package, "documents", documents)

    built = {name: names_in(path) for name, path in zips(repository).items()}

    assert built["docs"] == [f"__pycache__/handler.{PYC}", "handler.py", "openapi.json"]
    assert [name for name, names in built.items() if "openapi.json" in names] == ["docs"]
    assert not any("openapi.json" in name for name in built["layer"])


def test_documents_that_cannot_be_made_say_why_in_their_last_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scripts/build/documents").mkdir(parents=True)
    made = tmp_path / "scripts/build/documents/__main__.py"
    made.write_text("raise LookupError('a route is in both, or in none')")

    with pytest.raises(SystemExit):
        package.documents(tmp_path, tmp_path, tmp_path / "documents")

    told = capfd.readouterr().err.splitlines()[-1]
    assert told == "LookupError: a route is in both, or in none"
