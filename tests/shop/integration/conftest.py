"""AWS as moto imitates it, as the library's tests have it."""

from tests.library.integration.conftest import aws

__all__ = ["aws"]
