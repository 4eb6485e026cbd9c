"""How reports of what was done are added up."""

from cqrs.follow.reports import Report, merged
from cqrs.views.rows import ParkedAt, Row

MARK, LATER = ParkedAt(version=2, error="e"), ParkedAt(version=3, error="e")


def test_what_was_done_is_added_up() -> None:
    first = Report(applied={"a": 2, "b": 1}, repaired=frozenset("a"), delivered=2)
    second = Report(applied={"a": 1}, repaired=frozenset("b"), delivered=3)

    both = merged([first, second])

    assert (both.applied, both.repaired, both.delivered) == ({"a": 3, "b": 1}, {"a", "b"}, 5)


def test_of_what_is_told_twice_the_later_counts() -> None:
    first = Report(
        parked={"a": MARK}, failed={"b": "1"}, rows={"7": Row(key="7")}, undelivered={"7": "1"}
    )
    second = Report(
        parked={"a": LATER},
        failed={"b": "2"},
        rows={"7": Row(key="7", revision=1)},
        undelivered={"7": "2"},
    )

    both = merged([first, second])

    assert (both.parked, both.failed) == ({"a": LATER}, {"b": "2"})
    assert (both.rows["7"].revision, both.undelivered) == (1, {"7": "2"})


def test_what_was_parked_on_the_way_is_not_told_as_parked_before() -> None:
    still = Report(still_parked=frozenset("ab"))

    assert merged([Report(parked={"a": MARK}), still]).still_parked == {"b"}
    assert merged([still, Report(parked={"a": MARK})]).still_parked == {"b"}


def test_nothing_done_is_nothing_told() -> None:
    assert merged([]) == Report()
