"""A client of the shop's API that waits and retries."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from scripts.local.clients import http
from scripts.local.errors import LocalError

__all__ = ["AT_ONCE", "Api"]

AT_ONCE = 4  # requests at the same time
SECONDS = 120.0  # for all tries together
BUSY = {409, 429, 503}


class Api:
    """Safe to share among threads. A refused request raises LocalError with the answer."""

    def __init__(self, url: str, token: str = "") -> None:
        """`token`: who asks."""
        self.url, self.token = url.rstrip("/"), token
        self._session = http()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=AT_ONCE))

    def has_search(self) -> bool:
        answer = self._answer("GET", "/search/orders?limit=1", {}, None)
        return answer.status_code != 501 and _found(answer).ok

    def command(
        self, method: str, path: str, key: str, body: Any = None, *, unless: str | None = None
    ) -> requests.Response:
        """Sends a command. A repeat has no second effect and gets the same answer; if the command
        is no longer remembered, it may be refused with a code that matches `unless`.
        """
        answer = self._answer(method, path, {"Idempotency-Key": key}, body)
        if unless and answer.status_code == 422 and re.search(unless, answer.text):
            return answer
        return _found(answer)

    def look(self, path: str, token: str) -> requests.Response:
        """The answer of now, whatever it is."""
        return self._ask("GET", path, _token(token), None)

    def get(self, path: str, token: str = "") -> requests.Response:
        """The view's own answer, once the view is as new as `token`. Repeats the query while an
        answer needed folded commits, or the version does not exist yet.
        """

        def is_early(answer: requests.Response) -> bool:
            is_ahead = answer.status_code == 400 and "invalid_consistency_token" in answer.text
            return is_ahead or answer.headers.get("Consistency", "").startswith("folded")

        return _found(self._answer("GET", path, _token(token), None, is_early))

    def _answer(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: Any,
        is_early: Callable[[requests.Response], bool] = lambda answer: False,
    ) -> requests.Response:
        deadline = time.monotonic() + SECONDS
        pause = 0.4
        while True:
            answer = self._ask(method, path, headers, body)
            if answer.status_code not in BUSY and not is_early(answer):
                return answer
            if time.monotonic() > deadline:
                raise LocalError(f"not within {SECONDS:g} s: {_told(answer)}")
            time.sleep(float(answer.headers.get("Retry-After", pause)))
            pause = min(1.5 * pause, 1.0)

    def _ask(self, method: str, path: str, headers: dict[str, str], body: Any) -> requests.Response:
        try:
            return self._session.request(
                method, self.url + path, headers=headers, json=body, timeout=60
            )
        except requests.RequestException as error:
            raise LocalError(f"{self.url} does not answer: {error}") from None


def _token(token: str) -> dict[str, str]:
    return {"Consistency-Token": token} if token else {}


def _found(answer: requests.Response) -> requests.Response:
    if not answer.ok:
        raise LocalError(_told(answer))
    return answer


def _told(answer: requests.Response) -> str:
    where = f"{answer.request.method} {answer.request.path_url}"
    return f"{where} was answered {answer.status_code}: {answer.text[:500]}"
