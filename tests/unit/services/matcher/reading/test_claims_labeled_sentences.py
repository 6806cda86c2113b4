"""Claims in labeled sentences are classified at least this well, on the half used to develop the rules."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from schemas.items import Item
from services.matcher.reading.claims import classify_claim

SENTENCES = Path(__file__).parents[6] / "shared" / "data" / "hedges" / "sentences.jsonl"


@pytest.mark.slow
@pytest.mark.data
def test_most_hedged_sentences_are_recognized() -> None:
    if not SENTENCES.exists():
        pytest.skip(f"the labeled sentences are missing: {SENTENCES}")
    hits = hedged_count = labeled = 0
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if zlib.crc32(row["text"].encode()) % 2:
            continue
        hedged = classify_claim(Item(id="i", title=row["text"])).status != "asserted"
        hits += hedged and row["uncertain"]
        hedged_count += hedged
        labeled += row["uncertain"]
    assert 2 * hits / (hedged_count + labeled) >= 0.6
