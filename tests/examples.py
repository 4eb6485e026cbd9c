"""Property tests say here how many examples they take, so that a profile can ask for fewer."""

from hypothesis import settings

__all__ = ["examples"]

OF = 100  # examples, where nothing else is said


def examples(number: int) -> settings:
    """`number` examples; in a profile with fewer, as much fewer."""
    return settings(max_examples=max(1, number * settings.default.max_examples // OF))
