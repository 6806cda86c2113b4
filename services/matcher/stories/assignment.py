"""Taking an item in: into which story about a watched thing it goes, what it adds there, and whether it is news at all.

Pure. Likeness of words comes first (``stories.py``); what it doesn't see, the kind of event and its time tell.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.mentions import EventKind, Impact, ItemAnnotated
from services.matcher.reading.claims import is_speculation
from services.matcher.reading.impact import figures, is_retrospective
from services.matcher.reading.opinion_headlines import find_commentator
from services.matcher.stories.evidence import Witness, keep_most_telling, said_at, testimony_of
from services.matcher.stories.not_news import NotNews
from services.matcher.stories.signature import numbers_in, stem, story_words
from services.matcher.stories.threads import Case, Happening, JudgeState
from services.matcher.stories.window import assign
from services.matcher.text.normalize import words
from services.matcher.thresholds import Thresholds

__all__ = ["Heard", "hear"]

_NO_STORY_KINDS = frozenset(("other", "opinion", "advertisement"))


class Heard(NamedTuple):
    """A case with a new item taken in, and what that item changes."""

    case: Case
    headline: str
    material: bool
    trigger: Witness
    data: ItemAnnotated


def hear(thresholds: Thresholds, state: JudgeState, data: ItemAnnotated, now: datetime) -> tuple[JudgeState, Heard]:
    """The state with an item in its story, and what it brought there; ``now`` is when it came in, in UTC."""
    item, revised = data.item, data.revision > 0
    window, record = assign(state.window, item.id, data.signature, data.seen_at, title=item.title, revised=revised)
    state = replace(state, window=window)
    case_id = state.aliases.get(record.story_id, record.story_id)
    case = state.cases.get(case_id)
    if case is None or case.nameless:
        linked = _linked(thresholds, state, data)
        if linked is not None:
            case = linked
            state = replace(state, aliases={**state.aliases, record.story_id: case.story_id})
    copy = record.relation == "copy"
    ends = case is not None and _ends(case.happening, data.impact)
    update = case is not None and (record.relation in ("update", "new") or revised or ends)
    heard = _take_in(thresholds, case, record.story_id, data, now, copy=copy, update=update)
    return state, heard


def _linked(thresholds: Thresholds, state: JudgeState, data: ItemAnnotated) -> Case | None:
    """The running story that an item answers or repeats in other words, if the window alone did not see it."""
    title = data.item.title.lower()
    answers = data.claim.status in ("denied", "retracted")
    kind = data.impact.kind
    said, apart = said_at(data), timedelta(hours=thresholds.hours_of_one(kind))
    waits = timedelta(days=thresholds.hold_days)
    order = sorted(state.cases.values(), key=lambda each: (each.last_at, each.story_id), reverse=True)
    for case in order:
        if case.dull is not None:
            continue
        same_kind = thresholds.same_family(kind, case.happening.kind) and kind not in _NO_STORY_KINDS
        if answers and case.told and (same_kind or _names_matter(title, case)):
            return case
        if not same_kind or answers:
            continue
        if kind != case.happening.kind and _turned(case.happening, data.impact):
            continue  # results that disappoint, and a forecast that is raised: two messages
        distance = min(abs(said - each.said_at) for each in case.testimonies)
        if case.open_rumor and distance <= waits:
            return case
        if distance > apart or not thresholds.one_event(kind, case.happening.kind):
            continue
        if kind in thresholds.single_events or _alike(state, case, data):
            return case
    if answers:
        return next((case for case in order if case.passed_over and _names_matter(title, case)), None)
    return None


def _take_in(
    thresholds: Thresholds,
    case: Case | None,
    story_id: str,
    data: ItemAnnotated,
    now: datetime,
    *,
    copy: bool,
    update: bool,
) -> Heard:
    item, impact = data.item, data.impact
    dull = _dull(thresholds, data, case)
    testimony, others = _heard_beside(case, data, counts=dull is None, copy=copy)
    in_title = figures(item.title)
    if case is None:
        opened = Case(
            story_id=story_id,
            headline=item.title,
            happening=Happening.of(impact),
            salience=data.mention.salience,
            opened_at=now,
            last_at=now,
            dull=dull,
            cues=impact.cues,
            figures=tuple(dict.fromkeys((*in_title, *impact.figures))),
            testimonies=(testimony,),
            happened_at=testimony.said_at,
        )
        return Heard(opened, item.title, False, testimony, data)
    good = testimony.primary or testimony.origin_grade in ("A", "B")
    news = update and not copy and dull is None and good and testimony.status == "asserted"
    material = news and _changes(thresholds, case, impact, item.title)
    happening = case.happening if dull else _larger(thresholds, case, Happening.of(impact), testimony)
    grown = replace(
        case,
        happening=happening,
        happened_at=case.happened_at if happening.kind == case.happening.kind else testimony.said_at,
        salience=max(case.salience, data.mention.salience) if dull is None else case.salience,
        last_at=max(case.last_at, now),
        dull=case.dull if dull else None,
        cues=case.cues if dull else tuple(dict.fromkeys((*case.cues, *impact.cues)))[:12],
        figures=tuple(dict.fromkeys((*case.figures, *in_title, *impact.figures)))[-40:],
        testimonies=keep_most_telling((*others, testimony), thresholds.evidence_kept),
    )
    return Heard(grown, item.title, material, testimony, data)


def _changes(thresholds: Thresholds, case: Case, impact: Impact, title: str) -> bool:
    """Whether what an item says changes what was told: the other direction, or a figure that was not known.

    A report on a quarter is full of figures, and each paper picks its own; there only the direction counts.
    """
    if _ends(case.happening, impact):
        return True
    if _turned(case.happening, impact) and impact.kind in thresholds.market_moving:
        return True
    if thresholds.grows(case.happening.kind, impact.kind):
        return True
    if {impact.kind, case.happening.kind} & thresholds.full_of_figures:
        return False
    return not numbers_in(title) <= numbers_in(" ".join(case.figures))


def _larger(thresholds: Thresholds, case: Case, now: Happening, testimony: Witness) -> Happening:
    """The story's happening after another item: the first kind that says something stays, its size may grow."""
    known = case.happening
    if case.dull is not None or (known.kind == "other" and now.kind != "other"):
        return now
    if "averted" in (known.kind, now.kind) and now.kind not in (known.kind, "other"):
        # What was feared and what became of it: what was said last holds, in whatever order it came.
        later = case.happened_at is None or testimony.said_at >= case.happened_at
        return now if later and testimony.status == "asserted" else known
    if thresholds.grows(now.kind, known.kind):
        return known
    if now.kind != known.kind and now.kind != "other" and case.happened_at and testimony.said_at < case.happened_at:
        return now  # it came later, and was said earlier
    grown = _turned(known, now) or thresholds.grows(known.kind, now.kind)
    if grown and testimony.status == "asserted":
        return now
    if now.kind == known.kind and testimony.status == "asserted":
        if known.direction == "neutral" and any(testimony.said_at < each.said_at for each in case.testimonies):
            return known  # it is over, and this was said before
        sizes = ("minor", "moderate", "major")
        return now if sizes.index(now.size) >= sizes.index(known.size) else known
    return known


