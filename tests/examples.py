"""Property tests say here how many examples they take, so that a profile can ask for fewer."""

from hypothesis import settings

__all__ = ["as_many", "examples"]

OF = 100  # examples, where nothing else is said


def examples(number: int) -> settings:
    """`number` examples; in a profile with fewer, as much fewer."""
    return settings(max_examples=as_many(number))


def as_many(number: int, least: int = 1) -> int:
    """`number`; in a profile with fewer examples as much fewer, but `least`."""
    return max(least, number * settings.default.max_examples // OF)
