"""Unite two stories about one watched entity that turn out to be one event: their evidence and what clients know.

The story that clients know keeps its id, or else the older one; alerts that were raised under the other id stay valid,
and its later items go to the one that stays. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from schemas.alerts import Verdict
from schemas.mentions import FAMILY_OF
from services.matcher.stories.evidence import EvidenceRecord, select_evidence
from services.matcher.stories.merging import MAX_CUES, MAX_FIGURES, best_standing
from services.matcher.stories.not_news import OLD_NEWS
from services.matcher.stories.related import required_probability
from services.matcher.stories.threads import TOLD, ClientVerdict, JudgeState, Thread
from services.matcher.stories.window import United
from services.matcher.thresholds import Thresholds

__all__ = ["probability_to_unite", "unite_threads"]

#: Two stories of one sort of event that an item fits are united from here on: so little more than for joining one of
#: them that it makes little difference which came first.
_UNITE_AT = 0.6
#: Ids kept of stories that became part of another one.
_MAX_MERGED = 20


def probability_to_unite(state: JudgeState, story_id: str, other_id: str) -> float | None:
    """Return the probability with which two stories must be of one event to be united, or None if they must not.

    A story that was corrected stays apart from one that was not, and old news from news.
    """
    thread, other = state.thread_at(story_id), state.thread_at(other_id)
    if thread is None or other is None or thread is other:
        return None
    if _is_corrected(thread) != _is_corrected(other) or (thread.not_news in OLD_NEWS) != (other.not_news in OLD_NEWS):
        return None
    required = required_probability(thread, other)
    if required is None or FAMILY_OF[thread.event.kind] != FAMILY_OF[other.event.kind]:
        return required
    return min(required, _UNITE_AT)


def unite_threads(state: JudgeState, story_id: str, united: Sequence[United], thresholds: Thresholds) -> JudgeState:
    """Return the state with the threads of the ``united`` stories as part of the thread of ``story_id``."""
    for story in united:
        kept, other = state.thread_at(story_id), state.thread_at(story.story_id)
        if kept is None or other is None or kept is other:
            continue
        merged = _unite(kept, other, story.probability, thresholds)
        threads = {name: thread for name, thread in state.threads.items() if name != other.story_id}
        aliases = {
            alias: kept.story_id if target == other.story_id else target for alias, target in state.aliases.items()
        }
        texts = tuple(
            replace(text, story_id=kept.story_id) if text.story_id == other.story_id else text
            for text in state.old_texts
        )
        state = replace(state, threads=threads, aliases=aliases, old_texts=texts).with_thread(merged)
    return state


def _unite(kept: Thread, other: Thread, probability: float, thresholds: Thresholds) -> Thread:
    """Return ``kept`` with the evidence of ``other``, and the event of that of the two which the better source reports.

    What the other one rests on reports the event with ``probability`` at most.
    """
    base, added = sorted((kept, other), key=lambda thread: (-best_standing(thread), thread.opened_at, thread.story_id))
    doubted = tuple(_of_event(record, probability) for record in added.evidence)
    evidence = sorted((*base.evidence, *doubted), key=lambda record: (record.seen_at, record.item_id))
    event = base.event if base.not_news is None or added.not_news is not None else added.event
    if base.not_news is None and added.not_news is None:
        event = event.with_best_of(added.event)
    return replace(
        kept,
        headline=base.headline,
        event=event,
        salience=max(kept.salience, other.salience),
        opened_at=min(kept.opened_at, other.opened_at),
        last_at=max(kept.last_at, other.last_at),
        not_news=base.not_news if added.not_news is not None else None,
        cues=tuple(dict.fromkeys((*base.cues, *added.cues)))[:MAX_CUES],
        figures=tuple(dict.fromkeys((*added.figures, *base.figures)))[-MAX_FIGURES:],
        evidence=select_evidence(evidence, thresholds.evidence_kept),
        verdicts=_unite_verdicts(kept.verdicts, other.verdicts),
        event_at=base.event_at if event.kind == base.event.kind else added.event_at,
        was_rumor=kept.was_rumor or other.was_rumor,
        outcome=base.outcome or added.outcome,
        merged=tuple(dict.fromkeys((*kept.merged, other.story_id, *other.merged)))[-_MAX_MERGED:],
    )


def _of_event(record: EvidenceRecord, probability: float) -> EvidenceRecord:
    known = 1.0 if record.of_event is None else record.of_event
    return replace(record, of_event=round(min(known, probability), 3))


def _unite_verdicts(
    verdicts: Mapping[str, ClientVerdict], others: Mapping[str, ClientVerdict]
) -> dict[str, ClientVerdict]:
    """Return what each client knows: of two verdicts, the one that says more; its revision is above both."""
    united = {**others, **verdicts}
    for client_id in verdicts.keys() & others.keys():
        one, other = verdicts[client_id], others[client_id]
        known = one if _rank(one.verdict) >= _rank(other.verdict) else other
        united[client_id] = replace(known, revision=max(one.revision, other.revision))
    return dict(sorted(united.items()))


def _rank(verdict: Verdict) -> int:
    """Return how much a client who got this verdict knows: a fact 3, an unconfirmed report 2, held 1, nothing 0."""
    if verdict in TOLD:
        return 2 if verdict == "warn" else 3
    return int(verdict == "hold")


def _is_corrected(thread: Thread) -> bool:
    return any(client.verdict == "correct" for client in thread.verdicts.values())
