"""Services asked over HTTP: one session with keep-alive, no retries, time-outs by who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cqrs.adapters import clients
from cqrs.errors import Unavailable
from cqrs.read.compositions import Reply

if TYPE_CHECKING:
    import requests

__all__ = ["HttpServices"]

CONNECTIONS = 16  # those that nobody waits for any more among them


class HttpServices:
    """Services below one URL."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session = _session()  # now: what importing takes is not the first deadline's

    def get(self, path: str, headers: Mapping[str, str], seconds: float) -> Reply:
        """`seconds` are for connecting and for each wait for a piece of the answer."""
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
            # within a body, a time-out comes as an error of the connection
            late = any(isinstance(cause, ReadTimeoutError) for cause in error.args)
            if late or isinstance(error, Timeout):
                raise TimeoutError(f"{path} does not answer in time") from error
            raise Unavailable(f"{path} can't be reached: {error}") from error
        found = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, response.content, found)


def _session() -> requests.Session:
    # imported here: only functions that compose pay for it
    from http.cookiejar import DefaultCookiePolicy

    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.trust_env = False  # neither proxies nor .netrc of wherever this runs
    # what a service sets for one caller must not go with the next one's questions
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
