"""Makes what has to be there before Terraform: the bucket that keeps the state of an environment,
and the pin that says where it is. It can be cut short, and repeated at any time.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from botocore.exceptions import ClientError

from scripts.build.terraform.environments import Environment, Pin, shown
from scripts.build.terraform.program import ROOT, TerraformError

TLS_ONLY = "OnlyOverTls"
LONGEST_NAME = 63
_PRIVATE = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


def bootstrap(environment: Environment) -> None:
    pin = _pin(environment)
    s3 = environment.access.client("s3", pin.region)
    for made in chain(_bucket(s3, pin), _settings(s3, pin, environment.access.endpoint)):
        print(made)
    if Pin.read(environment.pin_file) is None:
        pin.write(environment.pin_file)
        print(
            f"Wrote {shown(environment.pin_file)}: commit it, so that every clone finds the state."
        )
    environment.root.init()
    _move_state(environment)
    print(
        f"{environment.name} is in account {pin.account}, {pin.region}; {pin.bucket} has its state."
    )


def bucket_name(application: str, name: str, account: str, region: str) -> str:
    """The same each time, so that it is found again."""
    start, end = f"{application}-{name}", f"-state-{account}-{region}"
    if len(start + end) > LONGEST_NAME:
        digest = hashlib.sha256(start.encode()).hexdigest()[:8]
        start = f"{start[: LONGEST_NAME - len(end) - len(digest) - 1]}-{digest}"
    return start + end


def _pin(environment: Environment) -> Pin:
    """That of the file; without one, the account and region that the user is in."""
    if Pin.read(environment.pin_file):
        environment.require_place()
        return environment.pin
    name = environment.name
    region = environment.says("region", environment.access.region or "")
    if not region:
        raise TerraformError(f"Say where {name} is to be: AWS_REGION=... make bootstrap ENV={name}")
    environment.require_region(region)
    account = environment.access.account(region)
    application = environment.says("name", _default_name())
    return Pin(
        account=account, region=region, bucket=bucket_name(application, name, account, region)
    )


def _default_name() -> str:
    text = (ROOT / "variables.tf").read_text()
    found = re.search(r'variable "name" \{.*?default\s*= "(.*?)"', text, re.DOTALL)
    return found[1] if found else "cqrs"


def _bucket(s3: Any, pin: Pin) -> Iterator[str]:
    """Makes it unless it is there. Whose it is, and where, is asked in both cases."""
    where = {} if pin.region == "us-east-1" else {"LocationConstraint": pin.region}
    if _code(s3.head_bucket, Bucket=pin.bucket) in ("404", "NoSuchBucket"):
        made = {"CreateBucketConfiguration": where} if where else {}
        refused = _code(s3.create_bucket, Bucket=pin.bucket, **made)
        if refused not in ("", "BucketAlreadyOwnedByYou"):
            raise TerraformError(f"The bucket {pin.bucket} can't be made: {refused}.")
        yield f"Made the bucket {pin.bucket}."
    refused = _code(s3.head_bucket, Bucket=pin.bucket, ExpectedBucketOwner=pin.account)
    if refused in ("403", "AccessDenied"):
        raise TerraformError(
            f"The bucket {pin.bucket} is not of account {pin.account}, or your credentials may not"
            " use it: use others, or give the application another `name` in the settings."
        )
    if refused and refused not in ("301", "400"):  # these are said of a bucket that is elsewhere
        raise TerraformError(f"The bucket {pin.bucket} can't be looked at: {refused}.")
    found = s3.get_bucket_location(Bucket=pin.bucket)["LocationConstraint"] or "us-east-1"
    if found != pin.region:
        raise TerraformError(
            f"The bucket {pin.bucket} is in {found}, and {pin.region} was asked for: set"
            f" AWS_REGION={found}, or remove the bucket if nobody needs it."
        )


def _settings(s3: Any, pin: Pin, endpoint: str | None) -> Iterator[str]:
    """Puts right what is missing, and nothing else."""
    bucket = {"Bucket": pin.bucket}
    if s3.get_bucket_versioning(**bucket).get("Status") != "Enabled":
        s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Enabled"})
        yield "It keeps old versions now."
    if not _answer(s3.get_bucket_encryption, **bucket):
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(**bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        yield "It is encrypted now."
    private = _answer(s3.get_public_access_block, **bucket)
    if private.get("PublicAccessBlockConfiguration") != _PRIVATE:
        s3.put_public_access_block(**bucket, PublicAccessBlockConfiguration=_PRIVATE)
        yield "Nothing of it can be made public now."
    if (endpoint or "").startswith("http://"):
        return  # a local AWS gets no other requests
    policy = json.loads(_answer(s3.get_bucket_policy, **bucket).get("Policy", "{}"))
    statements = policy.get("Statement", [])
    if not any(statement.get("Sid") == TLS_ONLY for statement in statements):
        arn = f"arn:{s3.meta.partition}:s3:::{pin.bucket}"
        said = {"Version": "2012-10-17", "Statement": [*statements, _tls_only(arn)]}
        s3.put_bucket_policy(**bucket, Policy=json.dumps(said))
        yield "It refuses requests without TLS now."


def _tls_only(arn: str) -> dict[str, Any]:
    return {
        "Sid": TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _move_state(environment: Environment) -> None:
    """Moves a state that was left on this machine into the bucket. Terraform refuses one that is
    older than what is there, or of something else.
    """
    left, pin = environment.left_state, environment.pin
    if not left.exists():
        return
    elsewhere = {
        place
        for place in re.findall(r'"arn:[\w-]+:\w+:([\w-]+):(\d{12}):', left.read_text())
        if place != (pin.region, pin.account)
    }
    if elsewhere:
        region, account = min(elsewhere)
        raise TerraformError(
            f"{shown(left)} has resources of account {account} in {region}, and"
            f" {environment.name} is in {pin.account}, {pin.region}: sign in there, or move the"
            " file away if what it speaks of is not needed."
        )
    try:
        environment.root.program.read("state", "push", "-no-color", str(left.resolve()))
    except TerraformError as error:
        raise TerraformError(
            f"{shown(left)} can't be moved into the bucket, which has another state of"
            f" {environment.name}: find out which one is right (docs/runbook.md)."
            f" (Terraform says: {' '.join(str(error).split())})"
        ) from None
    moved = left.with_name(f"{left.name}.moved")
    left.replace(moved)
    print(f"Moved the state into the bucket; {shown(moved)} is what it was.")


def _code(call: Callable[..., Any], **arguments: Any) -> str:
    """The code of the error, if it is one."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def _answer(call: Callable[..., dict[str, Any]], **arguments: Any) -> dict[str, Any]:
    """What is set, {} if nothing is."""
    try:
        return call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"].startswith("NoSuch") or "NotFound" in str(error):
            return {}
        raise TerraformError(f"The settings of the bucket can't be read: {error}") from None
