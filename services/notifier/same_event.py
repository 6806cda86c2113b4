"""Decide whether two stories are about one event: for a client's messages, and for the view of an event. Pure.

Stories are kept per watched name, so one event is a story for each name that it concerns, and may be several for one
name. The result depends on the two stories alone, not on their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from schemas.alerts import Alert
from schemas.mentions import FAMILY_OF, Direction, EventKind
from schemas.readings import EventFamily
from services.notifier.drafting.brief import DraftedStory

__all__ = ["WINDOW", "EventTrace", "are_one_event", "group_stories", "trace_of_alert", "trace_of_drafted"]

#: Stories that began further apart are different events, even if they share reports.
WINDOW = timedelta(days=7)
#: Without a common report, they must be nearer.
NEAR = timedelta(hours=72)
#: What fails twice within so few hours has failed once.
ONE_OUTAGE = timedelta(hours=3)
#: A price that moves the same way within a day is one move; within two days of results, it answers them.
ONE_MOVE, REACTION = timedelta(hours=24), timedelta(hours=48)
#: Nearly equal headlines share this part of their words, and at least so many.
HEADLINE_SHARE, HEADLINE_WORDS = 0.75, 5
#: Words that a headline repeats from another on the same name, besides the name.
REPEATED_WORDS = 3
#: Shorter words name no party: AI, US.
PARTY_LETTERS = 3
#: Headlines that share this part of their words confirm that a single common report is no round-up.
ALIKE = 0.5
_RESULTS: frozenset[EventFamily] = frozenset(("earnings", "guidance", "dividend", "buyback"))
#: Families of kinds as which one event may be read for different names.
_RELATED: tuple[frozenset[EventFamily], ...] = (
    frozenset(("regulation", "legal")),
    frozenset(("breach", "vulnerability", "outage")),
    _RESULTS | {"rating"},
    frozenset(("insolvency", "cutback", "labour")),
    frozenset(("deal", "contract", "capital")),
)
#: What happens between parties, so that these tell one event from another.
_BETWEEN_PARTIES: frozenset[EventFamily] = frozenset(("deal", "contract", "capital", "legal"))
#: What authorities and courts do about a deal.
_PROCEEDINGS: frozenset[EventFamily] = frozenset(("regulation", "legal"))
#: What is announced, and may be called off.
_ENDS_BADLY: frozenset[EventFamily] = frozenset(("deal", "contract", "capital"))
_OPEN_FAMILIES: frozenset[EventFamily] = frozenset(("other", "none", "event"))
_OUTLET = re.compile(r"\s+[|–—-]\s+[^|–—-]{2,40}$")
_WORD = re.compile(r"[^\W_]+")
_FILLERS = frozenset(("a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "its", "of", "on", "the", "to"))
#: Words of a company's name that headlines leave out.
_LEGAL_FORMS = frozenset(("inc", "corp", "co", "company", "group", "holdings", "ltd", "plc", "ag", "se", "sa", "nv"))
#: An amount of money, or a number with a unit: what one event has and another seldom has as well.
_AMOUNT = re.compile(
    r"(?P<sign>[$€£¥]\s?)?(?P<digits>\d[\d,]*(?:\.\d+)?)\s?(?P<unit>trillion|billion|million|tn|bn|mn|m|b|k)?\b", re.I
)
_UNITS = {"trillion": "t", "tn": "t", "billion": "b", "bn": "b", "b": "b", "million": "m", "mn": "m", "m": "m"}


@dataclass(frozen=True, slots=True)
class EventTrace:
    """A story, as far as joining looks at it. ``kind`` is None and ``headline`` empty in older records.

    ``items`` are the titles of the items that report it, by item id; a title is empty if it was not kept. ``related``
    are other stories of the same name that the matcher takes for the same event, ``parties`` the other names that take
    part in it.
    """

    story_id: str
    entity_id: str
    entity_name: str
    headline: str
    kind: EventKind | None
    at: datetime
    items: Mapping[str, str]
    direction: Direction = "unclear"
    related: frozenset[str] = field(default=frozenset())
    parties: frozenset[str] = field(default=frozenset())


def trace_of_alert(alert: Alert) -> EventTrace:
    """Return the story of ``alert``."""
    return EventTrace(
        story_id=alert.story_id,
        entity_id=alert.entity_id,
        entity_name=alert.entity_name,
        headline=alert.headline,
        kind=alert.kind,
        at=alert.raised_at,
        items={item.item_id: item.title for item in alert.evidence},
        direction=alert.direction,
        related=frozenset(alert.related_stories),
        parties=frozenset(alert.reading.participants if alert.reading else ()),
    )


def trace_of_drafted(story: DraftedStory) -> EventTrace:
    """Return the story that was drafted."""
    return EventTrace(
        story_id=story.story_id,
        entity_id=story.entity_id,
        entity_name=story.entity_name,
        headline=story.headline,
        kind=story.kind,
        at=story.drafted_at,
        items=dict.fromkeys(story.item_ids, ""),
        direction=story.direction,
        related=frozenset(story.related_stories),
        parties=frozenset(story.parties),
    )


def are_one_event(one: EventTrace, other: EventTrace) -> bool:
    """Return whether two stories are about the same event.

    For one name, the matcher's stories count, and those that it relates; a price that moves the same way or answers
    results, and further reports on the same results or an outage; a deal and what is decided about it within a day;
    and of one kind, an amount, a party or most of a headline that two have in common. Two names need a common report,
    nearly equal headlines, or headlines that name both parties; and kinds as which one event may be read. One headline
    may give the prices of two holdings; each of them is an event of its own.
    """
    if one.entity_id == other.entity_id:
        return one.story_id == other.story_id or _is_one_for_name(one, other)
    if not _compatible(one.kind, other.kind):
        return False
    return (
        one.story_id == other.story_id
        or _share_reports(one, other)
        or _say_the_same(one, other)
        or _name_each_other(one, other)
    )


def group_stories(stories: Iterable[EventTrace]) -> dict[str, str]:
    """Return the event of each story id: the story in its group that began first.

    What began with the same item is one event here, because an event is called after its first story.
    """
    groups: list[list[EventTrace]] = []
    for story in stories:
        joined = [
            group
            for group in groups
            if any(story.story_id == known.story_id or are_one_event(story, known) for known in group)
        ]
        apart = [group for group in groups if group not in joined]
        groups = [*apart, [story, *chain.from_iterable(joined)]]
    return {story.story_id: min(map(_age, group))[1] for group in groups for story in group}


def _age(story: EventTrace) -> tuple[datetime, str]:
    return story.at, story.story_id


def _is_one_for_name(one: EventTrace, other: EventTrace) -> bool:
    apart = abs(one.at - other.at)
    linked = one.story_id in other.related or other.story_id in one.related
    if linked or not one.items.keys().isdisjoint(other.items.keys()):
        return apart <= WINDOW
    if one.kind is None or other.kind is None or apart > NEAR:
        return False
    families = {FAMILY_OF[one.kind], FAMILY_OF[other.kind]}
    if families == {"share_move"}:
        return apart <= ONE_MOVE and one.direction == other.direction
    if "share_move" in families:
        return apart <= REACTION and not families.isdisjoint(_RESULTS)
    if (families == {"earnings"} and apart <= ONE_MOVE) or (families == {"outage"} and apart <= ONE_OUTAGE):
        return True
    if "averted" in (one.kind, other.kind) or not _agree(one, other, families):
        return False
    if "deal" in families and families & _PROCEEDINGS:
        return apart <= ONE_MOVE and _shares_party(one, other)
    same_kind = len(families) == 1 or any(families <= related for related in _RELATED)
    if not same_kind:
        return False
    shares_amount = not _amounts(one.headline).isdisjoint(_amounts(other.headline))
    shares_party = families <= _BETWEEN_PARTIES and _shares_party(one, other)
    return shares_amount or shares_party or (len(families) == 1 and _repeats(one, other))


def _agree(one: EventTrace, other: EventTrace, families: set[EventFamily]) -> bool:
    """Return whether neither story may be the end of the other: of a deal that is off, the direction is another."""
    if not families.isdisjoint(_ENDS_BADLY):
        return one.direction == other.direction
    return {one.direction, other.direction} != {"positive", "negative"}


def _repeats(one: EventTrace, other: EventTrace) -> bool:
    """Return whether one headline has most of the other's words, and several besides the name."""
    words, others = _words(one.headline), _words(other.headline)
    shared = words & others
    enough = len(shared - _name(one)) >= REPEATED_WORDS
    return enough and len(shared) >= HEADLINE_SHARE * min(len(words), len(others))


