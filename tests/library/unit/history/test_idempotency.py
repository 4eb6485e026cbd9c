"""Ids that follow from who asks, and what a request asks for."""

from __future__ import annotations

from cqrs.history.idempotency import entity_id_of, fingerprint_of


def test_ids_follow_from_who_asks_and_with_which_key() -> None:
    assert entity_id_of("ada", "PlaceOrder", "k") == entity_id_of("ada", "PlaceOrder", "k")
    others = {
        entity_id_of("ada", "PlaceOrder", "k"),
        entity_id_of("eve", "PlaceOrder", "k"),
        entity_id_of("ada", "Register", "k"),
        entity_id_of("ada", "PlaceOrder", "l"),
    }
    assert len(others) == 4


def test_a_fingerprint_does_not_depend_on_how_a_payload_is_written() -> None:
    one = fingerprint_of("Add", "1", {"a": 1, "b": [{"c": 2, "d": 3}]})

    assert one == fingerprint_of("Add", "1", {"b": [{"d": 3, "c": 2}], "a": 1})
    assert one != fingerprint_of("Add", "1", {"a": 1, "b": [{"c": 2, "d": 4}]})
    assert one != fingerprint_of("Add", "2", {"a": 1, "b": [{"c": 2, "d": 3}]})


def test_a_fingerprint_is_for_ever_as_it_was_stored() -> None:
    payload = {"b": [{"d": 3, "c": "é"}], "a": 1.5}
    assert fingerprint_of("Add", "1", payload) == "3rwoa6xlzm2x3lvs"
