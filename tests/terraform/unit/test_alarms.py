"""Terraform's alarms and the code that counts agree on the names of metrics."""

import re

from tests.imports import LIBRARY, ROOT


def test_every_alarm_watches_a_metric_that_the_code_counts() -> None:
    text = (ROOT / "terraform/alarms.tf").read_text()
    ours = re.sub(r'namespace\s+= "AWS/\w+"\s+metric\s+= ', "", text)
    watched = re.findall(r'metric\s+= "(\w+)"', ours)
    code = "".join(path.read_text() for path in LIBRARY)

    assert watched
    unknown = [metric for metric in watched if f'"{metric}":' not in code]
    assert not unknown, f"terraform/alarms.tf watches {unknown}, which nothing in cqrs/ counts"
