"""Requests to DynamoDB are signed as botocore signs them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters import signing
from cqrs.adapters.signing import post_signer
from tests.examples import examples

NOON = datetime(2026, 1, 31, 12)
USUAL: dict[str, Any] = {
    "method": "POST",
    "url": "https://dynamodb.eu-west-1.amazonaws.com",
    "headers": {
        "X-Amz-Target": "DynamoDB_20120810.PutItem",
        "Content-Type": "application/x-amz-json-1.0",
        "User-Agent": "serverless-cqrs",
    },
    "data": b'{"TableName": "events"}',
}
URLS = [
    "https://dynamodb.eu-west-1.amazonaws.com/",
    "https://123456789012.ddb.eu-west-1.amazonaws.com",
    "http://127.0.0.1:4566",
    "http://localhost:80/",
    "https://localhost:443",
    "https://localhost:4430",
    "https://LocalHost:4566",
    "https://[::1]:4566",
    "https://user@localhost",
    "https://localhost/path/../to a file",
    "https://localhost?b=1&a=2",
]
OTHER: list[dict[str, Any]] = [
    {"method": "GET"},
    {"data": "text"},
    {"data": b""},
    {"data": {"a": "b"}},
    {"params": {"b": "1", "a": "2"}},
    *({"url": url} for url in URLS),
    *(
        {"headers": {name: "20260101T000000Z"}}
        for name in ("Authorization", "Date", "Host", "X-Amz-Date", "x-amz-content-sha256")
    ),
    {"headers": {"X-Amz-Security-Token": "of before"}},
    {"again": {"x-amz-target": "a header twice"}},
]
ROLES = [Credentials("AKID", "secret"), Credentials("ASIA", "sécret", "token")]
OF_CONTEXT: list[dict[str, Any]] = [
    {},
    {"payload_signing_enabled": False},
    {"checksum": {"request_algorithm": {"in": "trailer"}}},
]

headers = st.dictionaries(
    st.sampled_from(["Accept", "Expect", "amz-sdk-request", "X-Amzn-Trace-Id", "x-amz-Api"]),
    st.text("ab ,;=\t", min_size=1),
)


def signed(signer: type[auth.SigV4Auth], role: Credentials | None, **asked: Any) -> Any:
    context, again = asked.pop("context", {}), asked.pop("again", {})
    request: Any = AWSRequest(**asked)
    request.context.update(context)
    for name, text in again.items():
        request.headers.add_header(name, text)
    signer(role, "dynamodb", "eu-west-1").add_auth(request)
    return sorted(request.headers.items()), request.context


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "get_current_datetime", lambda: NOON)
    monkeypatch.setattr(signing, "_now", lambda: NOON.strftime("%Y%m%dT%H%M%SZ"))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("context", OF_CONTEXT)
@pytest.mark.parametrize("other", [{}, *OTHER])
def test_a_request_of_any_kind_is_signed_as_by_botocore(
    other: dict[str, Any], context: dict[str, Any], role: Credentials
) -> None:
    asked = {**USUAL, **other, "context": context}
    assert signed(post_signer(), role, **asked) == signed(auth.SigV4Auth, role, **asked)


@pytest.mark.usefixtures("_clock")
def test_headers_are_signed_as_by_botocore_whatever_they_hold() -> None:
    @examples(50)
    @given(headers, st.binary(), st.sampled_from(ROLES))
    def same(more: dict[str, str], data: bytes, role: Credentials) -> None:
        asked = {**USUAL, "headers": {**USUAL["headers"], **more}, "data": data}
        assert signed(post_signer(), role, **asked) == signed(auth.SigV4Auth, role, **asked)

    same()


def test_a_usual_request_is_not_left_to_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(auth.SigV4Auth, "add_auth")
    signed(post_signer(), ROLES[0], **USUAL)


def test_nobody_signs_without_credentials() -> None:
    for signer in (post_signer(), auth.SigV4Auth):
        with pytest.raises(auth.NoCredentialsError):
            signed(signer, None, **USUAL)
