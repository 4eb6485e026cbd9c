"""OpenSearch over HTTP: one session with keep-alive, signed for AWS, with time-outs.

Connecting may take 1 second, an answer as long as the caller allows. Refused connections, and 429,
502, 503 and 504, are tried again twice, after about 0.1 and 0.2 seconds; missing answers are not. A
request is sent once more if the server had closed a kept-alive connection. Repeating a write is
harmless: rows are saved under a version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from cqrs import plain
from cqrs.adapters import clients
from cqrs.discretion import said
from cqrs.errors import Unavailable
from cqrs.plain import Value

if TYPE_CHECKING:
    import requests
    from botocore.credentials import Credentials

__all__ = ["OpenSearch", "OpenSearchReply"]

CONNECT_SECONDS = 1.0
RETRIES = 2
CONNECTIONS = 8


class OpenSearchReply(Value, kw_only=False):
    """An answer of OpenSearch. `body` is empty if it was not a JSON object."""

    status: int
    body: Mapping[str, Any]

    @property
    def error(self) -> str:
        """The type of the error, such as `index_not_found_exception`; empty if there is none."""
        error = self.body.get("error")
        return str(error.get("type", "")) if isinstance(error, dict) else ""


class OpenSearch:
    """A cluster, or a Serverless collection.

    `service` is the service that requests are signed for: `es` (a domain), `aoss` (Serverless), or
    `none`. `role` is the ARN of a role to sign with, or `none` for the function's own.
    """

    def __init__(self, url: str, service: str = "none", role: str = "none") -> None:
        self.service = service
        self._url = url
        self._session: Callable[[], requests.Session] = clients.once(
            lambda: _session(service, role)
        )

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, seconds: float = 3
    ) -> OpenSearchReply:
        """Sends a request. Raises Unavailable if there is no usable answer."""
        text = None if body is None else plain.to_json(body)
        return self._send(method, path, text, "application/json", seconds)

    def call_with_lines(
        self, path: str, lines: Sequence[Mapping[str, Any]], *, seconds: float = 3
    ) -> OpenSearchReply:
        """POSTs JSON documents, one per line, as bulk requests require."""
        text = "".join(plain.to_json(line) + "\n" for line in lines)
        return self._send("POST", path, text, "application/x-ndjson", seconds)

    def _send(
        self, method: str, path: str, text: str | None, content_type: str, seconds: float
    ) -> OpenSearchReply:
        from requests import RequestException

        def send() -> requests.Response:
            with clients.translated("The role that OpenSearch is used in"):
                return self._session().request(
                    method,
                    self._url + path,
                    data=None if text is None else text.encode(),
                    headers={} if text is None else {"Content-Type": content_type},
                    timeout=(CONNECT_SECONDS, seconds),
                    allow_redirects=False,
                )

        try:
            return _reply(clients.resent_once(send))
        except RequestException as error:
            raise Unavailable(f"OpenSearch can't be reached: {said(error)}") from error


def _reply(response: requests.Response) -> OpenSearchReply:
    status = response.status_code
    try:
        body = response.json()
    except ValueError:
        body = {}
    if status == 429:
        raise Unavailable("OpenSearch has no capacity left for now")
    if status >= 500 or status in (401, 403) or 300 <= status < 400:
        raise Unavailable(f"OpenSearch answers {status}")
    return OpenSearchReply(status, body if isinstance(body, dict) else {})


def _session(service: str, role: str) -> requests.Session:
    # imported here, as only functions that search need it
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    session = requests.Session()
    session.trust_env = False  # ignore proxies and .netrc of the environment
    session.auth = None if service == "none" else _signer(service, role)
    retries = Retry(
        total=RETRIES,
        read=0,
        other=0,
        backoff_factor=0.1,
        backoff_jitter=0.05,
        status_forcelist=(429, 502, 503, 504),
        allowed_methods=None,  # every method
        respect_retry_after_header=False,  # the caller gets a 503 instead
        raise_on_status=False,
    )
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS, max_retries=retries)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _signer(
    service: str, role: str
) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Signs a request with botocore. The query is encoded strictly before that: the server does so
    before it verifies, and botocore signs what it is given. Serverless also requires the hash of
    the body as a header.
    """
    import botocore.session
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    aws = botocore.session.get_session()
    credentials: Any = _assumed(aws, role) if role != "none" else aws.get_credentials()
    region = aws.get_config_variable("region")

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.url = strictly_encoded(str(request.url))
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        headers = {
            "Host": urlsplit(request.url).netloc,
            "X-Amz-Content-SHA256": hashlib.sha256(body).hexdigest(),
        }
        if content_type := request.headers.get("Content-Type"):
            headers["Content-Type"] = content_type
        signed = AWSRequest(method=request.method, url=request.url, data=body, headers=headers)
        SigV4Auth(credentials.get_frozen_credentials(), service, region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request

    return sign


def _assumed(aws: Any, role: str) -> Credentials:
    """The credentials of a role, fetched on first use and again before they expire."""
    from botocore.config import Config
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(aws.create_client, config=Config(connect_timeout=1, read_timeout=2)),
        source_credentials=aws.get_credentials(),
        role_arn=role,
        extra_args={"RoleSessionName": "serverless-cqrs"},
    )
    return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


def strictly_encoded(url: str) -> str:
    """`url` with its query in order, and encoded as RFC 3986 says: a space is %20, a comma %2C."""
    parts = urlsplit(url)
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs)
    return urlunsplit(parts._replace(query=query))
