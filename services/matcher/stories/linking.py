"""Link an item to the running story that reports the same event in different words: by kind of event, direction, time.

Pure. ``window.py`` has compared the texts before; this step finds what similar words cannot: the denial of a rumor, a
second paper's own wording, the outcome of something announced.
"""

from __future__ import annotations

from datetime import timedelta

from schemas.mentions import FAMILY_OF, Impact, ItemAnnotated
from services.matcher.stories.evidence import said_at
from services.matcher.stories.signature import stem, story_words
from services.matcher.stories.threads import EventSummary, JudgeState, Thread
from services.matcher.text.normalize import words
from services.matcher.thresholds import Thresholds

__all__ = ["ends_event", "find_linked_thread", "is_opposite"]

#: Items of these kinds are not linked by their kind.
_UNLINKED_KINDS = frozenset(("other", "opinion", "advertisement"))
#: Kinds with finer kinds below them, which say how things went; of the broad kind itself that is only read.
_BROAD_KINDS = frozenset(family for kind, family in FAMILY_OF.items() if kind != family)


def find_linked_thread(thresholds: Thresholds, state: JudgeState, annotated: ItemAnnotated) -> Thread | None:
    """Return the running thread that the item answers or repeats in different words, the latest first; None if none."""
    title = annotated.item.title.lower()
    is_answer = annotated.claim.status in ("denied", "retracted")
    kind = annotated.impact.kind
    newest_first = sorted(state.threads.values(), key=lambda thread: (thread.last_at, thread.story_id), reverse=True)
    for thread in newest_first:
        if thread.not_news is not None:
            continue
        related = thresholds.same_family(kind, thread.event.kind) and kind not in _UNLINKED_KINDS
        if is_answer:
            if thread.told_or_held and (related or _names_subject(title, thread)):
                return thread
        elif related and _same_event(thresholds, state, thread, annotated):
            return thread
    if is_answer:
        return next((t for t in newest_first if t.below_threshold and _names_subject(title, t)), None)
    return None


def is_opposite(known: EventSummary, new: EventSummary | Impact) -> bool:
    """Return whether one is good and the other bad for a holder."""
    return {known.direction, new.direction} == {"positive", "negative"}


def ends_event(known: EventSummary, new: Impact) -> bool:
    """Return whether something feared does not happen, or something that lasted (an outage, a strike) is over."""
    over = new.kind == known.kind and known.direction == "negative" and new.direction == "neutral"
    return over or (new.kind == "averted" != known.kind)


def _same_event(thresholds: Thresholds, state: JudgeState, thread: Thread, annotated: ItemAnnotated) -> bool:
    """Return whether an item of a related kind reports the thread's event."""
    kind, known = annotated.impact.kind, thread.event.kind
    if kind != known and not {kind, known} & _BROAD_KINDS and is_opposite(thread.event, annotated.impact):
        return False  # results that disappoint and a raised forecast are two messages
    at = said_at(annotated)
    distance = min(abs(at - record.said_at) for record in thread.evidence)
    if thread.is_open_rumor and distance <= timedelta(days=thresholds.hold_days):
        return True
    if distance > thresholds.same_event_window(kind):
        return False
    if not thresholds.same_report(kind, thread.event.kind):
        return False
    return kind in thresholds.single_events or _shares_distinctive_word(state, thread, annotated)


def _shares_distinctive_word(state: JudgeState, thread: Thread, annotated: ItemAnnotated) -> bool:
    """Return whether the item shares a word with the thread besides the watched name, cues and ordinary words."""
    texts = (*(span.text for span in annotated.mention.spans), *annotated.impact.cues)
    excluded = {stem(word) for text in texts for word in words(text)} | story_words().generic
    distinctive = {word for word in annotated.signature.words if word not in excluded}
    stories = (story for story in state.window.stories if state.aliases.get(story.id, story.id) == thread.story_id)
    return any(not distinctive.isdisjoint(story.terms) for story in stories)


def _names_subject(title: str, thread: Thread) -> bool:
    """Return whether a title in lower case contains the last word of one of the thread's cues: "dividend"."""
    return any(cue.lower().split()[-1] in title for cue in thread.cues)
