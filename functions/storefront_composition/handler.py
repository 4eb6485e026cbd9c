"""Answers what the storefront's views answer too, by asking the services one by one."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from cqrs.adapters.http_services import HttpServices
from cqrs.entrypoints.compositions import composed_page_of, composed_row_of
from cqrs.entrypoints.http import HttpFunction
from cqrs.read.compositions import Composition
from cqrs.settings import read_settings
from domain.storefront import composed_order, composed_orders


@dataclass(frozen=True)
class Settings:
    services_url: str
    deadline_ms: str


@cache
def app() -> HttpFunction:
    settings = read_settings(Settings, os.environ)
    services = HttpServices(settings.services_url)
    composition = Composition(services, int(settings.deadline_ms) / 1000)
    return HttpFunction(
        {
            "GET /composed/orders/{id}": composed_row_of(composition, composed_order),
            "GET /composed/customers/{id}/orders": composed_page_of(composition, composed_orders),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return app()(event, context)
