"""A route that says too little in Terraform's lists is told in a sentence, as by the plan."""

from collections.abc import Mapping

import pytest

from scripts.build.documents import openapi
from scripts.build.terraform import nouns


@pytest.mark.parametrize("role", [{}, {"role": "admin"}])
def test_a_route_that_is_open_to_no_role_is_named(
    role: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    routes = {"GET /here": {"function": "docs", "role": "staff"}, "GET /there": role}
    monkeypatch.setattr(nouns, "_routes", lambda: routes)

    with pytest.raises(LookupError, match=r'"GET /there" in \S+ does not say to whom it is open'):
        nouns.roles()


@pytest.mark.parametrize("function", ["docs", "nobody"])
def test_a_route_that_leads_to_a_function_without_it_is_named(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openapi, "routes", lambda: {"GET /here": function})

    with pytest.raises(LookupError, match=rf"leads GET /here to functions/{function}/handler\.py"):
        openapi.told()
