"""What a script can see of an environment once it is deployed: that what was only planned, or run
on a local AWS, is so there, too. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import requests
from botocore.exceptions import BotoCoreError, ClientError

from scripts.build.terraform import commands
from scripts.build.terraform.environments import Environment
from scripts.build.terraform.root import LIVE

FEW = 200  # invocations at once: a new account has 10, and each function needs some


@dataclass(frozen=True)
class Look:
    environment: Environment
    told: Mapping[str, Any]
    emulated: bool

    def client(self, service: str) -> Any:
        return self.environment.access.client(service, self.environment.pin.region)

    @property
    def functions(self) -> Mapping[str, str]:
        names: Mapping[str, str] = self.told["function_names"]
        return names

    @property
    def prefix(self) -> str:
        """With which the names of an environment begin."""
        return next(iter(self.functions.values())).rsplit("-", 1)[0]

    @cached_property
    def mappings(self) -> list[dict[str, Any]]:
        pages = self.client("lambda").get_paginator("list_event_source_mappings").paginate()
        names = {*self.functions.values()}
        found = [mapping for page in pages for mapping in page["EventSourceMappings"]]
        return [each for each in found if each["FunctionArn"].split(":")[6] in names]

    def everybody_gets_the_documents(self) -> str:
        answer = requests.get(f"{self.told['api_url']}/openapi.json", timeout=30)
        return "" if answer.ok else f"it answers {answer.status_code} {answer.text[:200]}"

    def who_sends_no_token_is_refused_before_a_function_runs(self) -> str:
        answer = requests.get(f"{self.told['api_url']}/customers/me/orders", timeout=30)
        return "" if answer.status_code == 401 else f"it answers {answer.status_code}"

    def a_version_of_each_function_is_live_and_can_run(self) -> str:
        client = self.client("lambda")
        bad = []
        for name in self.functions.values():
            said = client.get_function_configuration(FunctionName=name, Qualifier=LIVE)
            if said["Version"] == "$LATEST" or said.get("State", "Active") != "Active":
                bad.append(f"{name}: version {said['Version']}, {said.get('StateReason')}")
        return "; ".join(bad)

    def streams_feed_what_is_live(self) -> str:
        wrong = [
            m["FunctionArn"] for m in self.mappings if not m["FunctionArn"].endswith(f":{LIVE}")
        ]
        idle = [m["FunctionArn"] for m in self.mappings if m["State"] != "Enabled"]
        ill = [
            f"{m['FunctionArn']}: {m['LastProcessingResult']}"
            for m in self.mappings
            if m.get("LastProcessingResult", "").startswith("PROBLEM")
        ]
        return "; ".join([*wrong, *([] if self.emulated else idle), *ill])

    def schedules_start_what_is_live(self) -> str:
        listed = self.client("scheduler").get_paginator("list_schedules")
        pages = listed.paginate(GroupName="default", NamePrefix=self.prefix)
        targets = [each["Target"]["Arn"] for page in pages for each in page["Schedules"]]
        wrong = [arn for arn in targets if not arn.endswith(f":{LIVE}")]
        return "; ".join(wrong) if targets else "there are none"

    def the_account_lets_enough_functions_run_at_once(self) -> str:
        limit = self.client("lambda").get_account_settings()["AccountLimit"]
        at_once = int(limit["UnreservedConcurrentExecutions"])
        return "" if at_once >= FEW else f"it lets {at_once} run: ask AWS for more (Service Quotas)"

    def what_cannot_be_rebuilt_has_backups_where_data_is_protected(self) -> str:
        client, bare = self.client("dynamodb"), []
        for what, table in self.told["table_names"].items():
            if not client.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"):
                continue  # not protected, so nothing of it is promised
            said = client.describe_continuous_backups(TableName=table)
            status = said["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
            if what.endswith("_events") and status["PointInTimeRecoveryStatus"] != "ENABLED":
                bare.append(table)
        return ", ".join(bare)

    def the_state_keeps_old_versions(self) -> str:
        said = self.client("s3").get_bucket_versioning(Bucket=self.environment.pin.bucket)
        return "" if said.get("Status") == "Enabled" else "it does not"

    def no_alarm_rings(self) -> str:
        if self.emulated:
            return ""
        pages = self.client("cloudwatch").get_paginator("describe_alarms")
        found = [
            alarm["AlarmName"]
            for page in pages.paginate(AlarmNamePrefix=self.prefix, StateValue="ALARM")
            for alarm in page["MetricAlarms"]
        ]
        return ", ".join(found)


def looks(look: Look) -> Iterator[tuple[str, str]]:
    """Each claim, and what speaks against it: nothing if it is so."""
    claims: tuple[Callable[[], str], ...] = (
        look.everybody_gets_the_documents,
        look.who_sends_no_token_is_refused_before_a_function_runs,
        look.a_version_of_each_function_is_live_and_can_run,
        look.streams_feed_what_is_live,
        look.schedules_start_what_is_live,
        look.the_account_lets_enough_functions_run_at_once,
        look.what_cannot_be_rebuilt_has_backups_where_data_is_protected,
        look.the_state_keeps_old_versions,
        look.no_alarm_rings,
    )
    for claim in claims:
        try:
            against = claim()
        except (BotoCoreError, ClientError, requests.RequestException) as error:
            against = f"it can't be seen: {error}"
        yield claim.__name__.replace("_", " "), against


def check(environment: Environment, *, url: str = "") -> int:
    """Prints what is so and what is not. Returns how much is not. `url`: of a local AWS."""
    told = commands.outputs(environment)
    look = Look(environment, told | ({"api_url": url} if url else {}), emulated=bool(url))
    wrong = 0
    for claim, against in looks(look):
        wrong += bool(against)
        print(f"{'NOT SO' if against else 'so'}: {claim}{f' ({against})' if against else ''}")
    return wrong
