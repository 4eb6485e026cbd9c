"""A plan in plain words: what is made, changed, replaced and destroyed, and what is lost by it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from scripts.build.terraform.plans import Action, Change, Loss, Plan

Section = tuple[str, Sequence[str]]
"""A title, and lines that go below it."""

WIDTH = 110
_DONE: Mapping[Action, str] = {
    "make": "made",
    "change": "changed",
    "replace": "REPLACED",
    "destroy": "destroyed",
    "leave": "left in AWS, where Terraform forgets it",
}

# By the beginning of Terraform's type, the longest that fits.
_KINDS = {
    "aws_apigatewayv2_api": "API",
    "aws_apigatewayv2_route": "route",
    "aws_apigatewayv2_": "part of the API",
    "aws_cloudwatch_log_group": "log group",
    "aws_cloudwatch_metric_alarm": "alarm",
    "aws_cognito_user_pool": "user pool",
    "aws_cognito_user_pool_client": "client of the user pool",
    "aws_cognito_user_group": "user group",
    "aws_cloudwatch_log_resource_policy": "right to write logs",
    "aws_dynamodb_table": "table",
    "aws_iam_role": "role",
    "aws_iam_role_policy": "policy",
    "aws_kinesis_stream": "stream",
    "aws_lambda_alias": "live version",
    "aws_lambda_event_source_mapping": "stream mapping",
    "aws_lambda_function": "function",
    "aws_lambda_function_event_invoke_config": "rule of retries",
    "aws_lambda_layer_version": "layer",
    "aws_lambda_permission": "permission to invoke",
    "aws_opensearch_domain": "search domain",
    "aws_opensearch_domain_policy": "policy of the search",
    "aws_s3_bucket": "bucket",
    "aws_s3_bucket_": "setting of a bucket",
    "aws_s3_object": "package",
    "aws_scheduler_schedule": "schedule",
    "aws_scheduler_schedule_group": "group of schedules",
    "aws_sfn_state_machine": "state machine",
    "terraform_data": "check",
}


def summary(environment: str, plan: Plan, sections: Sequence[Section] = ()) -> str:
    """As printed; a first plan fits on a screen."""
    return "\n".join(_lines(environment, plan, sections))


def losing(losses: Sequence[Loss]) -> list[str]:
    """A line for each loss; those without a word that are alike share one."""
    lines = [f"{loss.word}: {loss.what}" for loss in losses if loss.forever]
    again: dict[str, list[str]] = defaultdict(list)
    for loss in losses:
        if not loss.forever:
            again[loss.what].append(loss.word)
    return [
        *lines,
        *(f"{_listed(words, WIDTH - len(what) - 6)}: {what}" for what, words in again.items()),
    ]


def _lines(environment: str, plan: Plan, sections: Sequence[Section]) -> Iterator[str]:
    where = ", ".join(str(plan.variables.get(each)) for each in ("account_id", "region"))
    counts = [
        f"{len(found)} {done}"
        for action, done in _DONE.items()
        if (found := plan.of_action(action))
    ]
    yield f"{environment} ({where}): {', '.join(counts) or 'no resource changes'}"
    for action, done in _DONE.items():
        yield from _table(done, plan.of_action(action))
    losses = plan.losses
    titled = (
        (
            "Deleted by others since, and made again",
            [_listed(plan.gone, WIDTH)] if plan.gone else [],
        ),
        ("Lost for ever", losing([loss for loss in losses if loss.forever])),
        ("Goes with it", losing([loss for loss in losses if not loss.forever])),
        *sections,
    )
    for title, lines in titled:
        if lines:
            yield from ("", title, *(f"  {line}" for line in lines))


def _table(done: str, changes: Sequence[Change]) -> Iterator[str]:
    """A line for each kind, with as many names as go into it."""
    names: dict[str, list[str]] = defaultdict(list)
    for change in changes:
        names[kind(change.kind)].append(change.name)
    if names:
        yield f"\n{done}"
    for each, found in sorted(names.items(), key=lambda item: (-len(item[1]), item[0])):
        counted = f"  {len(found):>4} {each if len(found) == 1 else _plural(each):<26}"
        yield f"{counted} {_listed(sorted({*found}), WIDTH - len(counted) - 1)}".rstrip()


def kind(type_: str) -> str:
    """A kind of Terraform's in plain words."""
    fitting = [
        start
        for start in _KINDS
        if type_ == start or (start[-1] == "_" and type_.startswith(start))
    ]
    return (
        _KINDS[max(fitting, key=len)] if fitting else re.sub("^aws_", "", type_).replace("_", " ")
    )


def _plural(words: str) -> str:
    first, of, rest = words.partition(" of ")
    first, to, purpose = first.partition(" to ")
    several = f"{first[:-1]}ies" if first.endswith("y") else f"{first}s"
    return several + to + purpose + of + rest


def _listed(names: Sequence[str], width: int) -> str:
    """As many as fit, and how many more there are."""
    shown = list(names)
    while len(shown) > 1 and len(_text(names, shown)) > width:
        shown.pop()
    return _text(names, shown)


def _text(names: Sequence[str], shown: Sequence[str]) -> str:
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
