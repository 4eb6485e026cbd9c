"""Tokens as Cognito signs them, and what their callers may do, at the API and in the functions."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any

import pytest
import requests

from cqrs.plain import Value
from scripts.local.deployment import API_ID
from scripts.local.tokens import claims_of
from tests.shop.e2e.conftest import BOOK, VIENNA, Shop, until

ORDER = {"currency": "EUR", "lines": [BOOK], "address": VIENNA}


@pytest.fixture
def alice(shop: Shop) -> Shop:
    return shop.asked_by(f"alice-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def bob(shop: Shop) -> Shop:
    return shop.asked_by(f"bob-{uuid.uuid4().hex[:8]}")


def registered(shop: Shop, name: str) -> str:
    """The id that a customer has, who registers."""
    body = {"name": name, "email": f"{uuid.uuid4().hex}@example.com"}
    answer = shop.ask("POST", "/customers", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["customer_id"])


def ordered(shop: Shop) -> str:
    answer = shop.ask("POST", "/orders", ORDER)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["order_id"])


# Tokens


def with_token(shop: Shop, token: str | None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return requests.get(f"{shop.url}/customers/me/orders", headers=headers, timeout=60)


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def header_of(token: str) -> Any:
    text = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_without_a_token_nothing_is_answered_but_what_is_public(shop: Shop) -> None:
    assert with_token(shop, None).status_code == 401
    assert requests.post(f"{shop.url}/orders", json=ORDER, timeout=60).status_code == 401
    for path, status in (("/health", 200), (f"/products/{BOOK['sku']}", 200), ("/nowhere", 404)):
        assert requests.get(shop.url + path, timeout=60).status_code == status


def test_a_token_that_somebody_has_changed_is_refused(shop: Shop, alice: Shop) -> None:
    token = str(alice.session.headers["Authorization"]).removeprefix("Bearer ")
    head, _, signature = token.split(".")
    claims = claims_of(token)
    assert with_token(shop, token).status_code == 200

    for changed in (
        claims | {"cognito:groups": ["operator"]},
        claims | {"exp": int(time.time()) + 10_000},
        claims | {"iss": "https://example.com"},
        claims | {"sub": "somebody-else"},
    ):
        assert with_token(shop, f"{head}.{encoded(changed)}.{signature}").status_code == 401
    unsigned = encoded(header_of(token) | {"alg": "none"})
    for forged in (f"{unsigned}.{encoded(claims)}.", f"{unsigned}.{encoded(claims)}.{signature}"):
        assert with_token(shop, forged).status_code == 401
    for nothing in ("", "x", "a.b.c", token[:-4]):
        assert with_token(shop, nothing).status_code == 401


def test_a_token_of_another_pool_or_client_is_refused(shop: Shop) -> None:
    cognito = shop.client("cognito-idp")
    (authorizer,) = shop.client("apigatewayv2").get_authorizers(ApiId=API_ID)["Items"]
    own = authorizer["JwtConfiguration"]["Issuer"].rpartition("/")[2]
    other = cognito.create_user_pool(PoolName=f"other-{uuid.uuid4().hex}")["UserPool"]["Id"]
    for pool in (own, other):
        client = cognito.create_user_pool_client(
            UserPoolId=pool,
            ClientName="another",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
        )["UserPoolClient"]["ClientId"]
        assert with_token(shop, signed_in(shop, pool, client)["AccessToken"]).status_code == 401


def signed_in(shop: Shop, pool: str, client: str) -> dict[str, str]:
    """The tokens of a new user."""
    cognito, password = shop.client("cognito-idp"), "a long Password 1!"
    user = {"UserPoolId": pool, "Username": f"{uuid.uuid4().hex}@example.com"}
    cognito.admin_create_user(**user, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**user, Password=password, Permanent=True)
    found: dict[str, str] = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user["Username"], "PASSWORD": password},
    )["AuthenticationResult"]
    return found


def test_an_id_token_is_not_an_access_token(shop: Shop) -> None:
    (authorizer,) = shop.client("apigatewayv2").get_authorizers(ApiId=API_ID)["Items"]
    jwt = authorizer["JwtConfiguration"]
    tokens = signed_in(shop, jwt["Issuer"].rpartition("/")[2], jwt["Audience"][0])

    assert with_token(shop, tokens["AccessToken"]).status_code == 200
    refused = with_token(shop, tokens["IdToken"])
    assert refused.status_code == 401
    assert refused.json()["code"] == "unauthenticated"


def test_a_token_is_refused_once_it_has_expired(shop: Shop) -> None:
    """Its signature is good to the end. (Cognito itself makes none for less than five minutes.)"""
    cognito = shop.client("cognito-idp")
    (authorizer,) = shop.client("apigatewayv2").get_authorizers(ApiId=API_ID)["Items"]
    jwt = authorizer["JwtConfiguration"]
    pool, client = jwt["Issuer"].rpartition("/")[2], jwt["Audience"][0]
    own = {"UserPoolId": pool, "ClientId": client}
    usual = cognito.describe_user_pool_client(**own)["UserPoolClient"]
    short = {"AccessTokenValidity": 3, "TokenValidityUnits": {"AccessToken": "seconds"}}
    cognito.update_user_pool_client(**own, **short)
    token = signed_in(shop, pool, client)["AccessToken"]
    cognito.update_user_pool_client(**own, **{name: usual[name] for name in short})

    assert with_token(shop, token).status_code == 200
    until(lambda: with_token(shop, token).status_code == 401, "the token expires")
    assert time.time() >= claims_of(token)["exp"]


# Whose it is


class Hers(Value):
    customer: str
    order: str

    @property
    def paths(self) -> list[str]:
        return [
            f"/orders/{self.order}",
            f"/composed/orders/{self.order}",
            f"/order-facts/{self.order}",
            f"/payments/{self.order}",
            f"/customers/{self.customer}",
            f"/customers/{self.customer}/orders",
            f"/composed/customers/{self.customer}/orders",
            f"/order-facts?customer={self.customer}",
        ]


@pytest.fixture
def hers(shop: Shop, alice: Shop) -> Hers:
    """What Alice has: an order that is confirmed, and everything about it."""
    hers = Hers(customer=registered(alice, "Alice"), order=ordered(alice))
    found = shop.settled([hers.order])[hers.order]
    assert (found["customer_id"], found["status"]) == (hers.customer, "confirmed")
    return hers


def test_a_customer_sees_what_is_theirs_and_nobody_elses(
    shop: Shop, alice: Shop, bob: Shop, hers: Hers
) -> None:
    staff = shop.asked_by("staff")
    for path in hers.paths:
        found = [one.ask("GET", path).status_code for one in (alice, staff, bob)]
        assert found == [200, 200, 404], path


def test_of_many_a_customer_sees_their_own(alice: Shop, bob: Shop, hers: Hers) -> None:
    for path, items in (
        (f"/payments?order={hers.order}", "payments"),
        (f"/customers?id={hers.customer}", "customers"),
    ):
        (mine,), (others,) = (one.ask("GET", path).json()[items].values() for one in (alice, bob))
        assert mine
        assert others is None
        assert "Consistency-Token" not in bob.ask("GET", path).headers
    assert bob.ask("GET", "/customers/me/orders").json()["orders"] == []


def test_a_customer_finds_their_own_and_learns_of_nobody_else(
    alice: Shop, bob: Shop, hers: Hers
) -> None:
    def found(shop: Shop, **query: str) -> list[str]:
        answer = shop.search({"limit": "50", **query}, f"order-{hers.order}@2")
        return [one["order_id"] for one in answer.json().get("orders", [])]

    until(lambda: found(alice) == found(alice, q="alice") == [hers.order], "her order is found")
    assert found(bob) == found(bob, q="alice") == []
    assert hers.customer not in bob.search({"q": "alice"}).headers.get("Consistency-Token", "")


def test_a_customer_changes_what_is_theirs_and_nobody_elses(
    alice: Shop, bob: Shop, hers: Hers
) -> None:
    for method, path, body, code in (
        ("POST", f"/orders/{hers.order}/cancel", None, "order_not_found"),
        ("PUT", f"/orders/{hers.order}/address", {"address": VIENNA}, "order_not_found"),
        ("PUT", f"/customers/{hers.customer}/name", {"name": "Bob"}, "customer_not_found"),
        ("POST", "/orders", ORDER | {"customer_id": hers.customer}, "not_found"),
    ):
        refused = bob.ask(method, path, body)
        assert (refused.status_code, refused.json()["code"]) == (404, code)
    assert alice.cancel(hers.order).status_code == 200


def test_a_customer_has_one_account_and_staff_registers_others(shop: Shop, alice: Shop) -> None:
    registered(alice, "Alice")
    again = {"name": "Alice", "email": f"{uuid.uuid4().hex}@example.com"}
    assert alice.ask("POST", "/customers", again).json()["code"] == "customer_already_registered"

    staff = shop.asked_by("staff")
    assert registered(staff, "One") != registered(staff, "Another")


def test_staff_may_act_for_a_customer(shop: Shop, alice: Shop) -> None:
    customer = registered(alice, "Alice")
    staff = shop.asked_by("staff")
    placed = staff.ask("POST", "/orders", ORDER | {"customer_id": customer})
    assert placed.status_code == 201
    assert alice.order(placed.json()["order_id"], placed.headers["Consistency-Token"]).ok
    assert staff.ask("PUT", f"/customers/{customer}/name", {"name": "Alicia"}).ok


# Who may


@pytest.mark.parametrize(
    ("method", "path", "least"),
    [
        ("GET", "/sales/products", "staff"),
        ("GET", "/orders?status=placed", "staff"),
        ("POST", "/products", "staff"),
        ("POST", "/orders/nowhere/ship", "staff"),
        ("POST", "/orders/nowhere/confirm", "operator"),
        ("POST", "/products/nowhere/reserve", "operator"),
        ("POST", "/payments/nowhere/refund", "operator"),
    ],
)
def test_who_has_not_the_role_is_refused(
    shop: Shop, alice: Shop, method: str, path: str, least: str
) -> None:
    answers = {
        "customer": alice.ask(method, path),
        "staff": shop.asked_by("staff").ask(method, path),
        "operator": shop.ask(method, path),
    }
    refused = [role for role, answer in answers.items() if answer.status_code == 403]
    assert refused == (["customer"] if least == "staff" else ["customer", "staff"])
    assert answers["customer"].json()["code"] == "forbidden"


def test_a_commit_and_a_log_line_name_who_it_was(shop: Shop, alice: Shop) -> None:
    order_id = ordered(alice)
    token = str(alice.session.headers["Authorization"]).removeprefix("Bearer ")
    (first, *_) = shop.history(f"order-{order_id}")["history"]["commits"]
    assert claims_of(token)["sub"] in json.dumps(first)
    (line,) = [
        line
        for line in shop.logged("orders_commands")
        if line.get("commit") == f"order-{order_id}@1"
    ]
    assert line["actor"] == f"jwt:{claims_of(token)['sub']}"
