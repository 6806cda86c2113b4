"""A compact map behaves like a dictionary."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.matcher.text.compact_map import CompactMap

texts = st.text(max_size=4) | st.sampled_from(("a", "ab", "b", ""))


@given(st.lists(st.tuples(texts, st.none() | texts)))
def test_a_compact_map_behaves_like_a_dictionary(changes: list[tuple[str, str | None]]) -> None:
    compact, plain = CompactMap(), dict[str, bytes]()
    for key, value in changes:
        if value is None:
            compact.put(key, None)
            plain.pop(key, None)
        else:
            compact.put(key, value.encode())
            plain[key] = value.encode()
    assert {key: compact.get(key) for key in compact.keys()} == plain  # noqa: SIM118 - not a dictionary
    assert len(compact) == len(plain)
    assert all(compact.get(key) is None for key, _ in changes if key not in plain)
