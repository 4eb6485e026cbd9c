"""What is made of measurements, and what is not measured at all."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from scripts.blocks import replace_block
from scripts.local.errors import LocalError
from scripts.local.home import ROOT
from scripts.shop.compare import prices
from scripts.shop.compare.figures import median, percentile, spread, table
from scripts.shop.compare.measuring import CHANGES, Down, Latencies, Staleness, missing
from scripts.shop.compare.report import BEGIN, END, Measured, report
from scripts.shop.compare.shape import WORK, Question, Storing, Way, Work
from scripts.shop.compare.shop import Asked, require_local


class TestFigures:
    def test_a_percentile_is_a_number_that_was_measured(self) -> None:
        numbers = [float(n) for n in range(100, 0, -1)]
        assert percentile(numbers, 50) == 50
        assert percentile(numbers, 95) == 95
        assert percentile(numbers, 100) == 100
        assert percentile([7.0], 1) == percentile([7.0], 99) == 7

    def test_one_slow_answer_does_not_move_the_median(self) -> None:
        assert median([10, 11, 9000]) == 11

    def test_short_times_keep_a_decimal(self) -> None:
        assert spread([1.26, 9.96]) == "1.3 / 10 ms"

    def test_a_table_is_markdown(self) -> None:
        assert table(["", "view"], [["one", "2"]]) == "|  | view |\n| --- | --- |\n| one | 2 |"


class TestPrices:
    def test_an_answer_costs_its_requests_invocations_time_and_units(self) -> None:
        work = Work(requests=5, reads=9, units=8)
        dollars = 5 * 1.00 + 5 * 0.20 + 8 * 0.125 + 0.3 * 13.3334
        assert prices.per_million_answers(work, billed_ms=300) == pytest.approx(dollars)

    def test_what_is_kept_costs_its_write_units(self) -> None:
        assert prices.per_million_orders(Storing(writes=3, units=4)) == 2.5

    def test_a_view_earns_back_what_keeping_it_costs_more(self) -> None:
        answers = {Way.VIEW: 2.0, Way.COMPOSITION: 7.0}
        orders = {Way.VIEW: 12.0, Way.COMPOSITION: 2.0}
        assert prices.answers_to_earn_back(answers, orders) == 2


MEASURED = Measured(
    latencies=Latencies(
        alone={(q, way): [20.0, 10.0] if way is Way.VIEW else [40.0, 80.0] for q, way in WORK},
        together={asked: [30.0] for asked in WORK},
        floor=[5.0, 5.0],
        billed=dict.fromkeys(WORK, 12.0),
    ),
    staleness={
        (change.what, way): Staleness(ms=[0.0, 200.0], fresh=[True, True])
        for change in CHANGES
        for way in Way
    },
    down={
        (question, way): Down(
            statuses={200}, ms=[10.0], missing={"payment"} if way is Way.COMPOSITION else set()
        )
        for question, way in WORK
    },
)


class TestReport:
    def test_it_says_when_and_how_often(self) -> None:
        first = report(MEASURED, datetime(2026, 1, 31, tzinfo=UTC)).splitlines()[0]
        assert first.startswith("Measured on 2026-01-31 with `make compare`")
        assert "each asked 2 times" in first

    def test_both_ways_stand_side_by_side(self) -> None:
        text = report(MEASURED)
        assert f"| {Question.ORDER}, 1 client | 10 / 20 ms | 40 / 80 ms | 4.0 |" in text
        assert f"| {CHANGES[0].what} | 0.0 / 200 ms | 0.0 / 200 ms | 4 of 4 |" in text
        assert f"| {Question.PAGE}, view | 200 | 10 / 10 ms | nothing |" in text
        assert f"| {Question.PAGE}, composition | 200 | 10 / 10 ms | payment |" in text

    def test_it_takes_the_place_of_the_last_one(self, tmp_path: Path) -> None:
        document = tmp_path / "document.md"
        document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
        replace_block(document, BEGIN, END, "new")
        replace_block(document, BEGIN, END, "newer")
        assert document.read_text() == f"before\n{BEGIN}\nnewer\n{END}\nafter\n"

    def test_a_document_without_a_place_for_it_stays_as_it_is(self, tmp_path: Path) -> None:
        document = tmp_path / "document.md"
        document.write_text(f"{BEGIN}\n")
        with pytest.raises(LocalError, match="both marks"):
            replace_block(document, BEGIN, END, "new")
        assert document.read_text() == f"{BEGIN}\n"

    def test_the_documentation_has_a_place_for_it(self) -> None:
        text = (ROOT / "docs" / "composition-or-cqrs.md").read_text()
        assert text.count(BEGIN) == text.count(END) == 1


def test_only_a_composition_can_lack_parts() -> None:
    parts = {"order": {"status": "ok"}, "payment": {"status": "late"}}
    assert missing(Asked(status=200, body={"parts": parts}, ms=1)) == ["payment"]
    assert missing(Asked(status=200, body={"order_id": "7"}, ms=1)) == []


@pytest.mark.parametrize("url", ["https://api.example.com", "http://127.0.0.1.example.com/x", ""])
def test_nothing_is_broken_that_is_not_on_this_machine(url: str) -> None:
    require_local("http://127.0.0.1:4566/x")
    with pytest.raises(LocalError):
        require_local(url)
