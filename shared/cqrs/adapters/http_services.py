"""Requests to services over HTTP: one session with keep-alive, no retries, time-outs per call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cqrs.adapters import clients
from cqrs.discretion import said
from cqrs.errors import Unavailable
from cqrs.read.compositions import Reply

if TYPE_CHECKING:
    import requests

__all__ = ["HttpServices"]

CONNECTIONS = 16  # including those whose answers nobody waits for any more


class HttpServices:
    """The services at one URL."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session = (
            _session()
        )  # created now, so that importing does not use up the first deadline

    def get(self, path: str, headers: Mapping[str, str], seconds: float) -> Reply:
        """`seconds` limits the connecting, and each wait for a piece of the answer."""
        from requests import RequestException, Timeout
        from urllib3.exceptions import ReadTimeoutError

        def send() -> requests.Response:
            return self._session.get(
                self._url + path,
                headers=dict(headers),
                timeout=seconds,
                allow_redirects=False,
            )

        try:
            response = clients.resent_once(send)
        except (RequestException, UnicodeError) as error:
            # while the body is read, a time-out is reported as a connection error
            late = any(isinstance(cause, ReadTimeoutError) for cause in error.args)
            if late or isinstance(error, Timeout):
                raise TimeoutError("no answer in time") from error
            raise Unavailable(f"it can't be reached: {said(error)}") from error
        found = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, response.content, found)


def _session() -> requests.Session:
    # imported here, as only functions with compositions need it
    from http.cookiejar import DefaultCookiePolicy

    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.trust_env = False  # ignore proxies and .netrc of the environment
    # one caller's cookies must not be sent with another's requests
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
