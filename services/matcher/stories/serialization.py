"""Write the judge's state as JSON and read it back.

The keys are those of version 1 and never change, whatever the attributes are called, so that every stored state can be
loaded. Equal states give equal bytes.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import MISSING, asdict, astuple, fields
from datetime import date, datetime
from typing import Any

import orjson

from services.matcher.stories.embedding import decode
from services.matcher.stories.evidence import EvidenceRecord
from services.matcher.stories.memory import OldText
from services.matcher.stories.pairwise import Facts, Report
from services.matcher.stories.story import Story
from services.matcher.stories.threads import ClientVerdict, EventSummary, JudgeState, Thread
from services.matcher.stories.window import StoryWindow

__all__ = ["dump_state", "dump_window", "load_state", "load_window"]

#: Version of the format; older ones must stay readable.
STATE_VERSION = 1
_EVENT_DEFAULTS = {field.name: field.default for field in fields(EventSummary)} | {"audience": {}}


def dump_state(state: JudgeState) -> bytes:
    """Return ``state`` as JSON with sorted keys."""
    content: dict[str, Any] = {
        "version": STATE_VERSION,
        "entity_id": state.entity_id,
        "window": dump_window(state.window),
        "cases": {story_id: _dump_thread(thread) for story_id, thread in state.threads.items()},
        "aliases": state.aliases,
    }
    if state.stale_on is not None:
        content["stale_on"] = state.stale_on
    if state.old_texts:
        content["old_texts"] = [_dump_old_text(text) for text in state.old_texts]
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def load_state(raw: bytes) -> JudgeState:
    """Return the state that :func:`dump_state` wrote."""
    content = orjson.loads(raw)
    return JudgeState(
        entity_id=content["entity_id"],
        window=load_window(content["window"]),
        threads={story_id: _load_thread(thread) for story_id, thread in content["cases"].items()},
        aliases=content["aliases"],
        stale_on=date.fromisoformat(content["stale_on"]) if "stale_on" in content else None,
        old_texts=tuple(_load_old_text(text) for text in content.get("old_texts", ())),
    )


def _dump_old_text(text: OldText) -> dict[str, Any]:
    return {
        "story_id": text.story_id,
        "at": text.at,
        "shingles": sorted(text.shingles),
        "words": sorted(text.words),
        "numbers": sorted(text.numbers),
        "told": text.told,
    }


def _load_old_text(data: Any) -> OldText:
    return OldText(
        story_id=data["story_id"],
        at=datetime.fromisoformat(data["at"]),
        shingles=frozenset(data["shingles"]),
        words=frozenset(data["words"]),
        numbers=frozenset(data["numbers"]),
        told=data["told"],
    )


def dump_window(window: StoryWindow) -> object:
    """Return the window as lists, numbers and strings; equal windows give equal data."""
    return {
        "newest": None if window.newest is None else window.newest.isoformat(),
        "stories": [_dump_story(story) for story in window.stories],
    }


def load_window(data: Any) -> StoryWindow:
    """Return the window that :func:`dump_window` wrote."""
    return StoryWindow(
        stories=tuple(_load_story(story) for story in data["stories"]), newest=_load_time(data["newest"])
    )


def _dump_story(story: Story) -> dict[str, Any]:
    content: dict[str, Any] = {
        "id": story.id,
        "title": story.title,
        "first_at": story.first_at.isoformat(),
        "last_at": story.last_at.isoformat(),
        "count": story.count,
        "terms": sorted(story.terms.items()),
        "names": sorted(story.names),
        "numbers": sorted(story.numbers),
        "states": sorted(story.states),
        "sketches": [list(sketch) for sketch in story.sketches],
        "items": list(story.items),
    }
    if story.reports:
        content["reports"] = [_dump_report(report) for report in story.reports]
    return content


def _dump_report(report: Report) -> list[Any]:
    """Return a report as a list: a story has several, and keys would double their size."""
    return [
        report.item_id,
        report.at.isoformat(),
        sorted(report.words),
        sorted(report.lead),
        sorted(report.names),
        sorted(report.numbers),
        b64encode(report.embedding).decode(),
        None if report.facts is None else astuple(report.facts),
        report.reliable,
    ]


def _load_report(data: Any) -> Report:
    item_id, at, words, lead, names, numbers, embedding, facts, reliable = data
    return Report(
        item_id,
        datetime.fromisoformat(at),
        frozenset(words),
        frozenset(lead),
        frozenset(names),
        frozenset(numbers),
        embedding=decode(embedding),
        facts=None if facts is None else Facts(*facts),
        reliable=reliable,
    )


def _load_story(data: Any) -> Story:
    return Story(
        id=data["id"],
        title=data["title"],
        first_at=datetime.fromisoformat(data["first_at"]),
        last_at=datetime.fromisoformat(data["last_at"]),
        count=data["count"],
        terms=dict(data["terms"]),
        names=frozenset(data["names"]),
        numbers=frozenset(data["numbers"]),
        states=frozenset(data["states"]),
        sketches=tuple(tuple(sketch) for sketch in data["sketches"]),
        items=tuple(data["items"]),
        reports=tuple(map(_load_report, data.get("reports", ()))),
    )


def _dump_thread(thread: Thread) -> dict[str, Any]:
    merged = {"merged": thread.merged} if thread.merged else {}
    return {
        "story_id": thread.story_id,
        "headline": thread.headline,
        "happening": _dump_event(thread.event),
        "salience": thread.salience,
        "opened_at": thread.opened_at,
        "last_at": thread.last_at,
        "dull": thread.not_news,
        "cues": thread.cues,
        "figures": thread.figures,
        "testimonies": thread.evidence,
        "standings": {client_id: _dump_verdict(verdict) for client_id, verdict in thread.verdicts.items()},
        "happened_at": thread.event_at,
        "rumored": thread.was_rumor,
        "outcome": thread.outcome,
        **merged,
    }


def _dump_event(event: EventSummary) -> dict[str, Any]:
    """Return the event without what version 1 did not have, unless it says something."""
    return {name: value for name, value in asdict(event).items() if value != _EVENT_DEFAULTS.get(name, MISSING)}


def _load_event(data: Any) -> EventSummary:
    audience = {trade: tuple(worth) for trade, worth in data.get("audience", {}).items()}
    return EventSummary(**data | {"audience": audience})


def _dump_verdict(verdict: ClientVerdict) -> dict[str, Any]:
    """Return the verdict without what version 1 did not have, unless it says something."""
    return {name: value for name, value in asdict(verdict).items() if name != "contested" or value}


def _load_thread(data: Any) -> Thread:
    return Thread(
        story_id=data["story_id"],
        headline=data["headline"],
        event=_load_event(data["happening"]),
        salience=data["salience"],
        opened_at=datetime.fromisoformat(data["opened_at"]),
        last_at=datetime.fromisoformat(data["last_at"]),
        not_news=data.get("dull"),
        cues=tuple(data["cues"]),
        figures=tuple(data["figures"]),
        evidence=tuple(_load_evidence(record) for record in data["testimonies"]),
        verdicts={client_id: _load_verdict(verdict) for client_id, verdict in data["standings"].items()},
        event_at=_load_time(data.get("happened_at")),
        was_rumor=data.get("rumored", False),
        outcome=data.get("outcome"),
        merged=tuple(data.get("merged", ())),
    )


def _load_verdict(data: Any) -> ClientVerdict:
    return ClientVerdict(**{**data, "held_until": _load_time(data["held_until"])})


def _load_evidence(data: Any) -> EvidenceRecord:
    return EvidenceRecord(
        **{
            **data,
            "published_at": _load_time(data["published_at"]),
            "seen_at": datetime.fromisoformat(data["seen_at"]),
            "said_at": datetime.fromisoformat(data.get("said_at") or data["seen_at"]),
            "spans": tuple(tuple(span) for span in data["spans"]),
        }
    )


def _load_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
