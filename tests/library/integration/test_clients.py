"""Clients of AWS: each is made once, whoever asks first."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from cqrs.adapters import clients
from tests.library.integration.tables import made_anew

SERVICES = {
    "dynamodb": "dynamodb",
    "functions": "lambda",
    "kinesis": "kinesis",
    "s3": "s3",
    "scheduler": "scheduler",
}


@pytest.mark.parametrize(("name", "service"), SERVICES.items())
def test_a_client_is_made_once(aws: None, name: str, service: str) -> None:
    make = made_anew(getattr(clients, name))
    client = make()
    assert make() is client
    assert client.meta.service_model.service_name == service


def test_however_many_ask_first_at_the_same_time_one_client_is_made() -> None:
    together = Barrier(8)
    made: list[object] = []

    @clients.once
    def client() -> object:
        made.append(object())
        time.sleep(0.02)
        return made[-1]

    def ask(_: int) -> object:
        together.wait()
        return client()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert found == made * 8
