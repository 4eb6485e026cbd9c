"""What is made of counted work: dollars. A change that costs more fails here, or where the work is
counted (tests/shop/integration/test_costs_of_work.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cqrs import prices
from scripts.build.terraform.nouns import routes
from scripts.local.home import ROOT
from scripts.shop.cost.reckoning import Settings, at_rate, idle, per_million, settings
from scripts.shop.cost.work import ALONE, AT_ONCE, FULL, Piece, Work

ON_DEMAND, SHARDED = Settings(), Settings(shards=2)

# Dollars per million, one at a time and several at once. Who makes something cheaper lowers them.
DOLLARS = {
    Piece.COMMAND: (2.57, 2.57),
    Piece.VIEW: (5.20, 3.79),
    Piece.FOLLOWED: (7.27, 4.19),
    Piece.QUERY: (1.77, 1.77),
    Piece.ORDER: (2.22, 2.22),
    Piece.CHECKOUT: (83.95, 58.55),
}


def dollars(work: Work, said: Settings = ON_DEMAND) -> float:
    return sum(per_million(work, said).values())


@pytest.mark.parametrize("piece", DOLLARS, ids=lambda piece: piece.name)
def test_what_a_million_cost_is_known_to_the_cent(piece: Piece) -> None:
    found = round(dollars(ALONE[piece]), 2), round(dollars(FULL[piece]), 2)
    assert found == DOLLARS[piece]


def test_each_thing_that_is_counted_is_paid_for_once() -> None:
    found = per_million(Work(requests=1, reads=2, writes=3, deadlines=1, listings=1), ON_DEMAND)
    assert found == pytest.approx(
        {
            "API Gateway": 1.00,
            "DynamoDB, reads": 0.25,
            "DynamoDB, writes": 1.875,
            "Scheduler": 1.00,
            "S3": 5.00,
        }
    )


def test_a_function_is_billed_for_its_calls_and_for_its_own_work() -> None:
    found = per_million(Work(invocations=1, waits=2), ON_DEMAND)
    assert found["Lambda, invocations"] == pytest.approx(0.20)
    gigabyte_seconds = 2 * 0.005 + 0.002 * 1.769
    assert found["Lambda, time"] == pytest.approx(gigabyte_seconds * 13.3334)


def test_an_event_stream_is_paid_by_the_gigabyte_or_by_shards_and_records() -> None:
    work = Work(records=1, kilobytes=1)
    gigabytes = 1_000_000 / 1024**2
    assert dollars(work, ON_DEMAND) == pytest.approx(gigabytes * (0.08 + 4 * 0.04))
    assert dollars(work, SHARDED) == pytest.approx(0.014)
    assert idle(ON_DEMAND)["Kinesis, on demand"] == pytest.approx(730 * 0.04)
    assert idle(SHARDED)["Kinesis, 2 shards"] == pytest.approx(730 * 2 * 0.015)


@pytest.mark.parametrize(
    ("search", "month"),
    [
        ({"kind": "none"}, 0),
        ({"kind": "existing", "url": "https://search"}, 0),
        ({"kind": "serverless"}, 2 * 0.24 * 730),
        ({"kind": "serverless", "standby_replicas": "false"}, 0.24 * 730),
        (
            {
                "kind": "domain",
                "instance_type": "t3.small.search",
                "instance_count": "2",
                "volume_gigabytes": "10",
            },
            2 * (0.036 * 730 + 10 * 0.122),
        ),
    ],
)
def test_a_search_is_paid_for_by_what_it_runs_on(search: dict[str, str], month: float) -> None:
    found = idle(Settings(search=search))
    assert found[f"OpenSearch, {search['kind']}"] == pytest.approx(month)


def test_a_search_without_a_price_is_not_taken_for_free() -> None:
    with pytest.raises(LookupError, match=r"x9\.huge\.search"):
        idle(Settings(search={"kind": "domain", "instance_type": "x9.huge.search"}))


def test_with_little_traffic_each_message_is_an_invocation_and_with_more_they_go_together() -> None:
    busy = AT_ONCE * 4  # messages a second over four shards
    invocations = prices.INVOCATION * 3_600 * 730
    little = at_rate(Piece.FOLLOWED, busy - 1, ON_DEMAND)["Lambda, invocations"]
    much = at_rate(Piece.FOLLOWED, busy, ON_DEMAND)["Lambda, invocations"]
    assert little == pytest.approx(
        (busy - 1) * ALONE[Piece.FOLLOWED].invocations * invocations, rel=1e-6
    )
    assert much == pytest.approx(busy * FULL[Piece.FOLLOWED].invocations * invocations, rel=1e-6)


def test_nothing_a_second_costs_nothing() -> None:
    assert sum(at_rate(Piece.CHECKOUT, 0, ON_DEMAND).values()) == 0


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_environment_has_all_that_its_cost_depends_on(environment: str) -> None:
    said = settings(ROOT / "terraform/environments" / f"{environment}.tfvars")
    assert said.search["kind"] == "domain"
    assert sum(idle(said).values()) > prices.DOMAIN_HOUR[said.search["instance_type"]] * 730


def test_settings_are_read_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "some.tfvars"
    file.write_text(
        "stream_shards = 3 # enough\n"
        'search = { kind = "serverless", standby_replicas = false }\n'
        "audit_minutes          = 1440 # once a day\n"
    )
    found = Settings(
        shards=3, audit_minutes=1440, search={"kind": "serverless", "standby_replicas": "false"}
    )
    assert settings(file) == found
    file.write_text("# stream_shards = 3\n")
    assert settings(file) == Settings()


def test_snapshots_are_paid_for_the_functions_that_answer_requests(tmp_path: Path) -> None:
    file = tmp_path / "dev.tfvars"
    file.write_text("snap_start = true\n")
    paid = idle(settings(file))["Lambda, snapshots of live versions"]
    answering = len(set(routes().values()))
    assert 0.9 * answering * 3.95 < paid < answering * 3.96  # a GB each, but for the documents
    assert not [item for item in idle(Settings()) if "snapshots" in item]
