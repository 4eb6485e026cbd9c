"""What fails once must fail again: commands are sent one at a time, so that dice fall the same."""

import pytest

from cqrs import process_followers

pytest.register_assert_rewrite("tests.ledger")


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_followers, "SENDERS", 1)
