"""A team works on one environment: from several clones, at the same time, and with commands that
are killed.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.build.terraform import commands
from scripts.build.terraform.environments import RecordChangedError
from scripts.build.terraform.program import TerraformError
from scripts.build.terraform.releases import Releases
from scripts.build.terraform.root import Root
from scripts.local.process import Process
from tests.tools.e2e.conftest import SECONDS, Local, Signals
from tests.tools.e2e.environments import ROOTS, Clone, Cloning, cloning, yes


@pytest.fixture
def cloned(local: Local, tmp_path: Path) -> Cloning:
    return cloning(local.endpoint, tmp_path, "bare")


@pytest.fixture
def clone(cloned: Cloning) -> Clone:
    made = cloned()
    made.bootstrap()
    return made


def running(signals: Signals) -> int:
    """The process of the Terraform that runs, once it has begun to apply."""
    signals.wait_for("running")
    return int((signals.folder / "running").read_text())


def the_lock_in(refusal: str) -> str:
    (lock,) = re.findall(r"make unlock ENV=\w+ LOCK=(\S+)", refusal)
    return str(lock)


class TestClones:
    def test_what_one_has_deployed_changes_nothing_in_another(
        self, clone: Clone, cloned: Cloning
    ) -> None:
        clone.deploy()
        other = cloned()
        assert not other.has_changes()
        assert other.outputs() == {"api_url": "https://api.example", "text": "as it was"}
        assert next(iter(other.outputs())) == "api_url"

    def test_one_in_which_the_pin_is_missing_finds_the_same_state_again(
        self, clone: Clone, cloned: Cloning
    ) -> None:
        clone.deploy()
        other = cloned()
        other.environment.pin_file.unlink()
        with pytest.raises(TerraformError, match="make bootstrap"):
            other.plan()
        other.bootstrap()
        assert not other.has_changes()

    def test_a_plan_that_was_saved_in_one_is_applied_in_another(
        self, clone: Clone, cloned: Cloning
    ) -> None:
        clone.plan(text="as planned")
        commands.deploy(cloned().environment, yes, saved=clone.saved)
        assert clone.outputs()["text"] == "as planned"

    def test_a_plan_is_not_applied_once_something_else_was(
        self, clone: Clone, cloned: Cloning
    ) -> None:
        clone.plan(text="as planned")
        cloned().deploy(text="something else")
        with pytest.raises(TerraformError, match="since this was planned"):
            commands.deploy(clone.environment, yes, saved=clone.saved)
        assert clone.outputs()["text"] == "something else"

    def test_a_plan_of_another_environment_is_refused(
        self, clone: Clone, local: Local, tmp_path: Path
    ) -> None:
        (tmp_path / "other").mkdir()
        other = cloning(local.endpoint, tmp_path / "other", "bare")()
        other.bootstrap()
        clone.plan()
        with pytest.raises(TerraformError, match="The plan's `environment` is"):
            commands.deploy(other.environment, yes, saved=clone.saved)

    def test_who_is_asked_and_says_no_has_touched_nothing(self, clone: Clone) -> None:
        with pytest.raises(TerraformError, match="Nothing was touched"):
            commands.deploy(clone.environment, lambda question: False)
        with pytest.raises(TerraformError, match="is not deployed"):
            clone.outputs()


class TestAtOnce:
    def test_of_two_deployments_one_is_refused_and_says_who_is_at_work(
        self, clone: Clone, cloned: Cloning, signals: Signals
    ) -> None:
        other = cloned()
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(clone.deploy, signals=str(signals.folder))
            running(signals)
            with pytest.raises(TerraformError, match=r"is locked.* has been at work since 20"):
                other.deploy(text="of the other")
            signals.give("go-on")
            first.result(SECONDS)
        assert clone.outputs()["text"] == "as it was"
        other.deploy(text="of the other")

    def test_the_local_stack_goes_by_its_own_state(self, clone: Clone, tmp_path: Path) -> None:
        """Also in the same checkout, at the same time."""
        mine = Root(
            home=tmp_path / "local",
            backend={"local": {"path": str(tmp_path / "local.tfstate")}},
            configuration=ROOTS / "bare",
        )
        variables = clone.environment.all_variables | {"environment": "local", "text": "local"}

        def up() -> None:
            mine.init()
            mine.apply_unseen([], variables, tmp_path / "log")

        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(up), pool.submit(clone.deploy)]
            for each in both:
                each.result(SECONDS)
        assert clone.outputs()["text"] == "as it was"
        assert mine.program.read("output", "-raw", "text") == "local"


class TestKilled:
    def test_a_lock_that_was_left_behind_can_be_released_and_the_next_run_goes_on(
        self, clone: Clone, cloned: Cloning, signals: Signals
    ) -> None:
        waiting = str(signals.folder)
        with ThreadPoolExecutor(1) as pool:
            killed = pool.submit(clone.deploy, signals=waiting)
            os.kill(running(signals), signal.SIGKILL)
            with pytest.raises(TerraformError, match="goes on from there"):
                killed.result(SECONDS)
        signals.give("go-on")
        other = cloned()
        with pytest.raises(TerraformError, match="is locked") as refused:
            other.deploy(signals=waiting)
        commands.unlock(other.environment, the_lock_in(str(refused.value)))
        other.deploy(signals=waiting)
        assert not clone.has_changes(signals=waiting)

    def test_a_lock_that_is_not_there_is_not_released(self, clone: Clone) -> None:
        with pytest.raises(TerraformError, match="is not locked"):
            commands.unlock(clone.environment, "another")

    def test_terraform_finishes_and_saves_its_state_when_who_started_it_is_killed(
        self, clone: Clone, local: Local, signals: Signals
    ) -> None:
        one = clone.environment
        script = f"""
