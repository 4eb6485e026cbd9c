"""What the documentation shows is run, and what it names is there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "scripts/**/*.md", "shared/**/*.md", "terraform/*.md")
    for path in ROOT.glob(pattern)
)


def test_the_librarys_introduction_runs_from_top_to_bottom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = (ROOT / "shared" / "README.md").read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    module = ModuleType("introduction")
    monkeypatch.setitem(sys.modules, "introduction", module)

    exec(compile(code, "shared/README.md", "exec", dont_inherit=True), vars(module))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text())

    missing = [link for link in links if not (document.parent / link).exists()]

    assert missing == []


def test_the_readme_is_short_enough_to_be_read() -> None:
    lines = len((ROOT / "README.md").read_text().splitlines())
    assert lines < 200, (
        f"README.md has {lines} lines, and is to be read in one go: at most 199. Move what is for "
        "few readers to a page in docs/, and leave a link."
    )
