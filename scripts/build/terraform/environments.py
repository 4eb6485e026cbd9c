"""The environments on AWS: the settings of each, the account and region that it is pinned to, and
the bucket that keeps its state and records.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from scripts.build.terraform.access import Access
from scripts.build.terraform.program import REPOSITORY, ROOT, TerraformError
from scripts.build.terraform.provider import LOCK_FILE
from scripts.build.terraform.root import Root

DATA = REPOSITORY / "build" / "terraform"
STATES = ROOT / "state"  # outside build/, which `make clean` removes
STATE = "terraform.tfstate"
_CHANGED = ("ConditionalRequestConflict", "NoSuchKey", "PreconditionFailed")


class RecordChangedError(TerraformError):
    """Somebody else has written the record since it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """Where an environment is. It is checked in, so that every clone looks at the same place."""

    account: str
    region: str
    bucket: str

    @classmethod
    def read(cls, file: Path) -> Pin | None:
        try:
            return cls(**json.loads(file.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise TerraformError(
                f"{file} is no pin: restore it from git, or remove it and `make bootstrap`."
            ) from None

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=2) + "\n")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """All that commands need to know of one. Those of AWS come from `environment`; a rehearsal and
    tests make their own, with another access, and folders of their own.

    `home` keeps what Terraform and the commands write, `left_state` is a state that was left on
    this machine.
    """

    name: str
    access: Access
    settings: Path
    pin_file: Path
    home: Path
    left_state: Path
    configuration: Path = ROOT
    lock_file: Path | None = None
    variables: Mapping[str, object] = field(default_factory=dict)
    _read: dict[str, str] = field(default_factory=dict)

    @cached_property
    def pin(self) -> Pin:
        if pin := Pin.read(self.pin_file):
            return pin
        raise TerraformError(
            f"{shown(self.pin_file)} is missing, so nobody knows where {self.name} is:"
            f" `make bootstrap ENV={self.name}` makes it, or finds again what it made; commit it."
        )

    def require(self) -> None:
        """Raises TerraformError unless this is the account and the region of the environment, and
        all of its state is in the bucket.
        """
        self.require_place()
        self.require_no_left_state()

    def require_place(self) -> None:
        pin = self.pin
        self.require_region(pin.region)
        if (account := self.access.account(pin.region)) != pin.account:
            raise TerraformError(
                f"{self.name} is in account {pin.account} ({shown(self.pin_file)}), and your"
                f" credentials are of {account}: use others, for example another AWS_PROFILE."
            )

    def require_no_left_state(self) -> None:
        """Raises TerraformError if a state is here and not in the bucket: one of earlier days, or
        one that Terraform could not save there.
        """
        unsaved = self.root.folder / "errored.tfstate"
        if unsaved.exists():
            self.left_state.parent.mkdir(parents=True, exist_ok=True)
            unsaved.replace(self.left_state)
        if self.left_state.exists():
            raise TerraformError(
                f"{shown(self.left_state)} is a state of {self.name} that only this machine has:"
                f" `make bootstrap ENV={self.name}` moves it into the bucket."
            )

    def require_region(self, pinned: str) -> None:
        if self.access.region not in (None, pinned):
            raise TerraformError(
                f"{self.name} is in {pinned} ({shown(self.pin_file)}), and your shell or profile"
                f" says {self.access.region}: set AWS_REGION={pinned}."
            )

    @property
    def root(self) -> Root:
        pin, local = self.pin, self.access.endpoint is not None
        s3 = {
            "bucket": pin.bucket,
            "key": STATE,
            "region": pin.region,
            "encrypt": True,
            "use_lockfile": True,
            "allowed_account_ids": [pin.account],
            **({"use_path_style": True, "skip_metadata_api_check": True} if local else {}),
        }
        return Root(
            home=self.home,
            backend={"s3": s3},
            configuration=self.configuration,
            lock_file=self.lock_file,
            env=self.access.environ,
        )

    @property
    def all_variables(self) -> dict[str, object]:
        """What Terraform is told beside the settings."""
        return {"account_id": self.pin.account, "region": self.pin.region, **self.variables}

    def says(self, setting: str, default: str) -> str:
        """A text in the environment's settings."""
        found = re.search(rf'(?m)^{setting}\s*=\s*"(.*?)"', self.settings.read_text())
        return found[1] if found else default

    # Records: what clones and CI have to know of each other beside the state.

    def read_record(self, name: str) -> dict[str, Any] | None:
        """A JSON object in the state's bucket, None if there is none."""
        self._read.pop(name, None)
        try:
            found = self._s3.get_object(Bucket=self.pin.bucket, Key=_record(name))
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise TerraformError(f"The record {name} can't be read: {error}") from None
        self._read[name] = found["ETag"]
        try:
            return dict(json.loads(found["Body"].read()))
        except (ValueError, TypeError):
            raise self.unreadable(name) from None

    def unreadable(self, name: str) -> TerraformError:
        """What to do about a record that is no such record."""
        return TerraformError(
            f"The record {name} of {self.name} was written by newer code, which you then need,"
            f" or it is damaged: {self.pin.bucket} keeps older versions of {_record(name)}."
        )

    def write_record(self, name: str, content: Mapping[str, Any]) -> None:
        """Raises RecordChangedError unless the record is as this environment has last read or
        written it (or still missing): read it again, and decide anew.
        """
        known = self._read.get(name)
        condition = {"IfMatch": known} if known else {"IfNoneMatch": "*"}
        try:
            written = self._s3.put_object(
                Bucket=self.pin.bucket,
                Key=_record(name),
                Body=json.dumps(content, indent=2).encode(),
                ContentType="application/json",
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _CHANGED:
                raise RecordChangedError(
                    f"Somebody else has written the record {name} of {self.name}: try again."
                ) from None
            raise TerraformError(f"The record {name} can't be written: {error}") from None
        self._read[name] = written["ETag"]

    @property
    def _s3(self) -> Any:
        return self.access.client("s3", self.pin.region)


def environment(name: str, access: Access | None = None) -> Environment:
    """One on AWS. Raises TerraformError if there is none of that name."""
    (settings,) = var_files(name)
    home = DATA / name
    root = home / "root"

    def from_root(folder: str) -> str:
        """Relative, so that a saved plan holds in every clone."""
        return os.path.relpath(REPOSITORY / folder, root)

    return Environment(
        name=name,
        access=access or Access.of_the_shell(),
        settings=settings,
        pin_file=settings.with_suffix(".pin.json"),
        home=home,
        left_state=STATES / f"{name}.tfstate",
        lock_file=ROOT / LOCK_FILE,
        variables={
            "packages_dir": from_root("build/packages/aws"),
            "functions_dir": from_root("functions"),
        },
    )


def var_files(name: str) -> list[Path]:
    """The settings file of an environment. Raises TerraformError for an unknown one."""
    file = ROOT / "environments" / f"{name}.tfvars"
    known = sorted(path.stem for path in file.parent.glob("*.tfvars") if path.stem != "local")
    if name not in known:
        hint = " (local is what `make up` starts)" if name == "local" else ""
        raise TerraformError(f"ENV must be one of {', '.join(known)}, not {name}{hint}.")
    return [file]


def is_approved(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether AUTO_APPROVE is set."""
    return environ.get("AUTO_APPROVE") == "1"


def _record(name: str) -> str:
    return f"records/{name}.json"


def shown(file: Path) -> str:
    """From the repository, if it is in it."""
    return str(file.relative_to(REPOSITORY) if file.is_relative_to(REPOSITORY) else file)
