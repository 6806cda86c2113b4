"""Find the other stories about a watched thing that probably report the same event.

Two stories may be one event without being so sure of it that they are united (``union.py``), and a price moves because
of another story. What is raised about one names the others, so that a client is told once.
Pure; the order in which the stories began makes no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from schemas.mentions import FAMILY_OF
from schemas.readings import EventFamily
from services.matcher.stories.linking import is_opposite
from services.matcher.stories.pairwise import RESULTS, Report, default_model
from services.matcher.stories.story import STORY_WINDOW
from services.matcher.stories.threads import JudgeState, Thread

__all__ = ["related_stories", "required_probability", "story_reports", "surely_same"]

_Families = frozenset[EventFamily]

#: Two stories of one family of events are one event if two of their reports are with this probability. The thresholds
#: are set by reading such pairs of real news (decision 42).
_SAME_FAMILY_AT = 0.55
#: More is needed where the watched thing takes no part in the event, and where many events of a kind follow closely.
_UNSURE_AT = 0.8
#: Less is enough for two reports of a price that moved the same way.
_ONE_MOVE_AT = 0.4
#: New people at the top of a company that has just been bought: part of the deal, or the next event.
_AFTER_DEAL_AT = 0.9
#: From this probability on, a draft may say that one of two reports confirms the other: of such pairs, 98 in 100 are of
#: one event (``bench/eval_events.py``). To be in one story, less is enough.
_SAY_AT = 0.9
_TAKES_PART = frozenset(("actor", "object", "party"))
#: What is announced, and may be called off; then its direction is another.
_CALLED_OFF: _Families = frozenset(("deal", "contract", "capital"))
_FREQUENT: _Families = frozenset(("product", "expansion", "vulnerability", "regulation", "macro", "politics", "other"))
#: Families as which reports on one event are read, and the probability that is needed.
_MIXED: tuple[tuple[_Families, float], ...] = (
    (RESULTS, _SAME_FAMILY_AT),
    (frozenset(("deal", "contract", "capital")), _SAME_FAMILY_AT),
    (frozenset(("legal", "regulation")), _UNSURE_AT),
    (frozenset(("breach", "vulnerability", "outage")), _UNSURE_AT),
    (frozenset(("deal", "leadership")), _AFTER_DEAL_AT),
)


def related_stories(state: JudgeState, thread: Thread) -> tuple[str, ...]:
    """Return the stories that probably report the event of ``thread`` and that clients know or are held, sorted."""
    near = {
        other.story_id: required
        for other in state.threads.values()
        if other.story_id != thread.story_id
        and other.told_or_held
        and abs(other.opened_at - thread.opened_at) <= STORY_WINDOW
        and (required := required_probability(thread, other)) is not None
    }
    if not near:
        return ()
    reports = _reports(state)
    mine = reports.get(thread.story_id, ())
    return tuple(sorted(story for story, required in near.items() if _best(mine, reports.get(story, ())) >= required))


def story_reports(state: JudgeState, thread: Thread) -> tuple[Report, ...]:
    """Return the reports by which the story of ``thread`` is compared; none if it has left the window."""
    return _reports(state).get(thread.story_id, ())


def surely_same(reports: Sequence[Report]) -> dict[str, tuple[str, ...]]:
    """Return for each report's item the others that surely report the same event, within the window, sorted."""
    model, found = default_model(), {report.item_id: set[str]() for report in reports}
    for left, right in combinations({report.item_id: report for report in reports}.values(), 2):
        if abs(left.at - right.at) <= STORY_WINDOW and model.probability(left, right) >= _SAY_AT:
            found[left.item_id].add(right.item_id)
            found[right.item_id].add(left.item_id)
    return {item_id: tuple(sorted(others)) for item_id, others in found.items()}


def _reports(state: JudgeState) -> dict[str, tuple[Report, ...]]:
    """Return the reports of each thread that is in the window, by story."""
    found: dict[str, tuple[Report, ...]] = {}
    for story in state.window.stories:
        story_id = state.aliases.get(story.id, story.id)
        found[story_id] = (*found.get(story_id, ()), *story.compared())
    return found


def required_probability(thread: Thread, other: Thread) -> float | None:
    """Return the probability with which two reports must be of one event, or None if the two events differ anyway."""
    kinds = {thread.event.kind, other.event.kind}
    families = frozenset(FAMILY_OF[kind] for kind in kinds)
    opposite = is_opposite(thread.event, other.event)
    if families == {"share_move"}:
        return None if opposite else _ONE_MOVE_AT
    if "share_move" in families:
        return None if opposite and families.isdisjoint(RESULTS) else _SAME_FAMILY_AT
    if opposite or ("averted" in kinds and len(kinds) > 1) or "none" in families:
        return None
    if len(families) > 1:
        required = next((required for mixed, required in _MIXED if families <= mixed), None)
    else:
        takes_part = {thread.event.role, other.event.role} <= _TAKES_PART
        required = _SAME_FAMILY_AT if takes_part and families.isdisjoint(_FREQUENT) else _UNSURE_AT
    turns = not families.isdisjoint(_CALLED_OFF) and thread.event.direction != other.event.direction
    return _UNSURE_AT if turns and required == _SAME_FAMILY_AT else required


def _best(mine: tuple[Report, ...], theirs: tuple[Report, ...]) -> float:
    model = default_model()
    return max((model.probability(report, other) for report in mine for other in theirs), default=0.0)
