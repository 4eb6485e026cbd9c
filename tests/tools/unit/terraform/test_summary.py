"""A plan is told in plain words, and a large one on one screen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scripts.build.terraform.plans import Plan
from scripts.build.terraform.summary import WIDTH, kind, summary
from tests.tools.unit.terraform.planned import TABLE, change, destroyed, shown


def made(kind: str, number: int) -> list[dict[str, object]]:
    return [
        change(f'{kind}.this["{n}"]', "create", after={"name": f"cqrs-dev-a-rather-long-name-{n}"})
        for n in range(number)
    ]


def test_what_is_done_is_counted_and_named_by_kind() -> None:
    plan = Plan.of(
        shown(
            *made("aws_lambda_function", 1),
            *made("aws_iam_role_policy", 2),
            change(
                'aws_lambda_alias.queries["docs"]',
                "update",
                before={"name": "live", "function_name": "cqrs-dev-docs"},
                after={},
            ),
            change("aws_sqs_queue.mine", "update", before={"name": "cqrs-dev-mine"}, after={}),
            destroyed(f"{TABLE}.walks", "delete", "create", name="cqrs-dev-walks"),
        )
    )

    assert (
        summary("dev", plan, [("One more", ["of a line"])])
        == """\
dev (1, eu-west-1): 3 made, 2 changed, 1 REPLACED

made
     2 policies                   a-rather-long-name-0, a-rather-long-name-1
     1 function                   a-rather-long-name-0

changed
     1 live version               docs
     1 sqs queue                  mine

REPLACED
     1 table                      walks

Goes with it
  walks: how far walks are; they begin anew

One more
  of a line"""
    )


@given(
    st.dictionaries(st.sampled_from(["aws_iam_role", "aws_s3_object", TABLE]), st.integers(1, 200))
)
def test_however_many_there_are_of_a_kind_they_are_one_line(kinds: dict[str, int]) -> None:
    plan = Plan.of(shown(*(each for kind, n in kinds.items() for each in made(kind, n))))
    lines = summary("dev", plan).splitlines()
    assert len(lines) == (3 + len(kinds) if kinds else 1)
    assert all(len(line) <= WIDTH for line in lines)


def test_kinds_have_plain_names_and_unknown_ones_those_of_terraform() -> None:
    assert kind("aws_apigatewayv2_stage") == "part of the API"
    assert kind("aws_apigatewayv2_route") == "route"
    assert kind("aws_kinesis_stream_consumer") == "kinesis stream consumer"
