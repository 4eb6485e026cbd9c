"""A layer is unpacked once."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.local.emulated.layers import Layers


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def zipped(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, text in files.items():
            file.writestr(f"python/{name}.py", text)
    return content.getvalue()


def test_a_layer_lies_in_its_folder() -> None:
    folder = Path(Layers().folder(zipped(cqrs="events = 1")))
    assert (folder / "python" / "cqrs.py").read_text() == "events = 1"


def test_processes_that_start_together_share_it(tmp_path: Path) -> None:
    layers, content = Layers(), zipped(cqrs="events = 1")
    with ThreadPoolExecutor(8) as starting:
        folders = list(starting.map(layers.folder, [content] * 8))
    assert len(set(folders)) == len(list(tmp_path.iterdir())) == 1


def test_another_content_has_another_folder() -> None:
    layers = Layers()
    old, new = layers.folder(zipped(cqrs="old")), layers.folder(zipped(cqrs="new"))
    assert old != new
    assert layers.folder(zipped(cqrs="old")) == old
