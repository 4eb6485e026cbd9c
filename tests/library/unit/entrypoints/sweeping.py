"""What a sweeper function works with, in memory."""

from collections.abc import Iterator

from cqrs.adapters.s3_failures import FailedBatch


class Context:
    """Lambda's, with this much time left at each look."""

    def __init__(self, *remaining: int) -> None:
        self._remaining = iter(remaining)

    def get_remaining_time_in_millis(self) -> int:
        return next(self._remaining, 300_000)


class Failures:
    """What mappings gave up on, in memory."""

    def __init__(self, *batches: FailedBatch) -> None:
        self.left = list(batches)

    def batches(self) -> Iterator[FailedBatch]:
        yield from list(self.left)

    def remove(self, batch: FailedBatch) -> None:
        self.left.remove(batch)


class Bookmarks:
    """Where walks leave off, in memory."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str | None]] = []

    def get(self, name: str) -> str | None:
        return dict(self.kept).get(name)

    def put(self, name: str, place: str | None) -> None:
        self.kept.append((name, place))
