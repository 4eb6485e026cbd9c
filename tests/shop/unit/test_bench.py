"""Benchmarks run two ways in turn, say which goals were missed, and stand in the documentation."""

from __future__ import annotations

from importlib.util import find_spec
from xml.etree import ElementTree

import pytest

from scripts.shop.bench.__main__ import DOCUMENT, PLOTS, SECTIONS, marks, row
from scripts.shop.bench.figures import Figure, Times, in_turn
from scripts.shop.bench.plots import Plot, drawn


def test_floor_and_ours_run_in_turn_after_a_run_each_that_does_not_count() -> None:
    ran: list[str] = []
    times = in_turn(
        lambda: ran.append("floor"),
        lambda: ran.append("ours"),
        rounds=3,
        timed=lambda work: (work(), float(len(ran)))[1],
    )
    assert ran == ["floor", "ours"] * 4
    assert (times.floor, times.ours) == ([3, 5, 7], [4, 6, 8])


@pytest.mark.parametrize(("goal", "reached"), [(2.1, True), (2.0, True), (1.9, False)])
def test_a_time_is_to_stay_below_its_goal_and_a_speed_above(goal: float, reached: bool) -> None:
    slower = Times(floor=[1.0, 2.0], ours=[2.0, 9.0])
    assert Figure.time("", "", slower, goal).reached is reached
    faster = Times(floor=[2.0, 9.0], ours=[1.0, 2.0])
    assert Figure.speed("", "", faster, goal).reached is (goal <= 2.0)


def test_a_goal_that_was_missed_is_told_as_that() -> None:
    figure = Figure.time("it", "that", Times(floor=[1.0], ours=[3.0]), 2, "why")
    assert row(figure) == ("it", "that", "3.00", "3.00", "≤ 2", "missed. why")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_has_its_place_in_the_documentation(section: str) -> None:
    assert find_spec(f"scripts.shop.bench.{section}")
    begin, end = marks(section)
    before, _, after = DOCUMENT.read_text().partition(begin)
    assert before
    assert end in after


def test_a_plot_is_an_image_in_which_sizes_and_names_are_told() -> None:
    lines = {"<one>": [(1, 0.0), (1000, 3.0)], "two": [(1, 3.0), (1000, 3.0)]}
    image = drawn(Plot(name="it", title="A & B", sizes="sizes", figures="ms", lines=lines))
    texts = ["".join(text.itertext()) for text in ElementTree.fromstring(image).iter() if text.text]
    assert {"A & B", "<one>", "two", "1", "1,000"} <= set(texts)
    assert "prefers-color-scheme: dark" in image


def test_all_plots_that_the_documentation_shows_are_there() -> None:
    shown = DOCUMENT.read_text()
    assert [plot.name for plot in PLOTS.iterdir() if f"performance/{plot.name}" not in shown] == []
