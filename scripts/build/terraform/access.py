"""The way to AWS: that of the shell, or an endpoint and credentials that are given."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scripts.build.terraform.program import TerraformError

_CONFIG = Config(connect_timeout=5, retries={"total_max_attempts": 3})


@dataclass(frozen=True, kw_only=True)
class Access:
    """`client` makes a client of a service in a region. `region` is the one that this access is set
    to, if any, and `environ` what Terraform is told beside the shell's variables.
    """

    client: Callable[[str, str], Any]
    region: str | None
    endpoint: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_the_shell(cls, environ: Mapping[str, str] = os.environ) -> Access:
        """Raises TerraformError if an endpoint is set: then an emulator's resources would get into
        the real state.
        """
        if found := sorted(name for name in environ if name.startswith("AWS_ENDPOINT_URL")):
            raise TerraformError(f"{found[0]} is set, and that is not AWS: unset it")
        try:
            session = boto3.Session(region_name=environ.get("AWS_REGION") or None)
        except BotoCoreError as error:
            raise TerraformError(f"{error}: AWS_PROFILE names one that there is.") from None
        return cls(
            client=lambda service, region: session.client(  # type: ignore[call-overload]
                service, region_name=region, config=_CONFIG
            ),
            region=session.region_name,
        )

    def account(self, region: str) -> str:
        """The account whose credentials these are."""
        try:
            return str(self.client("sts", region).get_caller_identity()["Account"])
        except (BotoCoreError, ClientError) as error:
            raise TerraformError(
                f"AWS does not say whose credentials these are ({error}): sign in, or name a"
                " profile that you are signed in with (AWS_PROFILE=...)."
            ) from None
