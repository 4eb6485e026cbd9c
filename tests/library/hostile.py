"""What strangers may send: any text, any JSON, and what is nearly right."""

from typing import Any

from hypothesis import strategies as st

__all__ = ["jsons", "texts"]

texts = st.text(st.characters(exclude_categories=[]))
"""Any text, also with halves of surrogate pairs, which JSON can spell and UTF-8 can't."""

scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
jsons: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=10
)
