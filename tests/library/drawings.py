"""Values of every kind that can be stored, with rules on some."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, NewType

from hypothesis import strategies as st

from cqrs.inputs import between, size, text
from cqrs.plain import Case, Value

TagId = NewType("TagId", str)


Name = Annotated[str, text(max=10)]


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Circle(Case):
    radius: Annotated[int, between(1, 9)]


class Square(Case):
    side: int


Shape = Circle | Square


class Drawing(Value):
    name: Name
    tag: TagId
    colour: Colour
    finish: Literal["matt", "shiny"]
    framed: bool
    shape: Shape
    shapes: Annotated[tuple[Shape, ...], size(min=1, max=3)]
    by_place: Mapping[str, Shape]
    spare: Shape | None = None
    note: Name | None = None
    copies: int = 1


GOOD: dict[str, Any] = {
    "name": "dots",
    "tag": "t-1",
    "colour": "red",
    "finish": "matt",
    "framed": True,
    "shape": {"is": "Circle", "radius": 2},
    "shapes": [{"is": "Square", "side": 3}, {"is": "Circle", "radius": 4}],
    "by_place": {"left": {"is": "Square", "side": 5}},
    "spare": None,
    "note": None,
    "copies": 1,
}


DRAWING = Drawing(
    name="dots",
    tag=TagId("t-1"),
    colour=Colour.RED,
    finish="matt",
    framed=True,
    shape=Circle(radius=2),
    shapes=(Square(side=3), Circle(radius=4)),
    by_place={"left": Square(side=5)},
)


shapes = st.builds(Circle, radius=st.integers(1, 9)) | st.builds(Square, side=st.integers())


names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=10)


drawings = st.builds(
    Drawing,
    name=names,
    tag=names.map(TagId),
    colour=st.sampled_from(Colour),
    finish=st.sampled_from(["matt", "shiny"]),
    framed=st.booleans(),
    shape=shapes,
    shapes=st.lists(shapes, max_size=3).map(tuple),
    by_place=st.dictionaries(names, shapes, max_size=3),
    spare=st.none() | shapes,
    note=st.none() | names,
    copies=st.integers(),
)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from([*GOOD, "is"]), inner)
    ),
    max_leaves=10,
)


NAN, INFINITY = float("nan"), float("inf")


class Odd(Value):
    field: Any


class Parcel(Value):
    label: str
    contents: Mapping[str, Any]
    remark: Any = None


WHATEVER: list[Any] = [
    None,
    True,
    3,
    0.5,
    "dots",
    [],
    [1, [2]],
    {},
    {"is": "Circle", "a": {"b": 1}},
]


anything_finite = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
