"""What a plan of Terraform's would do, and what would be lost by it. Pure: read from its JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["make", "change", "replace", "destroy", "leave"]

_ACTIONS: Mapping[tuple[str, ...], Action] = {
    ("create",): "make",
    ("update",): "change",
    ("create", "delete"): "replace",
    ("delete", "create"): "replace",
    ("delete",): "destroy",
    ("forget",): "leave",
}
_NOTHING = (("no-op",), ("read",))
_BY_KEY = ("aws_lambda_alias", "aws_s3_object")  # whose own names say less
_NAMES = ("name", "bucket", "function_name", "domain_name", "alarm_name", "route_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`name` is that in AWS, without the environment's."""

    address: str
    kind: str
    name: str
    action: Action
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def ends(self) -> bool:
        """Whether what is there now will be no more."""
        return self.action in ("replace", "destroy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """`word` says that it is meant. None is needed for what is not lost `forever`, or would expire
    anyway.
    """

    word: str
    what: str
    forever: bool = True


@dataclass(frozen=True, kw_only=True)
class Plan:
    changes: tuple[Change, ...]
    gone: tuple[str, ...]  # what Terraform had made, and somebody else has deleted
    uploaded: Mapping[str, str]  # files by their keys, also those that are there already
    variables: Mapping[str, Any]
    does_something: bool

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> Plan:
        """From what `terraform show -json` says of it."""
        said = {name: each.get("value") for name, each in shown.get("variables", {}).items()}
        prefix = f"{said.get('name')}-{said.get('environment')}"
        found = shown.get("resource_changes", ())
        changes = tuple(
            Change(
                address=each["address"],
                kind=each["type"],
                name=_name(each, prefix),
                action=_ACTIONS.get(actions, "replace"),  # what is unknown may be the worst
                before=each["change"]["before"] or {},
                after=each["change"]["after"] or {},
            )
            for each in found
            if (actions := tuple(each["change"]["actions"])) not in _NOTHING
        )
        gone = tuple(
            _name(each, prefix)
            for each in shown.get("resource_drift", ())
            if each["change"]["actions"] == ["delete"]
        )
        uploaded = {
            str(after["key"]): str(after["source"])
            for each in found
            if each["type"] == "aws_s3_object"
            and (after := each["change"]["after"])
            and after.get("source")
        }
        return cls(
            changes=changes,
            gone=gone,
            uploaded=uploaded,
            variables=said,
            does_something=shown.get("applyable", bool(changes)),
        )

    def of_action(self, action: Action) -> list[Change]:
        return [change for change in self.changes if change.action == action]

    @property
    def losses(self) -> list[Loss]:
        found = [loss for change in self.changes for loss in _losses(change)]
        if any(loss.word == "user_pool" for loss in found):
            found = [loss for loss in found if not loss.word.startswith("group_")]
        return sorted(found, key=lambda loss: (not loss.forever, loss.word))

    @property
    def protected(self) -> list[str]:
        """What AWS would refuse to delete, by the words of losses."""
        return [
            word(change)
            for change in self.changes
            if change.ends
            and (
                change.before.get("deletion_protection_enabled") is True
                or change.before.get("deletion_protection") in (True, "ACTIVE")
            )
        ]

    @property
    def kept_buckets(self) -> dict[str, str]:
        """Buckets that AWS refuses to delete unless they are empty: their names, by word."""
        return {
            word(change): str(change.before["bucket"])
            for change in self.changes
            if change.ends
            and change.kind == "aws_s3_bucket"
            and not change.before.get("force_destroy")
        }


def word(change: Change) -> str:
    """The word for it in LOSE and in `unprotected`."""
    if change.kind == "aws_cognito_user_pool":
        return "user_pool"
    if change.kind == "aws_cognito_user_group":
        return f"group_{change.name}"
    return re.sub(r"\W+", "_", change.name).strip("_")


FOREVER = "which nothing brings back"
REFILLED = "made again from the events; until then, queries are answered 503"

# By address: a table, or several that are alike.
_TABLES = {
    r"module\.events\[": (f"its events, {FOREVER}", True),
    r"module\.guards\[": ("which values are taken: they could be taken twice", True),
    r"module\.processes\[": ("what it has sent and waits for: it can't go on", True),
    r"aws_dynamodb_table\.generations": ("which generation of each view queries see", True),
    r"aws_dynamodb_table\.written": ("which events were written: a way back may seem open", True),
    r"module\.(rows|tallies)\[": (f"the rows of a view, {REFILLED}", False),
    r"aws_dynamodb_table\.walks": ("how far walks are; they begin anew", False),
}

# By kind. Others hold no data, or take it with what is named here.
_KINDS = {
    "aws_cognito_user_pool": ("everybody's account: who signs up anew is somebody else", True),
    "aws_cognito_user_group": ("who is in that group", True),
    "aws_cloudwatch_log_group": ("its log lines", False),
    "aws_db_instance": (f"its data, {FOREVER}", True),
    "aws_efs_file_system": (f"its files, {FOREVER}", True),
    "aws_kinesis_stream": ("records on their way; the next audit finds what they told of", False),
    "aws_kms_key": (f"whatever is encrypted with it, {FOREVER}", True),
    "aws_opensearch_domain": (f"its indexes, {REFILLED}", False),
    "aws_opensearchserverless_collection": (f"its indexes, {REFILLED}", False),
    "aws_rds_cluster": (f"its data, {FOREVER}", True),
    "aws_scheduler_schedule_group": ("deadlines; waiting commands are sent all the same", False),
    "aws_secretsmanager_secret": (f"its value, {FOREVER}", True),
    "aws_sqs_queue": (f"the messages in it, {FOREVER}", True),
}


def _losses(change: Change) -> Iterator[Loss]:
    if change.action == "change" and _has_backups(change.before) and not _has_backups(change.after):
        what = "its backups, all of them: point-in-time recovery is switched off"
        yield Loss(word=f"{word(change)}_backups", what=what)
    if not change.ends:
        return
    if change.kind == "aws_dynamodb_table":
        alike = (said for at, said in _TABLES.items() if re.match(at, change.address))
        what, forever = next(alike, (f"its items, {FOREVER}", True))
    elif change.kind == "aws_s3_bucket":
        is_built = change.address.startswith("module.packages.")
        built = ("packages, which the next deploy makes again", False)
        what, forever = built if is_built else (f"the objects in it, {FOREVER}", True)
    elif change.kind in _KINDS:
        what, forever = _KINDS[change.kind]
    else:
        return
    yield Loss(word=word(change), what=what, forever=forever)


def _has_backups(table: Mapping[str, Any]) -> bool:
    return any(each.get("enabled") for each in table.get("point_in_time_recovery") or ())


def _name(resource: Mapping[str, Any], prefix: str) -> str:
    """Names in AWS begin with the environment's, and some end with the account's number."""
    said = resource["change"]["before"] or resource["change"]["after"] or {}
    named = next((str(said[key]) for key in _NAMES if said.get(key)), "")
    if resource["type"] in _BY_KEY or not named:
        named = index if isinstance(index := resource.get("index"), str) else ""
    _, found, rest = named.partition(prefix)
    short = re.sub(r"-\d{12}$", "", rest if found else named).strip("-")
    return short or re.findall(r"module\.(\w+)|$", resource["address"])[0] or resource["name"]
