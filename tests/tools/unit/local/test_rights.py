"""What functions are told and may do, as one reads it to compare."""

from types import SimpleNamespace
from typing import Any, cast

from scripts.local.clients import Clients
from scripts.local.rights import rights_of

WRITE = {"Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": "table"}
LOG = {"Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": "group"}


def aws(policies: dict[str, list[dict[str, Any]]]) -> Clients:
    """A function with a role that has these policies."""

    def configuration(FunctionName: str) -> Any:  # noqa: N803  as boto3 names it
        variables = {"TABLE": "books"} if FunctionName == "reader" else {}
        return {"Role": "arn:aws:iam::0:role/own", "Environment": {"Variables": variables}}

    def policy(RoleName: str, PolicyName: str) -> Any:  # noqa: N803
        assert RoleName == "own"
        return {"PolicyDocument": {"Statement": policies[PolicyName]}}

    clients = {
        "lambda": SimpleNamespace(get_function_configuration=configuration),
        "iam": SimpleNamespace(
            list_role_policies=lambda RoleName: {"PolicyNames": list(policies)},  # noqa: N803
            get_role_policy=policy,
        ),
    }
    return cast(Clients, SimpleNamespace(client=clients.__getitem__))


def test_a_function_is_told_its_environment_and_may_what_all_its_policies_say() -> None:
    found = rights_of(aws({"write": [WRITE], "log": [LOG]}), ["reader"])
    assert found == {"reader": {"told": {"TABLE": "books"}, "may": [WRITE, LOG]}}


def test_what_it_may_is_the_same_however_policies_are_called_and_cut() -> None:
    apart = rights_of(aws({"a": [LOG], "b": [WRITE]}), ["reader"])
    together = rights_of(aws({"everything": [WRITE, LOG]}), ["reader"])
    assert apart == together
