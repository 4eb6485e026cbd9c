"""The lag of all views and processes, as the operator counts it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local.errors import LocalError


@dataclass(frozen=True, slots=True)
class Lag:
    """A view lacks `behind` of the `commits` in its streams, in so many `streams`. `parked` streams
    can't go on.
    """

    commits: int
    behind: int
    streams: int
    parked: int
    rows: int = 0

    @property
    def applied(self) -> int:
        return self.commits - self.behind


@dataclass(frozen=True, slots=True)
class Lags:
    """The lag by view or process. `down` names those that could not be asked, and why. Unless
    `finished`, not all was counted.
    """

    views: Mapping[str, Lag]
    down: Mapping[str, str]
    finished: bool

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Lags":
        try:
            views = {short_name(view): Lag(**counts) for view, counts in answer["behind"].items()}
            down = {short_name(part): why for part, why in answer["down"].items()}
            return cls(views, down, answer["finished"])
        except (KeyError, TypeError):
            raise LocalError(
                f"the operator can't count what is behind, run `make up`: {answer}"
            ) from None

    @property
    def behind(self) -> int:
        return sum(lag.behind for lag in self.views.values())

    @property
    def parked(self) -> int:
        return sum(lag.parked for lag in self.views.values())

    @property
    def applied(self) -> int:
        return sum(lag.applied for lag in self.views.values())

    def has_all_of(self, goal: "Lags") -> bool:
        """Whether each view has applied as many commits as there were then."""
        return all(
            view in self.views and self.views[view].applied >= lag.commits
            for view, lag in goal.views.items()
        )

    def __str__(self) -> str:
        most_first = sorted(self.views.items(), key=lambda view: -view[1].behind)
        late = [f"{lag.behind:,} {view}" for view, lag in most_first if lag.behind]
        told = f"{self.behind:,} commits behind" + (f": {', '.join(late)}" if late else "")
        return "; ".join([told, *(f"{view} is down" for view in self.down)])


def short_name(view: str) -> str:
    """The first generation goes without its number, as long as there is no other."""
    return view.removesuffix("#1")
