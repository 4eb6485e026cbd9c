"""Who waits for whom, and for how long: clients beside the time that Terraform gives functions."""

import re
from pathlib import Path

from cqrs.adapters import clients
from tests.library.integration.tables import made_anew

TERRAFORM = Path(__file__).parents[3] / "terraform"


def timeouts() -> dict[str, int]:
    """The seconds that each function is given in Terraform."""
    texts = [path.read_text() for path in TERRAFORM.glob("*.tf")]
    entry = r"^    (\w+) = {$(?:(?!^    }$).)*?^      timeout_seconds += (\d+)$"
    found = re.findall(entry, "\n".join(texts), re.M | re.S)
    assert found
    return {function: int(seconds) for function, seconds in found}


def test_a_client_gives_up_before_its_function_does(aws: None) -> None:
    calls = 2  # of a command: load and append; of a query for a row: the row and its stream
    asked = {f: s for f, s in timeouts().items() if f.endswith(("_commands", "_queries"))}
    for make in (clients.dynamodb, clients.kinesis, clients.s3):
        config = made_anew(make)().meta.config
        wait = max(config.connect_timeout, config.read_timeout)
        assert wait * config.retries["total_max_attempts"] * calls < min(asked.values())


def test_an_answer_is_waited_for_as_long_as_a_command_function_may_run(aws: None) -> None:
    """Else a command that takes long would be sent again while it is still being handled."""
    config = made_anew(clients.functions)().meta.config
    services = ("customers", "inventory", "orders", "payments")
    assert config.read_timeout > max(timeouts()[f"{s}_commands"] for s in services)
    assert config.retries["total_max_attempts"] == 1  # the process itself sends it again
    assert config.read_timeout * 2 < timeouts()["checkout_process"]
