"""AWS as moto imitates it, and an OpenSearch, as the library's tests have them."""

from tests.library.integration.conftest import aws
from tests.library.integration.searching import beset, proxy, server

__all__ = ["aws", "beset", "proxy", "server"]
