"""Runs Schemathesis against the API, and tells what was answered."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.local.home import ROOT
from scripts.shop.demo.api import Api
from scripts.shop.story import Asked

__all__ = ["LEFT_OUT", "Found", "hostile"]

SCHEMATHESIS = ROOT / "build" / "hostile" / "bin" / "schemathesis"
LEFT_OUT = ["positive_data_acceptance"]  # what fits the document may be refused by a rule
PHASES = "examples,coverage,fuzzing"


@dataclass(frozen=True, kw_only=True)
class Found:
    """`said` is the report of Schemathesis. `answers` counts those of each route, by status."""

    passed: bool
    said: str
    answers: Counter[tuple[str, int]]

    @property
    def cases(self) -> int:
        return self.answers.total()

    def all(self, route: str) -> int:
        return sum(times for (asked, _), times in self.answers.items() if asked == route)

    def good(self, route: str) -> int:
        """Those of a route that were answered with a 2xx."""
        return sum(
            times
            for (asked, status), times in self.answers.items()
            if asked == route and 200 <= status < 300
        )


def hostile(
    api: Api,
    role: str,
    good: Iterable[Asked],
    notes: Path,
    *,
    each: int,
    seed: int,
    phases: str = PHASES,
) -> Found:
    """About `each` requests for every operation that fit the document, beside those that don't,
    as the role whose token `api` has. What was answered well before is used again; `notes` is
    a folder.
    """
    url = api.url
    notes.mkdir(parents=True, exist_ok=True)
    (notes / "good.json").write_text(json.dumps(by_route(good, role)))
    command = [
        *(str(SCHEMATHESIS), "run", f"{url}/openapi.json", "--url", url),
        *("--header", f"Authorization: Bearer {api.token}"),
        *("--checks", "all", "--exclude-checks", ",".join(LEFT_OUT)),
        *("--phases", phases, "--max-examples", str(each)),
        *("--seed", str(seed), "--continue-on-failure", "--request-timeout", "60"),
        *("--generation-database", "none", "--no-color", "--warnings", "off"),
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "hooks", "HOSTILE_NOTES": str(notes)}
    here = {"PYTHONPATH": str(Path(__file__).parent)}
    environment = {**os.environ, **hooks, **here}
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=notes, env=environment
    )
    counted = json.loads((notes / "counted.json").read_text())
    answers: Counter[tuple[str, int]] = Counter()
    for name, times in counted.items():
        route, _, status = name.rpartition(" ")
        answers[route, int(status)] = times
    return Found(passed=ran.returncode == 0, said=ran.stdout + ran.stderr, answers=answers)


def by_route(asked: Iterable[Asked], role: str) -> dict[str, list[dict[str, object]]]:
    """Of each route what the role itself has asked: sent again, it gets the same answer. Else what
    others have.
    """
    found: dict[str, list[Asked]] = {}
    for one in asked:
        found.setdefault(one.route, []).append(one)
    return {
        route: [asdict(one) for one in all_ if one.role == role] or [asdict(one) for one in all_]
        for route, all_ in found.items()
    }
