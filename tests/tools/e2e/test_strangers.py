"""The local AWS answers this machine, and an API the pages that it names itself."""

from __future__ import annotations

import pytest
import requests

from scripts.local.clients import http
from tests.tools.e2e.conftest import Api, Local

FOREIGN, OURS = "https://evil.example", "http://localhost:3000"


@pytest.fixture(scope="module")
def function(local: Local) -> str:
    return local.make_function("answering", "def handler(event, context): print(); return 'here'")


@pytest.fixture(scope="module")
def api(local: Local, function: str) -> Api:
    return local.make_api(function)


@pytest.fixture(scope="module")
def api_for_pages(local: Local, function: str) -> Api:
    return local.make_api(function, CorsConfiguration={"AllowOrigins": ["https://shop.example"]})


def ask(method: str, url: str, **headers: str) -> requests.Response:
    with http() as session:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return session.request(method, url, headers=names, timeout=60)


def test_names_that_are_made_to_point_here_get_nothing(local: Local, api: Api) -> None:
    for url in (api.url, f"{local.endpoint}/_ministack/health"):
        answer = ask("GET", url, Host="evil.example")
        assert answer.status_code == 403
        assert answer.json()["message"].endswith("not evil.example.")


def test_an_api_has_a_name_of_its_own_too(local: Local, api: Api) -> None:
    number = api.url.split("/")[-2]
    assert ask("GET", local.endpoint, Host=f"{number}.execute-api.localhost").text == "here"


def test_pages_from_elsewhere_reach_neither_aws_nor_the_api(local: Local, api: Api) -> None:
    for method, url in (("POST", local.endpoint), ("OPTIONS", local.endpoint), ("GET", api.url)):
        answer = ask(method, url, Origin=FOREIGN, X_Amz_Target="DynamoDB_20120810.ListTables")
        assert answer.status_code == 403
        assert answer.json()["message"].endswith(f"not {FOREIGN}.")


def test_pages_of_this_machine_reach_the_api(api: Api) -> None:
    assert ask("GET", api.url, Origin=OURS).text == "here"


def test_an_api_with_rules_for_pages_is_asked_as_on_aws(api_for_pages: Api) -> None:
    preflight = {"Access_Control_Request_Method": "GET"}
    let_in = ask("OPTIONS", api_for_pages.url, Origin="https://shop.example", **preflight)
    assert let_in.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert ask("OPTIONS", api_for_pages.url, Origin=FOREIGN, **preflight).status_code == 403
    assert ask("GET", api_for_pages.url, Origin="https://shop.example").text == "here"
    assert ask("GET", api_for_pages.url, Host="evil.example").status_code == 403
