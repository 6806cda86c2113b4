"""Add an item to its thread: its evidence, and what it changes about the event. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from schemas.mentions import FAMILY_OF, EventKind, Impact, ItemAnnotated
from services.matcher.reading.impact import figures
from services.matcher.stories.evidence import EvidenceRecord, record_evidence, select_evidence, states_date
from services.matcher.stories.linking import ends_event, is_opposite
from services.matcher.stories.not_news import OLD_NEWS, NotNews, not_news_reason
from services.matcher.stories.signature import figures_in
from services.matcher.stories.threads import EventSummary, Thread
from services.matcher.text.preparation import title_of
from services.matcher.thresholds import Thresholds

__all__ = ["StoryUpdate", "add_to_thread", "open_thread"]

_MAX_CUES, _MAX_FIGURES = 12, 40
_SIZES = ("minor", "moderate", "major")


class StoryUpdate(NamedTuple):
    """A thread after a new item. ``trigger`` is the item's evidence.

    ``material``: the item changes what clients were told.
    """

    thread: Thread
    material: bool
    trigger: EvidenceRecord
    annotated: ItemAnnotated


def open_thread(
    thresholds: Thresholds, story_id: str, annotated: ItemAnnotated, now: datetime, old: NotNews | None
) -> StoryUpdate:
    """Open a thread with its first item. ``old``: why the item is old news, if it is."""
    impact = annotated.impact
    not_news = not_news_reason(thresholds, annotated, known_story=False, old=old)
    record = record_evidence(annotated, counts=not_news is None, copy_of=None)
    thread = Thread(
        story_id=story_id,
        headline=title_of(annotated.item),
        event=EventSummary.from_item(annotated),
        salience=annotated.mention.salience,
        opened_at=now,
        last_at=now,
        not_news=not_news,
        cues=impact.cues,
        figures=tuple(dict.fromkeys((*figures(annotated.item.title), *impact.figures))),
        evidence=(record,),
        event_at=record.said_at,
    )
    return StoryUpdate(thread, False, record, annotated)


def add_to_thread(
    thresholds: Thresholds,
    thread: Thread,
    annotated: ItemAnnotated,
    now: datetime,
    *,
    copy: bool,
    update: bool,
    old: NotNews | None,
) -> StoryUpdate:
    """Add an item to a running thread.

    ``copy``: a near-copy of another item; ``update``: it says something new; ``old``: why it is old news, if it is. An
    item without a date of its own that says nothing new about old news is old, too.
    """
    impact, title = annotated.impact, annotated.item.title
    known_story = thread.told_or_held or thread.below_threshold
    if old is None and thread.not_news in OLD_NEWS and not update and not states_date(annotated):
        old = "returned"
    not_news = not_news_reason(thresholds, annotated, known_story=known_story, old=old)
    record, others = _credit_origins(thread, annotated, counts=not_news is None, copy=copy)
    evidence = select_evidence((*others, record), thresholds.evidence_kept)
    if not_news is not None:
        thread = replace(thread, figures=_more_figures(thread, annotated), evidence=evidence)
        return StoryUpdate(replace(thread, last_at=max(thread.last_at, now)), False, record, annotated)
    reliable = record.primary or record.origin_grade in ("A", "B")
    states_news = update and not copy and reliable and record.status == "asserted"
    new = EventSummary.from_item(annotated)
    material = states_news and not new.unsure and _is_material(thresholds, thread, impact, title)
    event = _merge_event(thresholds, thread, new, record).with_best_of(new)
    if thread.not_news is None:
        event = event.with_best_of(thread.event)
    merged = replace(
        thread,
        event=event,
        event_at=thread.event_at if event.kind == thread.event.kind else record.said_at,
        salience=max(thread.salience, annotated.mention.salience),
        last_at=max(thread.last_at, now),
        not_news=None,
        cues=tuple(dict.fromkeys((*thread.cues, *impact.cues)))[:_MAX_CUES],
        figures=_more_figures(thread, annotated),
        evidence=evidence,
    )
    return StoryUpdate(merged, material, record, annotated)


def _more_figures(thread: Thread, annotated: ItemAnnotated) -> tuple[str, ...]:
    seen = (*thread.figures, *figures(annotated.item.title), *annotated.impact.figures)
    return tuple(dict.fromkeys(seen))[-_MAX_FIGURES:]


def _is_material(thresholds: Thresholds, thread: Thread, impact: Impact, title: str) -> bool:
    """Return whether the item changes what was told: the opposite direction, a worse event, or a new figure.

    A report on quarterly results is full of figures, and each paper picks its own; there, only the direction counts.
    """
    if ends_event(thread.event, impact):
        return True
    if is_opposite(thread.event, impact) and impact.kind in thresholds.market_moving:
        return True
    if thresholds.grows_into(thread.event.kind, impact.kind):
        return True
    if {impact.kind, thread.event.kind} & thresholds.full_of_figures:
        return False
    return not figures_in(title) <= figures_in(" ".join(thread.figures))


def _merge_event(thresholds: Thresholds, thread: Thread, new: EventSummary, record: EvidenceRecord) -> EventSummary:
    """Return the thread's event after another item: the first specific kind stays, its size may grow."""
    known = thread.event
    asserted = record.status == "asserted"
    if thread.not_news is not None or (known.kind == "other" and new.kind != "other"):
        return new
    if known.unsure != new.unsure and known.kind != new.kind:
        return new if known.unsure else known  # a kind that is certain outweighs a guess, in whatever order they arrive
    if "averted" in (known.kind, new.kind) and new.kind not in (known.kind, "other"):
        # Something feared, and its outcome: the later statement holds, in whatever order they arrive.
        later = thread.event_at is None or record.said_at >= thread.event_at
        return new if later and asserted else known
    if thresholds.grows_into(new.kind, known.kind) or _is_finer(known.kind, new.kind):
        return known
    if _is_finer(new.kind, known.kind):
        return new
    if new.kind != known.kind and new.kind != "other" and thread.event_at and record.said_at < thread.event_at:
        return new  # it arrived later but was published earlier
    if asserted and (is_opposite(known, new) or thresholds.grows_into(known.kind, new.kind)):
        return new
    if new.kind == known.kind and asserted:
        if new.direction == "neutral" != known.direction:
            return replace(new, size=max(known.size, new.size, key=_SIZES.index))  # it is over
        if known.direction == "neutral" and any(record.said_at < other.said_at for other in thread.evidence):
            return known  # the event is over, and this was published before
        return new if _SIZES.index(new.size) >= _SIZES.index(known.size) else known
    return known


