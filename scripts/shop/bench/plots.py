"""Draws lines over sizes as SVG, which can be read on light pages and on dark ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from string import Template
from xml.sax.saxutils import escape

__all__ = ["Plot", "drawn"]

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 50, 55
COLOURS = ("--one", "--two", "--three", "--four", "--five", "--six")

FRAME = Template("""\
<svg xmlns="http://www.w3.org/2000/svg" width="$width" height="$height"
  viewBox="0 0 $width $height">
<style>
svg {
  font: 13px -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, sans-serif;
  --page: #ffffff; --ink: #1f2328; --soft: #59636e; --grid: #d1d9e0; --one: #0969da;
  --two: #bc4c00; --three: #1a7f37; --four: #8250df; --five: #bf3989; --six: #6e7781;
}
@media (prefers-color-scheme: dark) {
  svg {
    --page: #0d1117; --ink: #f0f6fc; --soft: #a5afba; --grid: #3d444d; --one: #4493f8;
    --two: #f0883e; --three: #3fb950; --four: #ab7df8; --five: #db61a2; --six: #9198a1;
  }
}
text { fill: var(--ink); }
.soft { fill: var(--soft); }
.page { fill: var(--page); }
.grid { stroke: var(--grid); }
.line { fill: none; stroke-width: 2; }
.title { font-size: 16px; font-weight: 600; }
.middle { text-anchor: middle; }
.end { text-anchor: end; }
</style>
<rect class="page" width="$width" height="$height" rx="12"/>
$drawing
</svg>
""")


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Lines of points (size, figure). Sizes are drawn by their logarithms, figures from 0 on."""

    name: str
    title: str
    sizes: str
    figures: str
    lines: Mapping[str, Sequence[tuple[float, float]]]


def drawn(plot: Plot) -> str:
    drawing = "\n".join(_drawing(plot))
    return FRAME.substitute(width=WIDTH, height=HEIGHT, drawing=drawing)


def _drawing(plot: Plot) -> Iterator[str]:
    points = [point for line in plot.lines.values() for point in line]
    sizes = sorted({size for size, _ in points})
    step = _step(max(figure for _, figure in points))
    top = step * 5
    low, high = log10(sizes[0]), log10(sizes[-1])

    def x(size: float) -> float:
        share = (log10(size) - low) / (high - low) if high > low else 0.5
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(figure: float) -> float:
        return round(HEIGHT - BOTTOM - figure / top * (HEIGHT - TOP - BOTTOM), 1)

    yield f'<text class="title" x="{LEFT}" y="28">{escape(plot.title)}</text>'
    for number in range(6):
        at = y(step * number)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>'
        yield f'<text class="soft end" x="{LEFT - 8}" y="{at + 4}">{step * number:g}</text>'
    for size in sizes:
        yield f'<text class="soft middle" x="{x(size)}" y="{HEIGHT - 34}">{size:,}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text class="soft middle" x="{middle}" y="{HEIGHT - 12}">{escape(plot.sizes)}</text>'
    yield f'<text class="soft" x="{LEFT}" y="{TOP - 6}">{escape(plot.figures)}</text>'
    ends = _apart([y(line[-1][1]) for line in plot.lines.values()])
    for (name, line), colour, end in zip(plot.lines.items(), COLOURS, ends, strict=False):
        path = " ".join(f"{x(size)},{y(figure)}" for size, figure in line)
        yield f'<polyline class="line" style="stroke: var({colour})" points="{path}"/>'
        for size, figure in line:
            yield f'<circle style="fill: var({colour})" cx="{x(size)}" cy="{y(figure)}" r="3"/>'
        at = WIDTH - RIGHT + 10
        yield f'<text style="fill: var({colour})" x="{at}" y="{end + 4}">{escape(name)}</text>'


def _step(most: float) -> float:
    """A fifth of an axis that ends at a round number above `most`."""
    if not most:
        return 0.2
    size: float = 10.0 ** int(log10(most / 5) // 1)
    return next(size * round_ for round_ in (1, 2, 2.5, 5, 10) if size * round_ * 5 >= most)


def _apart(heights: Sequence[float], least: float = 16) -> list[float]:
    """Heights near to these, with room for a name between each and the next."""
    placed: dict[int, float] = {}
    last = float("-inf")
    for number in sorted(range(len(heights)), key=lambda each: heights[each]):
        last = placed[number] = max(heights[number], last + least)
    return [placed[number] for number in range(len(heights))]
