"""Files over HTTP: the texts in a function's package, as they are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cqrs.entrypoints.about import About, telling
from cqrs.entrypoints.http import Handler, Request, Response

__all__ = ["file_of"]

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
}
# A page may load what this API has, send there what is typed into it, and be part of no other page.
OF_PAGES = {
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    ),
    "Referrer-Policy": "no-referrer",
}


def file_of(path: Path, summary: str) -> Handler:
    """The route of a file, whose name says its type. It is read when it is asked for first."""
    content_type = TYPES[path.suffix]
    headers: Mapping[str, str] = OF_PAGES if path.suffix == ".html" else {}

    @cache
    def text() -> str:
        return path.read_text(encoding="utf-8")

    is_json = path.suffix == ".json"
    answer_is = {"type": "object" if is_json else "string"}

    @telling(About(summary, answer=answer_is, content_type=content_type))
    def answer(_: Request) -> Response:
        return Response(text=text(), content_type=content_type, headers=headers)

    return answer