def _shares_party(one: EventTrace, other: EventTrace) -> bool:
    """Return whether both headlines name a party to the event besides the watched name; of a person, the surname."""
    words = (_WORD.findall(party.casefold()) for party in one.parties | other.parties)
    parties = {named[-1] for named in words if named and len(named[-1]) >= PARTY_LETTERS} - _name(one)
    return not parties.isdisjoint(_words(one.headline) & _words(other.headline))


def _compatible(kind: EventKind | None, other: EventKind | None) -> bool:
    """Return whether one event may be read as both kinds for two names."""
    if "share_move" in (kind, other):
        return False
    if kind is None or other is None:
        return True
    families = {FAMILY_OF[kind], FAMILY_OF[other]}
    return (
        len(families) == 1
        or not families.isdisjoint(_OPEN_FAMILIES)
        or any(families <= related for related in _RELATED)
    )


def _share_reports(one: EventTrace, other: EventTrace) -> bool:
    """Return whether two stories share half of the reports of the smaller one.

    A single shared report may be a round-up, so its title must name both, or the headlines must be alike.
    """
    shared = one.items.keys() & other.items.keys()
    if not shared or 2 * len(shared) < min(len(one.items), len(other.items)) or abs(one.at - other.at) > WINDOW:
        return False
    words, others = _words(one.headline), _words(other.headline)
    if len(shared) > 1 or len(words & others) >= ALIKE * max(1, len(words | others)):
        return True
    (item_id,) = shared
    title = _words(one.items[item_id] or other.items[item_id])
    return _name(one) <= title and _name(other) <= title


