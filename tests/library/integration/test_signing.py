"""Signatures as AWS checks them, by a verifier made from the specification of Signature Version 4
alone: it takes a request as it came over the wire.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import boto3
import pytest
from moto import mock_aws

from cqrs.adapters import clients
from cqrs.adapters.opensearch import OpenSearch, strictly_encoded
from cqrs.errors import Unavailable
from tests.library.integration.tables import made_anew

SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"


@dataclass
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def authorization(self) -> dict[str, str]:
        return dict(re.findall(r"(\w+)=([^,\s]+)", self.headers["authorization"]))

    def signature(self, secret: str) -> str:
        """What the signature must be, for who knows the secret."""
        day, region, service, end = self.authorization["Credential"].split("/")[1:]
        names = self.authorization["SignedHeaders"].split(";")
        url = urlsplit(self.path)
        pairs = sorted(
            (quote(k, safe="-_.~"), quote(v, safe="-_.~"))
            for k, v in parse_qsl(url.query, keep_blank_values=True)
        )
        canonical = "\n".join(
            [
                self.method,
                quote(url.path, safe="/-_.~"),
                "&".join(f"{k}={v}" for k, v in pairs),
                *(f"{name}:{' '.join(self.headers[name].split())}" for name in names),
                "",
                ";".join(names),
                hashlib.sha256(self.body).hexdigest(),
            ]
        )
        scope = "/".join([day, region, service, end])
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = "\n".join(["AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, hashed])
        key = f"AWS4{secret}".encode()
        for part in (day, region, service, end):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, to_sign.encode(), "sha256").hex()


@dataclass
class Cluster:
    url: str = ""
    status: int = 200
    received: list[Received] = field(default_factory=list)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            cluster.received.append(Received(self.command, self.path, headers, body))
            self.send_response(cluster.status)
            self.end_headers()
            self.wfile.write(b'{"ok":true}')

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    cluster.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield cluster
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.mark.parametrize("service", ["es", "aoss"])
@pytest.mark.parametrize(
    "path",
    [
        "/orders/_search",
        "/orders-1-write/_mget?_source_includes=row,doc",
        "/orders/_search?q=a%20b",
        "/orders/_search?q=a+b",
        "/orders/_search?q=sku:a*&filter_path=hits.hits._id",
        "/_bulk?require_alias=true",
        "/_cat/indices?v=",
    ],
)
def test_what_is_sent_is_what_was_signed(cluster: Cluster, service: str, path: str) -> None:
    opensearch = OpenSearch(cluster.url, service)
    opensearch.call("POST", path, {"query": {"match": {"city": "Málaga"}}})
    opensearch.call_with_lines(path, [{"index": {}}, {"a": 1}])
    opensearch.call("GET", path)
    for received in cluster.received:
        assert received.authorization["Signature"] == received.signature(SECRET)
        assert f"/eu-west-1/{service}/aws4_request" in received.authorization["Credential"]
        content = received.headers["x-amz-content-sha256"]
        assert content == hashlib.sha256(received.body).hexdigest()
        assert "x-amz-content-sha256" in received.authorization["SignedHeaders"]
    assert len(cluster.received) == 3


@pytest.mark.parametrize("token", [None, "a/token+of=a role"])
def test_what_is_sent_to_dynamodb_is_what_was_signed(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cluster.url)
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    monkeypatch.setattr(clients, "_session", made_anew(clients._session))
    client: Any = made_anew(clients.dynamodb)()
    client.put_item(TableName="orders", Item={"city": {"S": "Málaga"}})
    client.get_item(TableName="orders", Key={"city": {"S": "Málaga"}})
    for received in cluster.received:
        assert received.authorization["Signature"] == received.signature(SECRET)
        assert "/eu-west-1/dynamodb/aws4_request" in received.authorization["Credential"]
        assert received.headers.get("x-amz-security-token") == token
        named = received.authorization["SignedHeaders"].split(";")
        of_amazon = {name for name in received.headers if name.startswith("x-amz-")}
        assert {"host", "content-type", *of_amazon} <= {*named}
    assert len(cluster.received) == 2


def test_a_signature_is_that_of_the_role_to_be_used(cluster: Cluster) -> None:
    with mock_aws():
        role = boto3.client("iam").create_role(RoleName="search", AssumeRolePolicyDocument="{}")
        arn = role["Role"]["Arn"]
        opensearch = OpenSearch(cluster.url, "es", arn)
        opensearch.call("GET", "/")
        opensearch.call("GET", "/")
    first, second = cluster.received
    assert not first.authorization["Credential"].startswith("AKIDEXAMPLE/")
    assert first.authorization["Credential"] == second.authorization["Credential"]
    assert "x-amz-security-token" in first.headers


def test_without_a_service_nothing_is_signed(cluster: Cluster) -> None:
    OpenSearch(cluster.url).call("GET", "/")
    assert "authorization" not in cluster.received[0].headers


@pytest.mark.parametrize("status", [401, 403, 302, 500])
def test_who_is_not_answered_comes_again(cluster: Cluster, status: int) -> None:
    cluster.status = status
    with pytest.raises(Unavailable, match=str(status)):
        OpenSearch(cluster.url).call("GET", "/")
    assert len(cluster.received) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_tried_three_times(cluster: Cluster, status: int) -> None:
    cluster.status = status
    with pytest.raises(Unavailable):
        OpenSearch(cluster.url).call("POST", "/_bulk", {})
    assert len(cluster.received) == 3


def test_a_query_is_encoded_so_that_nobody_encodes_it_again() -> None:
    assert strictly_encoded("https://x/y?b=c:d*&a=b,c+d") == "https://x/y?a=b%2Cc%20d&b=c%3Ad%2A"
    assert strictly_encoded("https://x/y") == "https://x/y"
