"""A map packed into bytes answers as a dictionary does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.matcher.text.compact_map import CompactMap

texts = st.text(max_size=4) | st.sampled_from(("a", "ab", "b", ""))


@given(st.lists(st.tuples(texts, st.none() | texts)))
def test_it_answers_as_a_dictionary(changes: list[tuple[str, str | None]]) -> None:
    packed, plain = CompactMap(), dict[str, bytes]()
    for key, value in changes:
        if value is None:
            packed.put(key, None)
            plain.pop(key, None)
        else:
            packed.put(key, value.encode())
            plain[key] = value.encode()
    assert {key: packed.get(key) for key in packed.keys()} == plain  # noqa: SIM118 - it is no dictionary
    assert len(packed) == len(plain)
    assert all(packed.get(key) is None for key, _ in changes if key not in plain)
