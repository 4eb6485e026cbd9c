"""What strangers may send: any text, any JSON, and what is nearly right."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

__all__ = ["jsons", "nearly", "texts"]

STRANGE = '\ud800\udfff\x00\n\u2028٣é"\\@,#/ '
texts = st.text() | st.lists(st.sampled_from(STRANGE), min_size=1).map("".join)
"""Any text, also with halves of surrogate pairs, which JSON can spell and UTF-8 can't."""

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
jsons: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=10
)


@st.composite
def nearly(draw: st.DrawFn, right: Mapping[str, Any]) -> Any:
    """A JSON object that is right but for a part of it, at any depth, or for one that is missing or
    one too many.
    """
    changed = {**right}
    name = draw(st.sampled_from([*right]) | texts)
    inner = right.get(name)
    match draw(st.sampled_from(["deeper", "other", "missing"])):
        case "deeper" if isinstance(inner, Mapping) and inner:
            changed[name] = draw(nearly(inner))
        case "deeper" if isinstance(inner, list) and inner and isinstance(inner[0], Mapping):
            changed[name] = [draw(nearly(inner[0])), *inner[1:]]
        case "missing":
            changed.pop(name, None)
        case _:
            changed[name] = draw(jsons)
    return changed
