"""Log lines are made for a reader."""

import json

from scripts.local.logs import readable


def test_a_structured_line_shows_level_message_and_what_is_its_own() -> None:
    line = {
        "level": "INFO",
        "location": "handler:7",
        "message": "followed",
        "timestamp": "2026-11-22 21:24:48,244+0000",
        "service": "storefront_projector",
        "applied": {"order-7": 1},
    }
    assert readable(json.dumps(line)) == 'INFO    followed applied={"order-7": 1}'


def test_an_exception_is_shown_over_its_lines() -> None:
    line = {"level": "ERROR", "message": "failed", "exception": "Traceback:\n  it broke"}
    assert readable(json.dumps(line)) == "ERROR   failed exception=Traceback:\n  it broke"


def test_other_lines_are_left_as_they_are() -> None:
    assert readable("Traceback (most recent call last):") == "Traceback (most recent call last):"
    assert readable('"text"') == '"text"'
    assert readable('{"no": "message"}') == '{"no": "message"}'


def test_metrics_are_not_for_reading() -> None:
    assert readable('{"_aws": {"Timestamp": 1}, "Applied": [1.0]}') == ""