from pathlib import Path
from scripts.build.terraform import commands
from scripts.build.terraform.environments import Environment
from scripts.local.deployment import access
commands.deploy(Environment(
    name={one.name!r}, access=access({local.endpoint!r}), settings=Path({str(one.settings)!r}),
    pin_file=Path({str(one.pin_file)!r}), home=Path({str(one.home)!r}),
    left_state=Path({str(one.left_state)!r}), configuration=Path({str(one.configuration)!r}),
    variables={{"signals": {str(signals.folder)!r}}},
), lambda question: True)"""
        started = subprocess.Popen(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONPATH": "shared:."},
            stdout=subprocess.DEVNULL,
        )
        terraform = Process(one.home / "pid", one.home / "log")
        terraform.note(running(signals))
        started.kill()
        started.wait(SECONDS)
        signals.give("go-on")
        deadline = time.monotonic() + SECONDS
        while terraform.is_alive():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert not clone.has_changes(signals=str(signals.folder))


class TestStatesOfEarlierDays:
    @pytest.fixture
    def left(self, cloned: Cloning) -> Clone:
        """A clone that has deployed with a state on its disk."""
        clone = cloned()
        one = clone.environment
        own = Root(
            home=one.home.with_name("earlier"),
            backend={"local": {"path": str(one.left_state)}},
            configuration=one.configuration,
        )
        own.init()
        variables = {"account_id": "000000000000", "region": "eu-west-1"}
        own.apply_unseen([one.settings], variables, one.home.with_name("log"))
        return clone

    def test_are_moved_into_the_bucket(self, left: Clone, cloned: Cloning) -> None:
        left.bootstrap()
        assert not left.environment.left_state.exists()
        assert not left.has_changes()
        assert not cloned().has_changes()

    def test_are_not_ignored(self, left: Clone, cloned: Cloning) -> None:
        other = cloned()
        other.bootstrap()
        left.environment.pin_file.write_text(other.environment.pin_file.read_text())
        with pytest.raises(TerraformError, match=r"only this machine has.*make bootstrap"):
            left.plan()

    def test_do_not_replace_another_one(self, left: Clone, cloned: Cloning) -> None:
        other = cloned()
        other.bootstrap()
        other.deploy(text="of the other")
        with pytest.raises(TerraformError, match="has another state"):
            left.bootstrap()
        assert left.environment.left_state.exists()
        assert other.outputs()["text"] == "of the other"

    def test_of_another_account_are_refused(self, clone: Clone) -> None:
        arn = "arn:aws:dynamodb:eu-west-1:222222222222:table/orders"
        clone.environment.left_state.write_text(f'{{"arn": "{arn}"}}')
        with pytest.raises(TerraformError, match="account 222222222222 in eu-west-1"):
            clone.bootstrap()


class TestRecords:
    def test_what_one_clone_writes_another_reads(self, clone: Clone, cloned: Cloning) -> None:
        one, other = clone.environment, cloned().environment
        assert one.read_record("releases") is None
        one.write_record("releases", {"newest": 1})
        assert other.read_record("releases") == {"newest": 1}
        one.write_record("releases", {"newest": 2})
        assert other.read_record("releases") == {"newest": 2}

    def test_nobody_writes_over_what_they_have_not_read(
        self, clone: Clone, cloned: Cloning
    ) -> None:
        one, other = clone.environment, cloned().environment
        one.write_record("releases", {"newest": 1})
        with pytest.raises(RecordChangedError):
            other.write_record("releases", {"newest": 1})
        other.read_record("releases")
        one.write_record("releases", {"newest": 2})
        with pytest.raises(RecordChangedError):
            other.write_record("releases", {"newest": 3})
        assert one.read_record("releases") == {"newest": 2}

    @pytest.mark.parametrize("content", ["{", '{"releases": [{"later": 1}], "held": null}'])
    def test_what_newer_code_has_written_or_is_damaged_says_what_to_do(
        self, clone: Clone, local: Local, content: str
    ) -> None:
        bucket = clone.environment.pin.bucket
        local.client("s3").put_object(Bucket=bucket, Key="records/releases.json", Body=content)
        with pytest.raises(TerraformError, match=r"newer code.* keeps older versions"):
            Releases.of(clone.environment)


def test_another_account_or_region_is_refused(clone: Clone) -> None:
    one = clone.environment
    elsewhere = replace(one, access=replace(one.access, region="us-east-1"))
    with pytest.raises(TerraformError, match=r"eu-west-1.*us-east-1"):
        commands.plan(elsewhere, clone.saved)
    text = one.pin_file.read_text()
    one.pin_file.write_text(text.replace("000000000000", "111111111111"))
    with pytest.raises(TerraformError, match=r"111111111111.*000000000000"):
        commands.outputs(replace(one))


def test_a_setting_that_is_no_variable_is_refused(clone: Clone) -> None:
    with clone.environment.settings.open("a") as settings:
        settings.write('unprotectd = ["all"]\n')
    with pytest.raises(TerraformError, match="sets unprotectd, which"):
        clone.plan()
    assert not clone.saved.exists()
