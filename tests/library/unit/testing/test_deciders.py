"""The tests of a decider: what they see of its guards."""

from __future__ import annotations

import pytest

from cqrs.history.guards import Claim, Release
from cqrs.testing.deciders import given as given_that
from tests.library.clubs import MEMBER, QUIET, NameIsTaken, NameTaken, TakeName


def test_guards_are_shown_to_the_tests_of_a_decider() -> None:
    give_up, take = Release(kind="name", value="ada"), TakeName(name="bob")
    claim = Claim(kind="name", value="bob", taken=NameIsTaken("in whatever words"))

    given_that(MEMBER, NameTaken(name="ada")).when(take).then_guards(give_up, claim)
    with pytest.raises(AssertionError):
        given_that(MEMBER, NameTaken(name="ada")).when(take).then_guards(claim, give_up)
    with pytest.raises(AssertionError):
        given_that(QUIET).when(take).then_guards(claim)
