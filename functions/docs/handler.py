"""Shows what the API takes and what happens in it: documents, and a page for each of them. They are
made when this function is packaged (`scripts.build.documents`).
"""

import os
from pathlib import Path

from cqrs.entrypoints.files import file_of
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.wiring import Wiring, on_lambda

HERE = Path(__file__).parent


def app(wire: Wiring) -> HttpFunction:
    return HttpFunction(
        {
            "GET /openapi.json": file_of(HERE / "openapi.json", "This document"),
            "GET /docs": file_of(HERE / "docs.html", "A page to read it, and to try it out"),
            "GET /docs/docs.js": file_of(HERE / "docs.js", "A script of that page"),
            "GET /docs/swagger-ui.js": file_of(HERE / "swagger-ui.js", "A script of that page"),
            "GET /docs/swagger-ui.css": file_of(HERE / "swagger-ui.css", "How that page looks"),
            "GET /docs/events": file_of(HERE / "events.html", "A page of the events"),
            "GET /docs/events.json": file_of(HERE / "events.json", "The events, as AsyncAPI"),
        }
    )


handler = on_lambda(app, os.environ)
