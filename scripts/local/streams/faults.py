"""The knobs with which a test disturbs the delivery to a function."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from scripts.local.errors import LocalError
from scripts.local.streams.records import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """All but `delay` (seconds) and `seed` are probabilities from 0 to 1.

    stop: 1 = the shards are not read, nothing is invoked
    delay: each batch is held back for so many seconds
    duplicate: a batch is delivered once more, after the next one or when the shard is quiet
    reorder: a batch is shuffled, and (drawn separately) overtaken by the next one
    drop: a record is lost without a trace
    fail: the function runs, but its answer is taken for an error
    seed: the same draws for the same records
    """

    stop: float = 0
    delay: float = 0
    duplicate: float = 0
    reorder: float = 0
    drop: float = 0
    fail: float = 0
    seed: float | None = None

    def changed(self, knobs: Mapping[str, Any]) -> "Faults":
        """`clear` (any value) resets the others first."""
        base = Faults() if "clear" in knobs else self
        return replace(base, **{k: _checked(k, v) for k, v in knobs.items() if k != "clear"})

    def set_knobs(self) -> dict[str, float]:
        return {k: v for k in KNOBS if (v := getattr(self, k)) not in (0, None)}


KNOBS = tuple(field.name for field in fields(Faults))


def _checked(knob: str, value: Any) -> float:
    if knob not in KNOBS:
        raise LocalError(f"there is no knob {knob}; the knobs are {', '.join(KNOBS)} and clear")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise LocalError(f"{knob} takes a number, not {value!r}") from None
    if not 0 <= number <= (1 if knob not in ("delay", "seed") else float("inf")):
        wanted = "0 or more" if knob in ("delay", "seed") else "from 0 to 1"
        raise LocalError(f"{knob} takes a number {wanted}, not {value}")
    return number


class Dice:
    """Draws for one shard: one sequence per knob, so that turning one does not change another."""

    def __init__(self, faults: Faults, name: str) -> None:
        self.faults = faults
        seeds = {k: None if faults.seed is None else f"{faults.seed}/{name}/{k}" for k in KNOBS}
        self._random = {knob: random.Random(seed) for knob, seed in seeds.items()}

    def falls(self, knob: str) -> bool:
        probability: float = getattr(self.faults, knob)
        return probability > 0 and self._random[knob].random() < probability

    def shuffled(self, records: Sequence[Record]) -> list[Record]:
        return self._random["reorder"].sample(records, len(records))
