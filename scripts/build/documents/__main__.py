"""Writes the documents and their pages into a folder, from which the function that shows them is
packaged.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from scripts.build.terraform.program import REPOSITORY

DIST = "drf_spectacular_sidecar/static/drf_spectacular_sidecar/swagger-ui-dist"
SWAGGER_UI = {
    "swagger-ui-bundle.js": "swagger-ui.js",
    "swagger-ui.css": "swagger-ui.css",
    "LICENSE": "swagger-ui.LICENSE",
}


def main() -> None:
    sys.path.insert(0, str(REPOSITORY / "shared"))  # it looks at what runs elsewhere
    from scripts.build.documents.asyncapi import asyncapi
    from scripts.build.documents.openapi import openapi
    from scripts.build.documents.page import page

    parser = argparse.ArgumentParser(prog="python -m scripts.build.documents", description=__doc__)
    parser.add_argument("into", type=Path)
    parser.add_argument("swagger_ui", type=Path, help="where requirements/docs.txt is installed")
    arguments = parser.parse_args()
    into: Path = arguments.into
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    events = asyncapi()
    (into / "openapi.json").write_text(written(openapi()))
    (into / "events.json").write_text(written(events))
    (into / "events.html").write_text(page(events))
    for name, called in SWAGGER_UI.items():
        shutil.copyfile(arguments.swagger_ui / DIST / name, into / called)


def written(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    main()
