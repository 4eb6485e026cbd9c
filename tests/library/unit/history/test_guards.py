"""A guard as it is stored."""

from __future__ import annotations

from cqrs.history.guards import Claim, Release, guard_key_of


def test_a_key_of_a_guard_does_not_say_what_is_claimed() -> None:
    key = guard_key_of("email", "ada@example.com")

    assert key.startswith("email#")
    assert "ada" not in key
    assert Claim(kind="email", value="ada@example.com", taken=None).key == key
    assert Release(kind="email", value="ada@example.com").key == key
    assert guard_key_of("email", "bob@example.com") != key
    assert guard_key_of("name", "ada@example.com").partition("#")[2] != key.partition("#")[2]