def _say_the_same(one: EventTrace, other: EventTrace) -> bool:
    """Return whether the headlines are nearly equal, with the same figures and the same of the two names."""
    if abs(one.at - other.at) > NEAR:
        return False
    words, others = _words(one.headline), _words(other.headline)
    shared = words & others
    if len(shared) < HEADLINE_WORDS or len(shared) < HEADLINE_SHARE * len(words | others):
        return False
    if any(any(character.isdigit() for character in word) for word in words ^ others):
        return False
    return all((name <= words) == (name <= others) for name in (_name(one), _name(other)))


def _name_each_other(one: EventTrace, other: EventTrace) -> bool:
    """Return whether both headlines name both parties to what happens between them."""
    if one.kind is None or other.kind is None or abs(one.at - other.at) > NEAR:
        return False
    if not {FAMILY_OF[one.kind], FAMILY_OF[other.kind]} <= _BETWEEN_PARTIES:
        return False
    both = _name(one) | _name(other)
    return both <= _words(one.headline) and both <= _words(other.headline) and _amounts_agree(one, other)


def _amounts_agree(one: EventTrace, other: EventTrace) -> bool:
    amounts, others = _amounts(one.headline), _amounts(other.headline)
    return not amounts or not others or not amounts.isdisjoint(others)


def _amounts(text: str) -> frozenset[str]:
    """Return the amounts of money in ``text``, and the numbers of three digits and more that are no years."""
    found = set()
    for match in _AMOUNT.finditer(text):
        digits, unit = match["digits"].replace(",", ""), _UNITS.get((match["unit"] or "").lower(), match["unit"] or "")
        large = len(digits.partition(".")[0]) >= 3 and not re.fullmatch(r"(?:19|20)\d\d", digits)
        if match["sign"] or unit or large:
            found.add(f"{float(digits):g}{unit}")
    return frozenset(found)


def _name(story: EventTrace) -> frozenset[str]:
    """Return the words of the watched name without its legal form."""
    words = _words(story.entity_name)
    return words - _LEGAL_FORMS or words


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_OUTLET.sub("", text).casefold())) - _FILLERS
