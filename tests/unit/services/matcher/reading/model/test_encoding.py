from __future__ import annotations

from typing import get_args

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.reading.model.encoding import (
    LEAD_TOKENS,
    PUBLISHER_TOKENS,
    TITLE_TOKENS,
    NameType,
    PairText,
    default_encoder,
    pack,
)

SPECIAL = 4  # one before the title, one after each of the three parts
texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=300)


def pair(title: str, surface: str, lead: str = "", type: NameType = "company") -> PairText:
    return PairText(title, lead, "The Ledger", surface, type)


def test_the_name_is_marked_with_its_type_in_title_and_lead() -> None:
    encoded = default_encoder().encode(pair("Quillon buys Halden", "Halden", lead="Halden agreed to it."))
    plain = default_encoder().encode(pair("Quillon buys Halden", "", lead="Halden agreed to it."))
    assert sum(plain.marks) == 0
    assert len(encoded.ids) > len(plain.ids)
    title_alone = default_encoder().encode(pair("Quillon buys Halden", "Halden"))
    assert 0 < sum(title_alone.marks) < sum(encoded.marks)


def test_the_type_of_the_name_changes_the_tokens() -> None:
    rows = {tuple(default_encoder().encode(pair("Apple falls", "Apple", type=kind)).ids) for kind in get_args(NameType)}
    assert len(rows) == len(get_args(NameType))


def test_a_name_inside_a_longer_word_is_not_marked() -> None:
    assert sum(default_encoder().encode(pair("Haldenberg holds a vote", "Halden")).marks) == 0


def test_a_name_late_in_a_long_title_is_kept() -> None:
    encoded = default_encoder().encode(pair("word " * 200 + "Halden warns", "Halden"))
    assert sum(encoded.marks) > 0
    assert len(encoded.ids) <= TITLE_TOKENS + LEAD_TOKENS + PUBLISHER_TOKENS + SPECIAL


@given(texts, texts, texts)
def test_any_text_fits_the_model(title: str, lead: str, surface: str) -> None:
    encoded = default_encoder().encode(pair(title, surface, lead))
    assert len(encoded.ids) == len(encoded.marks) <= TITLE_TOKENS + LEAD_TOKENS + PUBLISHER_TOKENS + SPECIAL
    assert set(encoded.marks) <= {0, 1}


def test_rows_are_padded_and_masked() -> None:
    short, long = (default_encoder().encode(pair(title, "Halden")) for title in ("Halden", "Halden " + "rises " * 30))
    batch = pack([short, long])
    assert batch.ids.shape == batch.mask.shape == batch.marks.shape
    assert batch.ids.shape[1] % 16 == 0
    assert np.array_equal(batch.mask.sum(1), [len(short.ids), len(long.ids)])
