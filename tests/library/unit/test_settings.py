"""Settings: read in one go, and all that is missing is said at once."""

from dataclasses import dataclass

import pytest

from cqrs.settings import read_settings


@dataclass(frozen=True)
class Settings:
    events_table: str
    bucket: str
    generation: str = "1"


def test_a_setting_is_read_from_the_variable_of_its_name() -> None:
    environment = {"EVENTS_TABLE": "events", "BUCKET": "failures", "GENERATION": "2", "PATH": "/"}
    assert read_settings(Settings, environment) == Settings("events", "failures", "2")


def test_a_setting_with_a_default_may_be_missing() -> None:
    environment = {"EVENTS_TABLE": "events", "BUCKET": "failures"}
    assert read_settings(Settings, environment) == Settings("events", "failures", "1")


def test_an_empty_setting_is_as_good_as_none() -> None:
    with pytest.raises(LookupError, match="missing in the environment: BUCKET"):
        read_settings(Settings, {"EVENTS_TABLE": "events", "BUCKET": ""})
    environment = {"EVENTS_TABLE": "events", "BUCKET": "failures", "GENERATION": ""}
    assert read_settings(Settings, environment).generation == "1"


def test_all_missing_settings_are_named_at_once() -> None:
    with pytest.raises(LookupError, match="missing in the environment: EVENTS_TABLE, BUCKET"):
        read_settings(Settings, {"GENERATION": "2", "events_table": "in the wrong case"})
