"""Draws docs/system.svg: the system as the nouns in Terraform say that it is, whatever the shop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import Template
from xml.sax.saxutils import escape

from scripts.build.terraform.nouns import Entry, nouns
from scripts.build.terraform.program import REPOSITORY

PICTURE = REPOSITORY / "docs" / "system.svg"

# As wide as a phone can show it and still be read: two columns, writing left and reading right.
EDGE, LOOP, COLUMN, BETWEEN, GAP = 12, 22, 250, 64, 40
LEFT = EDGE + LOOP
RIGHT = LEFT + COLUMN + BETWEEN
END = RIGHT + COLUMN
HEAD, LINE, FOOT, PAD, ROUND = 40, 21, 8, 14, 8
LETTER, SOFT_LETTER = 8.5, 7  # how wide they are at most, in the fonts of all machines

FRAME = Template("""\
<svg xmlns="http://www.w3.org/2000/svg" width="$width" height="$height"
  viewBox="0 0 $width $height">
<style>
svg {
  font: 13.5px -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, sans-serif;
  --page: #ffffff; --ink: #1f2328; --soft: #59636e; --arrow: #6e7781;
  --write: #ddf4ff; --write-edge: #54aeff; --read: #dafbe1; --read-edge: #4ac26b;
  --process: #fff1e5; --process-edge: #fb8f44; --way: #f6f8fa; --way-edge: #afb8c1;
}
@media (prefers-color-scheme: dark) {
  svg {
    --page: #0d1117; --ink: #f0f6fc; --soft: #a5afba; --arrow: #9198a1;
    --write: #0f2a4a; --write-edge: #388bfd; --read: #12301d; --read-edge: #3fb950;
    --process: #3b230f; --process-edge: #db6d28; --way: #1c2128; --way-edge: #656c76;
  }
}
text { fill: var(--ink); }
.page { fill: var(--page); } /* so it can be read wherever it is shown */
.box { stroke-width: 1.5; }
.write { fill: var(--write); stroke: var(--write-edge); }
.read { fill: var(--read); stroke: var(--read-edge); }
.process { fill: var(--process); stroke: var(--process-edge); }
.way { fill: var(--way); stroke: var(--way-edge); }
.title { font-size: 17px; font-weight: 600; }
.name { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.soft { fill: var(--soft); }
.end { text-anchor: end; }
.arrow { fill: none; stroke: var(--arrow); stroke-width: 1.75; marker-end: url(#head); }
.dashed { stroke-dasharray: 4 5; }
#head { fill: var(--arrow); }
</style>
<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6.5" markerHeight="6.5"
  orient="auto"><path d="M0 0 L10 5 L0 10 z"/></marker>
<rect class="page" width="$width" height="$height" rx="12"/>
$drawing
</svg>
""")
LEGEND = "what a follower missed, or an answer lacks, is read in the stores"

KINDS = {"row": "", "search": "OpenSearch", "tally": "tally"}  # of views

Point = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class System:
    """Terraform's nouns, by what they are of."""

    functions: Mapping[str, Entry]
    services: Mapping[str, Entry]
    views: Mapping[str, Entry]
    processes: Mapping[str, Entry]

    @classmethod
    def in_terraform(cls) -> System:
        return cls(
            functions={**nouns("functions"), **nouns("functions_of_the_frame")},
            services=nouns("services"),
            views=nouns("views"),
            processes=nouns("processes"),
        )

    def that_say(self, noun: str) -> list[str]:
        return sorted(name for name, entry in self.functions.items() if noun in entry)

    def that_keep(self, kept: Mapping[str, Entry]) -> list[str]:
        functions = self.functions.items()
        return sorted(name for name, entry in functions if kept.keys() & entry.get("keeps", ()))


@dataclass(frozen=True)
class Box:
    """What is there of a kind: the names, and a word on some of them."""

    side: str
    title: str
    made_of: str
    names: Sequence[str] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    x: int = LEFT
    y: int = EDGE
    width: int = COLUMN

    @property
    def height(self) -> int:
        return HEAD + (LINE * len(self.names) + FOOT if self.names else 0)

    @property
    def end(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def centre(self) -> int:
        return self.y + self.height // 2

    def drawn(self) -> Iterator[str]:
        place = f'x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}"'
        yield f'<rect class="box {self.side}" {place} rx="10"/>'
        yield _text("title", self.x + PAD, self.y + 26, self.title)
        yield _text("soft end", self.end - PAD, self.y + 26, self.made_of)
        for n, name in enumerate(self.names):
            line, word = self.y + HEAD + LINE * n + 14, self.words.get(name, "")
            room = self.width - 2 * PAD - SOFT_LETTER * (len(word) + 1 if word else 0)
            yield _text("name", self.x + PAD, line, name, room)
            if word:
                yield _text("soft end", self.end - PAD, line, word)


def _text(kind: str, x: int, y: int, text: str, room: int = END) -> str:
    """What is too long for its room is squeezed into it."""
    long = len(text) * LETTER > room
    squeezed = f' textLength="{room}" lengthAdjust="spacingAndGlyphs"' if long else ""
    return f'<text class="{kind}" x="{x}" y="{y}"{squeezed}>{escape(text)}</text>'


def _arrow(*points: Point, label: str = "", kind: str = "arrow") -> Iterator[str]:
    """From point to point, round at the corners; the label stands right of where it begins."""
    (x, y), (end_x, end_y) = points[0], points[-1]
    way = f"M{x} {y}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        way += f" L{_near(corner, before)} Q{corner[0]} {corner[1]} {_near(corner, after)}"
    yield f'<path class="{kind}" d="{way} L{end_x} {end_y}"/>'
    if label:
        half = max(-GAP, min(GAP, points[1][1] - y)) // 2
        yield _text("soft", x + 9, y + half + 5, label)


def _near(corner: Point, other: Point) -> str:
    x, y = (c + max(-ROUND, min(ROUND, o - c)) for c, o in zip(corner, other, strict=True))
    return f"{x} {y}"


def boxes(system: System) -> dict[str, Box]:
    """By title. Each column is spread between the API and the event stream."""
    left, right = _columns(system)
    height = max(GAP + sum(box.height + GAP for box in column) for column in (left, right))
    api = Box("way", "HTTP API", "API Gateway", width=END - LEFT)
    end = api.bottom + height
    stream = Box("way", "Event stream", "Kinesis", y=end, width=END - LEFT)
    spread = [*_spread(left, LEFT, api.bottom, end), *_spread(right, RIGHT, api.bottom, end)]
    return {box.title: box for box in (api, *spread, stream)}


def _columns(system: System) -> Iterator[list[Box]]:
    """Who writes and who reads, from the API downwards."""
    services, views, processes = system.services, system.views, system.processes
    processing, commanding = system.that_keep(processes), system.that_say("appends")
    publishing, tending = system.that_say("publishes"), system.that_say("tends")
    following = [*system.that_keep(views), *tending]
    asked = system.functions.keys() - {*processing, *commanding, *publishing, *following}

    guards = {name: "guards" for name, entry in services.items() if "guards" in entry}
    timed = {name: entry for name, entry in processes.items() if "deadlines" in entry}
    deadlines = dict.fromkeys(system.that_keep(timed), "deadlines")
    kinds = {name: KINDS[entry.get("kind", "row")] for name, entry in views.items()}
    by_kind = sorted(views, key=lambda name: (kinds[name], name))
    fed_by = dict.fromkeys(system.that_say("fed_by"), "own stream")
    fed_by |= {name: "by hand" if name == "operator" else "by the clock" for name in tending}

    writing = [
        Box("process", "Processes", "Lambda", processing, deadlines),
        Box("write", "Commands", "Lambda", commanding),
        Box("write", "Event stores", "DynamoDB", sorted(services), guards),
        Box("write", "Publisher", "Lambda", publishing),
    ]
    reading = [
        Box("read", "Queries", "Lambda", sorted(asked)),
        Box("read", "Views", "DynamoDB", by_kind, kinds),
        Box("read", "Followers", "Lambda", following, fed_by),
    ]
    for column in (writing, reading):
        yield [box for box in column if box.names]


def _spread(column: Sequence[Box], x: int, top: int, end: int) -> Iterator[Box]:
    gap = (end - top - sum(box.height for box in column)) // (len(column) + 1)
    for box in column:
        yield replace(box, x=x, y=top + gap)
        top += gap + box.height


FLOWS = [
    ("Processes", "commands", "Commands"),
    ("Commands", "append", "Event stores"),
    ("Event stores", "DynamoDB Streams", "Publisher"),
    ("Publisher", "", "Event stream"),
    ("Event stream", "", "Followers"),
    ("Followers", "keep up to date", "Views"),
    ("Views", "read", "Queries"),
    ("Queries", "GET", "HTTP API"),
]
MISSING = ["Queries", "Followers"]  # who may lack something, and reads it in the stores


def _arrows(there: Mapping[str, Box]) -> Iterator[str]:
    # 1. Down the left column and up the right.
    for start, label, to in FLOWS:
        if {start, to} <= there.keys():
            yield from _flow(there[start], label, there[to])

    # 2. Between the columns: commands come in, and what is missing is read.
    if commands := there.get("Commands"):
        x, y = LEFT + COLUMN + BETWEEN // 3, commands.centre
        way = [(x, there["HTTP API"].bottom), (x, y), (commands.end, y)]
        yield from _arrow(*way, label="POST, PUT")
    if stores := there.get("Event stores"):
        x, y = LEFT + COLUMN + BETWEEN * 2 // 3, stores.centre
        for box in filter(None, map(there.get, MISSING)):
            way = [(stores.end, y), (x, y), (x, box.centre), (RIGHT, box.centre)]
            yield from _arrow(*way, kind="arrow dashed")

    # 3. Along the left edge: what processes follow.
    if processes := there.get("Processes"):
        x, y = EDGE + 4, there["Event stream"].centre
        yield from _arrow((LEFT, y), (x, y), (x, processes.centre), (LEFT, processes.centre))


def _flow(start: Box, label: str, to: Box) -> Iterator[str]:
    x = max(start.x, to.x) + COLUMN // 2
    is_down = start.y < to.y
    here, there = (start.bottom, to.y) if is_down else (start.y, to.bottom)
    return _arrow((x, here), (x, there), label=label)


def drawn(system: System) -> str:
    there = boxes(system)
    legend = there["Event stream"].bottom + 26
    drawing = [
        *(line for box in there.values() for line in box.drawn()),
        *_arrows(there),
        *_arrow((LEFT, legend), (LEFT + 40, legend), kind="arrow dashed"),
        _text("soft", LEFT + 50, legend + 5, LEGEND),
    ]
    return FRAME.substitute(width=END + EDGE, height=legend + 24, drawing="\n".join(drawing))


if __name__ == "__main__":
    PICTURE.write_text(drawn(System.in_terraform()))
