"""Claims on labelled sentences, the half that rules are worked on with; a floor below which no change may fall."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from schemas.items import Item
from services.matcher.reading.claims import classify_claim

SENTENCES = Path(__file__).parents[6] / "shared" / "data" / "hedges" / "sentences.jsonl"


@pytest.mark.data
def test_hedged_sentences_are_told_from_plain_ones() -> None:
    if not SENTENCES.exists():
        pytest.skip(f"no labelled sentences at {SENTENCES}")
    hits = said = true = 0
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if zlib.crc32(row["text"].encode()) % 2:
            continue
        hedged = classify_claim(Item(id="i", title=row["text"])).status != "asserted"
        hits += hedged and row["uncertain"]
        said += hedged
        true += row["uncertain"]
    assert 2 * hits / (said + true) >= 0.6