def _is_finer(kind: EventKind, other: EventKind) -> bool:
    """Return whether ``kind`` is one of the finer kinds of the broad kind ``other``."""
    return kind != other == FAMILY_OF[kind]


def _credit_origins(
    thread: Thread, annotated: ItemAnnotated, *, counts: bool, copy: bool
) -> tuple[EvidenceRecord, tuple[EvidenceRecord, ...]]:
    """Return the item's evidence and that of the thread's other items, copies credited to what they copy."""
    others = tuple(record for record in thread.evidence if record.item_id != annotated.item.id)
    own = record_evidence(annotated, counts=counts, copy_of=None)
    first = next((record for record in others if record.counts), None)
    if not copy or first is None:
        return own, others
    # Papers reprint wires, never the reverse, whatever the timestamps say.
    own_is_wire, first_is_wire = own.source_kind == "wire", first.source_kind == "wire"
    earlier = own_is_wire if own_is_wire != first_is_wire else own.said_at < first.said_at
    if first.primary or not earlier:
        return record_evidence(annotated, counts=counts, copy_of=first), others
    # The reprint arrived before the original.
    reprints = {record.item_id for record in others if record.origin_id == first.origin_id and not record.primary}
    return own, tuple(record.with_origin_of(own) if record.item_id in reprints else record for record in others)
