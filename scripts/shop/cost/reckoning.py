"""Dollars, reckoned from counted work, list prices and a few assumptions. Not a bill."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cqrs import prices
from scripts.build.terraform.nouns import nouns, routes
from scripts.shop.cost.work import ALONE, AT_ONCE, FULL, METRICS, Piece, Work

__all__ = [
    "CALL_SECONDS",
    "CPU_SECONDS",
    "Dollars",
    "Settings",
    "at_rate",
    "idle",
    "per_million",
    "settings",
]

Dollars = Mapping[str, float]
"""By what is paid for."""

# Assumed. AWS says of DynamoDB "single-digit milliseconds". An invocation of the shop's functions
# took 1 to 3 ms of a whole core on a laptop; a function has a core for each 1,769 MB.
CALL_SECONDS = 0.005
CPU_SECONDS = 0.002
CORE_GIGABYTES = 1.769

TRACED = 0.05  # X-Ray's sampling, beside the first of each second
FOLLOWERS = 4  # that read the event stream
KILOBYTE_GIGABYTES = 1 / 1024**2
SECONDS_PER_MONTH = prices.HOURS_PER_MONTH * 3_600
ON_DEMAND_SHARDS = 4  # of a new stream
SHARD_RECORDS = 1_000  # a second
POLLED = 1  # times a second, each shard by each follower
SCHEDULES = 3  # that run each minute; the third, of the walker, is taken for as large as others
UNITS = {True: 2, False: 1}  # of OpenSearch Serverless, at least, with and without standby


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an environment is told that its cost depends on. Without `shards` the event stream is on
    demand.
    """

    shards: int | None = None
    audit_minutes: int = 60
    search: Mapping[str, str] = field(default_factory=lambda: {"kind": "none"})
    snap_start: bool = False


def settings(file: Path) -> Settings:
    """As terraform/environments/*.tfvars say."""
    text = re.sub(r"#.*", "", file.read_text())
    said = dict(re.findall(r"(?m)^(\w+)\s*= (\d+)\s*$", text))
    search = re.search(r"(?m)^search\s*= \{(.*)\}", text)
    kind = dict(re.findall(r'(\w+) = "?([\w.-]+)"?', search[1])) if search else {"kind": "none"}
    shards = said.get("stream_shards")
    return Settings(
        shards=int(shards) if shards else None,
        audit_minutes=int(said.get("audit_minutes", 60)),
        search=kind,
        snap_start=bool(re.search(r"(?m)^snap_start\s*= true\s*$", text)),
    )


def seconds(work: Work) -> float:
    """Gigabytes of memory times the seconds for which they are billed."""
    return work.waits * CALL_SECONDS + work.invocations * CPU_SECONDS * CORE_GIGABYTES


def per_million(work: Work, said: Settings) -> Dollars:
    """What a million times this work costs."""
    kilobytes = work.kilobytes * KILOBYTE_GIGABYTES
    streamed = kilobytes * (prices.STREAM_GIGABYTE_IN + FOLLOWERS * prices.STREAM_GIGABYTE_OUT)
    each = {
        "API Gateway": work.requests * prices.HTTP_REQUEST,
        "Lambda, invocations": work.invocations * prices.INVOCATION,
        "Lambda, time": seconds(work) * prices.GIGABYTE_SECOND,
        "DynamoDB, writes": work.writes * prices.WRITE_UNIT,
        "DynamoDB, reads": work.reads * prices.READ_UNIT,
        "Kinesis": work.records * prices.SHARD_PUT_UNIT if said.shards else streamed,
        "Scheduler": work.deadlines * prices.SCHEDULED,
        "Logs": work.logged * KILOBYTE_GIGABYTES * prices.LOGGED_GIGABYTE,
        "Traces": work.invocations * TRACED * prices.TRACE,
        "S3": work.listings * prices.LISTING,
    }
    return {item: 1_000_000 * dollars for item, dollars in each.items() if dollars}


