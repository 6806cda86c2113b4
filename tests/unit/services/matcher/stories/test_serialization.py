"""States that earlier versions stored can be loaded, and are written back with the same keys and values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

from services.matcher.stories.memory import OldText
from services.matcher.stories.serialization import dump_state, load_state

#: Written by the judge of version 0.1, byte for byte; never regenerate it.
STORED = (Path(__file__).parent / "judge_state_v1.json").read_bytes()


def test_a_stored_state_is_written_back_with_all_its_values() -> None:
    written = dump_state(load_state(STORED))
    assert _contains(orjson.loads(written), orjson.loads(STORED))
    assert dump_state(load_state(written)) == written


def _contains(whole: Any, part: Any) -> bool:
    """Return whether ``whole`` has all values of ``part``; fields that were added since have their defaults."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(name in whole and _contains(whole[name], value) for name, value in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return len(whole) == len(part) and all(map(_contains, whole, part))
    return bool(whole == part)


def test_a_stored_state_has_all_its_content() -> None:
    state = load_state(STORED)
    assert state.entity_id == "tolmark-mining"
    assert state.stale_on == date(2026, 3, 2)
    assert state.aliases == {"itm_006": "itm_003", "itm_009": "itm_003"}
    held, bid, stale = (state.threads[story_id] for story_id in sorted(state.threads))
    assert held.is_open_rumor
    assert held.verdicts["a"].held_until == datetime(2026, 3, 16, 9, tzinfo=UTC)
    assert (bid.event.kind, bid.outcome, bid.was_rumor, bid.verdicts["b"].verdict) == (
        "divestment",
        "confirmed",
        True,
        "tell",
    )
    assert bid.event_at == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert [record.item_id for record in bid.evidence] == ["itm_003", "itm_006", "itm_009"]
    assert stale.not_news == "stale"
    assert len(state.window.stories) == 5


def test_old_texts_survive_and_older_states_have_none() -> None:
    state = load_state(STORED)
    assert state.old_texts == ()
    at = datetime(2026, 3, 2, tzinfo=UTC)
    text = OldText("itm_003", at, frozenset((3, 1, 2, 4)), frozenset(("cut",)), frozenset(("50%",)), told=True)
    state = replace(state, old_texts=(text,))
    assert load_state(dump_state(state)).old_texts == (text,)


def test_fields_that_older_states_lack_get_their_defaults() -> None:
    content = orjson.loads(STORED)
    for thread in content["cases"].values():
        for key in ("happened_at", "rumored", "outcome", "dull"):
            del thread[key]
        for record in thread["testimonies"]:
            del record["said_at"]
    del content["stale_on"]
    state = load_state(orjson.dumps(content))
    bid = state.threads["itm_003"]
    assert (bid.event_at, bid.was_rumor, bid.outcome, bid.not_news, state.stale_on) == (None, False, None, None, None)
    assert bid.evidence[0].said_at == bid.evidence[0].seen_at


def test_an_audience_survives_and_older_states_have_none() -> None:
    state = load_state(STORED)
    bid = state.threads["itm_003"]
    assert bid.event.audience == {}
    audience = {"it": (1, 20, 3, 4, 5, 6, 7, 100), "any": (0,) * 8}
    known = replace(bid, event=replace(bid.event, audience=audience))
    assert load_state(dump_state(state.with_thread(known))).threads["itm_003"].event.audience == audience
