"""AWS clients and HTTP that reach the emulator and nothing else, whatever the shell is set to."""

import os
import threading
from typing import Any

import boto3
import botocore.session
import requests
from botocore.config import Config

REGION = "eu-west-1"
# The key of the account's root user: IAM binds the functions, not the tools around them.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def http() -> requests.Session:
    """Without the proxies of the shell: they know nothing of this machine."""
    session = requests.Session()
    session.trust_env = False
    return session


class Clients:
    """No retries by the SDK: whoever calls has rules of its own, or wants to hear of it."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._session = boto3.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
            botocore_session=botocore.session.Session(session_vars=_NO_PROFILE),
        )

    def client(self, service: str) -> Any:
        with self._lock:  # making clients is not thread-safe, using them is
            if service not in self._clients:
                self._clients[service] = self._session.client(
                    service,  # type: ignore[call-overload]
                    endpoint_url=self._endpoint,
                    config=_CONFIG,
                )
            return self._clients[service]


# name of the setting: (in a configuration file, in the environment, default, conversion)
_NO_PROFILE: dict[str, Any] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}

_CONFIG = Config(
    connect_timeout=2,
    read_timeout=910,  # Lambda lets a function run for 900
    retries={"total_max_attempts": 1},
    max_pool_connections=50,
    parameter_validation=False,
    proxies={},
    s3={"addressing_style": "path"},
)