def at_rate(piece: Piece, per_second: float, said: Settings) -> Dollars:
    """What a month of it costs. Messages go together as they do when `AT_ONCE` or more are there at
    each poll; with less traffic, each is taken to go alone.
    """
    shards = shards_for(per_second * ALONE[piece].records, said)
    together = per_second * ALONE[piece].records >= AT_ONCE * shards * POLLED
    work = (FULL if together else ALONE)[piece]
    times = per_second * SECONDS_PER_MONTH / 1_000_000
    return {item: times * dollars for item, dollars in per_million(work, said).items()}


def shards_for(records_per_second: float, said: Settings) -> int:
    needed = -int(-records_per_second // SHARD_RECORDS)
    return said.shards or max(ON_DEMAND_SHARDS, needed)


def idle(said: Settings) -> Dollars:
    """What a month costs in which nothing happens."""
    minutes = prices.HOURS_PER_MONTH * 60
    minute = per_million(ALONE[Piece.MINUTE], said)
    passes = sum(minute.values()) / 1_000_000 * minutes * SCHEDULES / 2
    runs = SCHEDULES * minutes + minutes / said.audit_minutes
    hour = said.shards * prices.SHARD_HOUR if said.shards else prices.STREAM_HOUR
    stream = f"{said.shards} shards" if said.shards else "on demand"
    count = alarms(said)
    return {
        f"Kinesis, {stream}": prices.HOURS_PER_MONTH * hour,
        f"OpenSearch, {said.search['kind']}": searching(said.search),
        f"CloudWatch, {count} alarms": count * prices.ALARM_MONTH,
        f"CloudWatch, {METRICS} metrics, if all are written": METRICS * prices.METRIC_MONTH,
        "Schedules, and what they run": runs * prices.SCHEDULED + passes,
        **({"Lambda, snapshots of live versions": snapshots()} if said.snap_start else {}),
    }


def snapshots() -> float:
    """What SnapStart comes to in a month. Versions that are not live any more cost as much until
    Lambda drops their snapshots, two weeks after their last use.
    """
    functions = nouns("functions") | nouns("functions_of_the_frame")
    megabytes: int = sum(functions[name]["memory_megabytes"] for name in set(routes().values()))
    return megabytes / 1024 * SECONDS_PER_MONTH * prices.SNAPSHOT_GIGABYTE_SECOND


def searching(search: Mapping[str, str]) -> float:
    match search["kind"]:
        case "domain":
            node = prices.DOMAIN_HOUR.get(search["instance_type"])
            if node is None:
                raise LookupError(f"no price of {search['instance_type']} in shared/cqrs/prices.py")
            disk = int(search["volume_gigabytes"]) * prices.VOLUME_GIGABYTE_MONTH
            return int(search["instance_count"]) * (prices.HOURS_PER_MONTH * node + disk)
        case "serverless":
            standby = search.get("standby_replicas", "true") == "true"
            return UNITS[standby] * prices.SEARCH_UNIT_HOUR * prices.HOURS_PER_MONTH
        case _:
            return 0


def alarms(said: Settings) -> int:
    """As terraform/alarms.tf and the modules make them."""
    functions = nouns("functions") | nouns("functions_of_the_frame")
    keeping = {name: entry["keeps"] for name, entry in functions.items() if entry.get("keeps")}
    views, processes = len(nouns("views")), len(nouns("processes"))
    return (
        4 * sum(map(len, keeping.values()))  # parked, by the follower and the three that tend it
        + len(keeping)  # unreadable records
        + 2 * (views + processes)  # parts that the walker or the recoverer can't do
        + 2 * processes  # of the deliverer, and undelivered
        + len(functions)  # errors
        + 3  # silence
        + 4  # commits, recovery, streams set aside, audits
        + 2 * (len(keeping) + 1)  # lag of each follower and of the publisher
        + (3 if said.search["kind"] == "domain" else 0)
    )
