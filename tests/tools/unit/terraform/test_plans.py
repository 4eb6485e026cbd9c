"""What a plan would lose is known before anything is touched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.build.terraform.plans import Plan
from tests.tools.unit.terraform.planned import TABLE, change, destroyed, shown

EVENTS = f'module.events["orders"].{TABLE}.this'
ROWS = f'module.rows["customer_lookups"].{TABLE}.this'
POOL = "module.identity[0].aws_cognito_user_pool.this"
GROUP = 'module.identity[0].aws_cognito_user_group.this["staff"]'
FAILURES = "module.failures.aws_s3_bucket.this"
BACKUPS = [{"enabled": True, "recovery_period_in_days": 35}]

orders_events = {"name": "cqrs-dev-orders-events"}


def words(*changes: dict[str, Any]) -> list[str]:
    """Of what is lost for ever."""
    return [loss.word for loss in Plan.of(shown(*changes)).losses if loss.forever]


@pytest.mark.parametrize("actions", [("delete",), ("delete", "create"), ("create", "delete")])
def test_a_store_that_is_destroyed_or_replaced_is_lost(actions: tuple[str, ...]) -> None:
    assert words(destroyed(EVENTS, *actions, **orders_events)) == ["orders_events"]


def test_what_terraform_does_not_do_yet_is_taken_for_the_worst() -> None:
    assert words(destroyed(EVENTS, "delete", "something", **orders_events)) == ["orders_events"]


@pytest.mark.parametrize("actions", [("no-op",), ("read",), ("update",), ("forget",), ("create",)])
def test_a_store_that_stays_is_not(actions: tuple[str, ...]) -> None:
    assert words(change(EVENTS, *actions, before=orders_events, after=orders_events)) == []


@pytest.mark.parametrize(
    ("address", "name", "word"),
    [
        (
            'module.guards["customers"].aws_dynamodb_table.this',
            "customers-guards",
            "customers_guards",
        ),
        ('module.processes["checkout"].aws_dynamodb_table.this', "checkout", "checkout"),
        ("aws_dynamodb_table.generations", "generations", "generations"),
        ("aws_dynamodb_table.of_somebody", "of-somebody", "of_somebody"),
    ],
)
def test_so_is_every_table_that_is_not_made_of_events(address: str, name: str, word: str) -> None:
    assert words(destroyed(address, name=f"cqrs-dev-{name}")) == [word]


def test_what_is_made_again_is_told_and_needs_no_word() -> None:
    plan = Plan.of(shown(destroyed(ROWS, name="cqrs-dev-customer-lookups")))
    (loss,) = plan.losses
    assert (loss.word, loss.forever) == ("customer_lookups", False)
    assert "made again from the events" in loss.what


def test_a_user_pool_takes_its_groups_with_it_and_a_group_can_go_alone() -> None:
    pool, group = destroyed(POOL, name="cqrs-dev"), destroyed(GROUP, name="staff")
    assert words(pool, group) == ["user_pool"]
    assert words(group) == ["group_staff"]


def test_a_bucket_is_called_what_it_is_called_without_its_account() -> None:
    bucket = destroyed(FAILURES, bucket="cqrs-dev-failures-123456789012", force_destroy=True)
    assert words(bucket) == ["failures"]


def test_backups_that_are_switched_off_are_lost_although_the_table_stays() -> None:
    off = change(
        EVENTS,
        "update",
        before=orders_events | {"point_in_time_recovery": BACKUPS},
        after=orders_events | {"point_in_time_recovery": [{"enabled": False}]},
    )
    assert words(off) == ["orders_events_backups"]


def test_what_aws_would_refuse_to_delete_is_known_before() -> None:
    plan = Plan.of(
        shown(
            destroyed(EVENTS, **orders_events, deletion_protection_enabled=True),
            destroyed(ROWS, name="cqrs-dev-customer-lookups", deletion_protection_enabled=False),
            destroyed(POOL, name="cqrs-dev", deletion_protection="ACTIVE"),
            destroyed(FAILURES, bucket="cqrs-dev-failures-123456789012", force_destroy=False),
        )
    )
    assert plan.protected == ["orders_events", "user_pool"]
    assert plan.kept_buckets == {"failures": "cqrs-dev-failures-123456789012"}


@given(st.permutations(range(4)), st.sampled_from(["delete", "replace"]))
def test_no_loss_is_hidden_by_what_else_is_in_a_plan(order: list[int], how: str) -> None:
    lost = destroyed(EVENTS, *(("delete", "create") if how == "replace" else ()), **orders_events)
    others = [change(f"aws_iam_role.r{n}", "delete", before={"name": f"r{n}"}) for n in range(3)]
    changes = [lost, *others]
    assert words(*(changes[n] for n in order)) == ["orders_events"]


def test_what_others_have_deleted_is_told() -> None:
    drift = (destroyed(EVENTS, **orders_events),)
    assert Plan.of(shown(drift=drift)).gone == ("orders-events",)