def _dull(thresholds: Thresholds, data: ItemAnnotated, case: Case | None) -> NotNews | None:
    """Why the item is no news, if it is none. A late denial of what was told is news all the same."""
    if data.source.kind == "satire":
        return "satire"
    if data.impact.kind == "advertisement":
        return "advertisement"
    if data.impact.kind == "opinion":
        return "opinion"
    if is_retrospective(data.impact):
        return "anniversary"
    if _only_thought(data, thresholds.thought_kinds):
        return "opinion"
    if data.impact.kind == "other" and is_speculation(data.claim):
        return "speculation"
    published = data.item.published_at
    known = case is not None and (case.told or case.passed_over)
    answers = known and data.claim.status in ("denied", "retracted")
    if published is not None and not answers:
        age = data.seen_at - published
        updated = data.item.updated_at
        if updated is not None and updated > published:
            age = data.seen_at - updated
        if age > timedelta(hours=thresholds.stale_after_hours):
            return "stale"
    return None


def _only_thought(data: ItemAnnotated, kinds: frozenset[EventKind]) -> bool:
    """Whether a headline passes on what somebody outside thinks of a thing; what is denied is said by who must know."""
    plain = data.claim.status in ("asserted", "hedged") and data.claim.basis == "own"
    return plain and data.impact.kind in kinds and find_commentator(data.item.title) is not None


def _alike(state: JudgeState, case: Case, data: ItemAnnotated) -> bool:
    """Whether an item shares a telling word with ``case``, beside the watched name and the words that tell its kind."""
    spoken = (*(span.text for span in data.mention.spans), *data.impact.cues)
    own = {stem(word) for text in spoken for word in words(text)} | story_words().generic
    telling = {word for word in data.signature.words if word not in own}
    of_case = (one for one in state.window.stories if state.aliases.get(one.id, one.id) == case.story_id)
    return any(not telling.isdisjoint(one.terms) for one in of_case)


def _names_matter(title: str, case: Case) -> bool:
    """Whether a title in lower case names what ``case`` is about, by the last word of a cue of it: dividend."""
    return any(cue.lower().split()[-1] in title for cue in case.cues)


def _turned(known: Happening, now: Happening | Impact) -> bool:
    """Whether one is good and the other bad for who holds it."""
    return {known.direction, now.direction} == {"positive", "negative"}


def _ends(known: Happening, now: Impact) -> bool:
    """Whether what was feared does not come, or what lasted (an outage, a strike) is over."""
    over = now.kind == known.kind and known.direction == "negative" and now.direction == "neutral"
    return over or (now.kind == "averted" != known.kind)


def _heard_beside(
    case: Case | None, data: ItemAnnotated, *, counts: bool, copy: bool
) -> tuple[Witness, tuple[Witness, ...]]:
    """What the item testifies, and what the others of its story do beside it."""
    others = tuple(each for each in case.testimonies if each.item_id != data.item.id) if case else ()
    own = testimony_of(data, counts=counts, copy_of=None)
    first = next((each for each in others if each.counts), None)
    if not copy or first is None:
        return own, others
    # A wire is reprinted, and reprints nobody, whatever the clocks of the papers say.
    wires = own.source_kind == "wire", first.source_kind == "wire"
    earlier = wires[0] if wires[0] != wires[1] else own.said_at < first.said_at
    if first.primary or not earlier:
        return testimony_of(data, counts=counts, copy_of=first), others
    # The reprint came in before what it reprints.
    reprints = {each.item_id for each in others if each.origin_id == first.origin_id and not each.primary}
    return own, tuple(each.in_the_name_of(own) if each.item_id in reprints else each for each in others)
