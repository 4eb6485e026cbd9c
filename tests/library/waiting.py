"""A clock for tests of waiting."""


class Clock:
    """Passes only while somebody pauses."""

    def __init__(self, now: float = 0) -> None:
        self.now = now
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
