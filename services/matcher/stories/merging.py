"""Add an item to its thread: its evidence, and what it changes about the event. Pure.

A copy changes nothing, and no item changes what a better source established: neither the event's kind, direction, size
and date, nor the figures that make a later report an update.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from schemas.mentions import FAMILY_OF, EventKind, Impact, ItemAnnotated
from services.matcher.reading.impact import figures
from services.matcher.stories.evidence import EvidenceRecord, record_evidence, select_evidence, states_date
from services.matcher.stories.linking import ends_event, is_opposite
from services.matcher.stories.not_news import OLD_NEWS, NotNews, not_news_reason
from services.matcher.stories.same_claim import is_same_claim
from services.matcher.stories.signature import figures_in
from services.matcher.stories.threads import EventSummary, Thread
from services.matcher.text.preparation import title_of
from services.matcher.thresholds import Thresholds

__all__ = ["MAX_CUES", "MAX_FIGURES", "StoryUpdate", "add_to_thread", "best_standing", "open_thread"]

#: Words and figures kept of a thread.
MAX_CUES, MAX_FIGURES = 12, 40
_SIZES = ("minor", "moderate", "major")


class StoryUpdate(NamedTuple):
    """A thread after a new item. ``trigger`` is the item's evidence.

    ``material``: the item changes what clients were told. ``leads``: no better source has stated the claim, so the item
    may head an alert.
    """

    thread: Thread
    material: bool
    trigger: EvidenceRecord
    annotated: ItemAnnotated
    leads: bool = True


def open_thread(
    thresholds: Thresholds, story_id: str, annotated: ItemAnnotated, now: datetime, old: NotNews | None
) -> StoryUpdate:
    """Open a thread with its first item. ``old``: why the item is old news, if it is."""
    impact = annotated.impact
    not_news = not_news_reason(thresholds, annotated, known_story=False, old=old)
    record = record_evidence(annotated, counts=not_news is None)
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
    record, others = _credit_copies(thread, annotated, counts=not_news is None, copy=copy)
    evidence = select_evidence((*others, record), thresholds.evidence_kept)
    standing = _best(others)
    if not_news is not None or record.copies or _standing(record) < standing:
        leads = not record.copies and _standing(record) >= standing
        seen = _more_figures(thread, annotated) if leads else thread.figures
        why = (not_news or "background") if thread.not_news == "background" else thread.not_news
        thread = replace(thread, not_news=why, figures=seen, evidence=evidence, last_at=max(thread.last_at, now))
        return StoryUpdate(thread, False, record, annotated, leads=leads)
    new = EventSummary.from_item(annotated)
    states_news = update and _standing(record) == _GOOD and record.status == "asserted"
    # What the client was told is the story as it was before.
    material = states_news and not new.unsure and _is_material(thresholds, thread, impact, title)
    establishes = _standing(record) == _GOOD > standing and record.status in ("asserted", "hedged")
    if establishes:
        # What those who make nothing true by themselves had made of it before is not known to be so; how much such a
        # story matters, they may have shown better.
        thread = replace(
            thread,
            event=new.with_best_of(thread.event),
            event_at=record.said_at,
            cues=(),
            salience=annotated.mention.salience,
        )
    event = _merge_event(thresholds, thread, new, record, outranks=_standing(record) > standing)
    event = event.with_best_of(new)
    if thread.not_news is None:
        event = event.with_best_of(thread.event)
    merged = replace(
        thread,
        event=event,
        event_at=thread.event_at if event.kind == thread.event.kind else record.said_at,
        salience=max(thread.salience, annotated.mention.salience),
        last_at=max(thread.last_at, now),
        not_news=None,
        cues=tuple(dict.fromkeys((*thread.cues, *impact.cues)))[:MAX_CUES],
        figures=_more_figures(thread, annotated),
        evidence=evidence,
    )
    return StoryUpdate(merged, material, record, annotated)


def _more_figures(thread: Thread, annotated: ItemAnnotated) -> tuple[str, ...]:
    seen = (*thread.figures, *figures(annotated.item.title), *annotated.impact.figures)
    return tuple(dict.fromkeys(seen))[-MAX_FIGURES:]


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


def _merge_event(
    thresholds: Thresholds, thread: Thread, new: EventSummary, record: EvidenceRecord, *, outranks: bool
) -> EventSummary:
    """Return the thread's event after another item: the first specific kind stays, its size may grow.

    ``outranks``: the item comes from a better source than all before; what it asserts is the story's claim.
    """
    known = thread.event
    asserted = record.status == "asserted"
    specific = not new.unsure and new.kind not in ("other", "none")
    if outranks and asserted and specific and not is_same_claim(new.kind, new.direction, known.kind, known.direction):
        return new
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


#: A source of this standing makes a claim probable by itself.
_GOOD = 2


def _standing(record: EvidenceRecord) -> int:
    """Return how far a source can establish something: good 2, fair or unknown 1, poor 0."""
    if record.is_first_hand or record.grade in ("A", "B"):
        return _GOOD
    return 1 if record.grade in ("C", "F") else 0


def best_standing(thread: Thread) -> int:
    """Return how far the best source of the thread can establish something; -1 if nothing states it."""
    return _best(thread.evidence)


def _best(records: Iterable[EvidenceRecord]) -> int:
    return max((_standing(record) for record in records if record.is_own_statement), default=-1)


def _credit_copies(
    thread: Thread, annotated: ItemAnnotated, *, counts: bool, copy: bool
) -> tuple[EvidenceRecord, tuple[EvidenceRecord, ...]]:
    """Return the item's evidence and that of the thread's other items, copies credited to what they copy.

    A channel's own text repeated is its own later statement. A party's statement is its own, whoever prints it.
    """
    others = tuple(record for record in thread.evidence if record.item_id != annotated.item.id)
    own = record_evidence(annotated, counts=counts)
    if not copy or not counts or own.is_first_hand:
        return own, others
    candidates = [record for record in others if record.is_own_statement and record.through != own.through]
    if not candidates:
        return own, others
    first = max(candidates, key=lambda record: _shared_words(own, record))  # the first of several
    if first.is_first_hand or not _is_original(own, first):
        return own.as_copy_of(first), others
    # The reprint arrived before the original.
    reprints = {record.item_id for record in others if record.copies and record.origin_id == first.origin_id}
    reprints.add(first.item_id)
    return own, tuple(record.as_copy_of(own) if record.item_id in reprints else record for record in others)


def _is_original(own: EvidenceRecord, first: EvidenceRecord) -> bool:
    """Return whether the text that arrived later is the original nevertheless; dates can be forged and prove nothing.

    A good source vouches for what it prints, and papers reprint wires, never the reverse.
    """
    if (_standing(own) == _GOOD) != (_standing(first) == _GOOD):
        return _standing(own) == _GOOD
    own_is_wire, first_is_wire = own.source_kind == "wire", first.source_kind == "wire"
    return own_is_wire if own_is_wire != first_is_wire else False


def _shared_words(left: EvidenceRecord, right: EvidenceRecord) -> float:
    """Return the share of words that two titles with their quotes have in common."""
    left_words, right_words = (set(f"{record.title} {record.quote}".lower().split()) for record in (left, right))
    return len(left_words & right_words) / (len(left_words | right_words) or 1)
