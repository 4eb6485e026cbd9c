"""What was released, and where the way back leads to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.build.terraform.plans import Plan
from scripts.build.terraform.program import TerraformError
from scripts.build.terraform.releases import (
    Hold,
    Release,
    Releases,
    _require_only_aliases,
    _unread,
    waves,
)

FIRST, SECOND, THIRD = {"a": "1", "b": "1"}, {"a": "2", "b": "1"}, {"a": "3", "b": "2"}


def release(code: str, *reads: str) -> Release:
    return Release(at="today", commit=f"commit-{code}", code=code, reads=reads)


def released(*versions: dict[str, str]) -> Releases:
    known = Releases()
    for number, live in enumerate(versions, start=1):
        known = known.begun(release(str(number))).finished(str(number), live)
    return known


class TestTheWayBack:
    def test_it_leads_to_the_release_before_the_live_one(self) -> None:
        assert released(FIRST, SECOND, THIRD).before(THIRD).versions == SECOND

    def test_it_leads_further_from_one_that_was_gone_back_to(self) -> None:
        assert released(FIRST, SECOND, THIRD).before(SECOND).versions == FIRST

    def test_from_a_release_that_was_killed_half_way_it_leads_to_the_last_whole_one(self) -> None:
        known = released(FIRST, SECOND).begun(release("3"))
        assert known.before({"a": "3", "b": "1"}).versions == SECOND

    def test_a_way_back_that_was_cut_short_is_gone_to_its_end(self) -> None:
        known = replace(released(FIRST, SECOND, THIRD), held=Hold(code="3", versions=SECOND))
        assert known.before({"a": "2", "b": "2"}).versions == SECOND

    def test_functions_that_are_new_or_gone_do_not_matter(self) -> None:
        assert released(FIRST, SECOND).before({"a": "2", "new": "1"}).versions == FIRST

    @pytest.mark.parametrize("known", [released(), released(FIRST)])
    def test_there_is_none_from_the_first_release(self, known: Releases) -> None:
        with pytest.raises(TerraformError, match="no earlier release"):
            known.before(FIRST)

    def test_a_deployment_that_made_nothing_live_is_not_one_to_go_back_to(self) -> None:
        known = released(FIRST, SECOND, SECOND)
        assert [each.code for each in known.releases] == ["1", "3"]
        assert known.before(SECOND).versions == FIRST


class TestHolding:
    HELD = Releases(releases=released(FIRST, SECOND).releases, held=Hold(code="2", versions=FIRST))

    def test_code_that_was_rolled_back_leaves_live_what_is(self) -> None:
        assert self.HELD.live_versions("2") == FIRST

    def test_other_code_becomes_live_and_ends_that(self) -> None:
        assert self.HELD.live_versions("3") == {}
        assert self.HELD.begun(release("3")).held is None

    def test_the_way_back_from_other_code_does_not_lead_to_what_was_rolled_back(self) -> None:
        mended = self.HELD.begun(release("3")).finished("3", THIRD)
        assert mended.before(THIRD).versions == FIRST

    def test_deploying_the_same_code_is_no_release(self) -> None:
        again = self.HELD.begun(release("2")).finished("2", FIRST)
        assert again == self.HELD


def test_deployments_that_fail_one_after_another_push_no_release_out() -> None:
    known = released(FIRST).begun(release("2")).begun(release("3"))
    assert [each.code for each in known.releases] == ["1", "3"]


def test_a_release_whose_end_was_not_noted_is_noted_by_the_next_command() -> None:
    known = released(FIRST).begun(release("2"))  # killed here
    assert known.finished("2", SECOND).newest().versions == SECOND


@pytest.mark.parametrize(
    ("known", "advice"),
    [
        (released(FIRST, SECOND), "Go back from the code that is deployed: git checkout "),
        (released(FIRST).begun(release("2")), "deploy again, or deploy the code before it: git "),
    ],
)
def test_what_would_change_more_than_what_is_live_is_no_way_back(
    known: Releases, advice: str
) -> None:
    address = 'aws_lambda_function.this["orders_queries"]'
    change = {
        "address": address,
        "type": "aws_lambda_function",
        "name": "this",
        "index": "orders_queries",
        "change": {"actions": ["update"], "before": {}, "after": {}},
    }
    plan = Plan.of({"resource_changes": [change], "variables": {}})
    with pytest.raises(TerraformError, match=f"(?s)touched.*orders_queries.*{advice}"):
        _require_only_aliases(known, plan)


class TestDoors:
    def test_what_was_written_and_is_not_read_is_in_the_way(self) -> None:
        older = release("1", "order.Placed@1", "payment.Made@1")
        written = ["order.Placed@1", "order.Placed@2", "order.Paused@1", "payment.Made@1"]
        assert _unread(older, written) == ["order.Paused@1", "order.Placed@2"]

    def test_streams_that_the_older_code_does_not_know_are_not(self) -> None:
        assert _unread(release("1", "order.Placed@1"), ["parcel.Sent@1"]) == []


def test_a_plan_says_what_becomes_live_in_its_order() -> None:
    changes = [
        {
            "address": f'aws_lambda_alias.{wave}["{name}"]',
            "type": "aws_lambda_alias",
            "name": wave,
            "index": name,
            "change": {"actions": [action], "before": {}, "after": {}},
        }
        for wave, name, action in (
            ("commands", "orders_commands", "update"),
            ("queries", "orders_queries", "update"),
            ("queries", "docs", "create"),
            ("followers", "gone", "delete"),
        )
    ]
    _, told = waves(Plan.of({"resource_changes": changes, "variables": {}}))
    assert told == ["queries: docs, orders_queries", "commands: orders_commands"]
