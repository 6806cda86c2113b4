"""Checks that advice fits the event as read: its kind, the watched name's part in it, its direction and its status."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, Literal, get_args

from schemas.alerts import Alert
from schemas.clients import Client, Stance
from schemas.mentions import FAMILY_OF, Direction, EventKind
from schemas.readings import EventFamily, Firmness, Outlook, Role
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.playbook_rules import ANY, Rule, RuleKind, RuleQuery, Stage
from services.notifier.drafting.portfolio_effect import move_shown
from services.notifier.drafting.stage import event_text, stage_of

__all__ = [
    "Contradiction",
    "Presuppositions",
    "contradiction",
    "doubts",
    "fitting_phrasings",
    "is_company",
    "is_premature",
    "presuppositions",
    "query_for",
    "speaks_of_company",
]

#: Below this confidence in the kind, an event whose words name no exact kind is of no known kind.
SURE_OF_KIND = 0.6
#: The same for kinds that may do harm at once: a check too many costs less than one too few.
SURE_OF_HARM = 0.5
ROLES: tuple[Role, ...] = get_args(Role)
STATUSES: tuple[Firmness, ...] = get_args(Firmness)
#: A subject, a rule or an authority: the client is no party to what it does.
_SUBJECTS: frozenset[Stance] = frozenset(("follows", "regulated_by"))
#: What is good for the name is bad for the client who competes with it.
_FOR_A_RIVAL: dict[Outlook, Direction] = {
    "good": "negative",
    "bad": "positive",
    "mixed": "unclear",
    "unclear": "unclear",
}
#: Directions that the words of a headline on a share move contradict.
_WRONG_WAY = (("positive", "fall"), ("negative", "rise"))
#: Kinds that are never good news for whoever has to do with the name: a repair is offered because something is wrong.
_NEVER_GOOD: frozenset[EventKind] = frozenset(("recall", "data_breach", "vulnerability", "fine"))
#: Broad kinds that may do harm at once.
_HARMFUL: frozenset[RuleKind] = frozenset(("recall", "breach", "vulnerability", "outage", "insolvency"))
#: Kinds that words alone decide, whatever the reading makes of them.
_BY_WORDS: frozenset[EventKind] = frozenset(("averted",))
#: Broad kinds whose news is good for one side and bad for the other.
_TWO_SIDED: frozenset[RuleKind] = frozenset(("deal", "legal", "contract"))
_NO_EVENT: frozenset[RuleKind] = frozenset(kind for kind, family in FAMILY_OF.items() if family == "none")
_ROLE_WORDS: dict[Role, str] = {
    "actor": "acts in the event",
    "object": "is what the event happens to",
    "party": "is one of several parties",
    "affected": "is only touched by the event",
    "speaker": "only comments on the event",
    "mention": "is only mentioned",
    "homonym": "is another thing of the same name",
}


@dataclass(frozen=True, slots=True)
class Presuppositions:
    """Conditions on an event under which a kind of advice makes sense. An empty tuple excludes nothing."""

    roles: tuple[Role, ...]
    directions: tuple[Direction, ...]
    statuses: tuple[Firmness, ...]
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A presupposition of a rule that the reading contradicts."""

    field: Literal["kind", "role", "direction", "status", "stage", "size", "asset"]
    text: str


@cache
def is_company(name: str) -> bool:
    """Return whether a holding of this name may be a company: it is no coin, commodity, fund, bond or index."""
    return not _has_word(name, read_yaml("presuppositions.yaml")["not_companies"])


@cache
def speaks_of_company(text: str) -> bool:
    """Return whether ``text`` makes sense only of a company."""
    return _has_word(text, read_yaml("presuppositions.yaml")["company_words"])


def fitting_phrasings(rule: Rule, query: RuleQuery) -> tuple[tuple[str, str], ...]:
    """Return the pairs of action and reason of ``rule`` that make sense of what the client has."""
    if query.stance != "holds" or is_company(query.asset):
        return rule.phrasings
    return tuple(phrasing for phrasing in rule.phrasings if not speaks_of_company(" ".join(phrasing)))


@cache
def presuppositions(kind: RuleKind, stance: Stance) -> Presuppositions:
    """Return what advice on events of ``kind`` presupposes where the client has ``stance``."""
    raw: dict[str, Any] = read_yaml("presuppositions.yaml")
    roles = raw["roles"]
    if kind == ANY:
        found = roles["subject"] if stance in _SUBJECTS else roles["any"]
    elif stance in _SUBJECTS:
        found = roles["subject"]
    else:
        found = roles["kinds"].get(kind, roles["default"])
    directions = raw["directions"].get(kind, ()) if stance == "holds" else ()
    stages = () if stance in _SUBJECTS else raw["stages"].get(kind, ())
    return Presuppositions(tuple(found), tuple(directions), tuple(raw["statuses"]), tuple(stages))


@cache
def is_premature(kind: EventKind) -> bool:
    """Return whether an event of ``kind`` calls for no step, but for preparation, while it is only planned."""
    return kind in read_yaml("presuppositions.yaml")["not_before"]


def query_for(alert: Alert, client: Client, asset: str, manager: str | None) -> RuleQuery:
    """Return the case of ``alert`` for ``client``, who knows the name as ``asset``, with what its reading says.

    The kind is a guess where the alert passes it on as plain information, where the reading is unsure and no words
    name an exact kind, and where the story and the item that led to the alert are of different broad kinds. The
    direction is the client's: for a competitor, the opposite of what it is for the name.
    """
    reading = alert.reading
    unsure = alert.verdict == "information"
    direction = alert.direction
    role: Role | None = None
    status: Firmness | None = None
    family: EventFamily | None = None
    if reading is not None:
        role, status = reading.role, reading.status
        exact = alert.kind not in FAMILY_OF.values()
        needed = SURE_OF_HARM if FAMILY_OF[alert.kind] in _HARMFUL else SURE_OF_KIND
        if reading.confidence.kind >= needed:
            by_words = alert.kind in _BY_WORDS and direction != "unclear"
            family = None if by_words else reading.kind
        elif not exact or role in ("affected", "speaker"):
            unsure = True
        if alert.stance == "competes":
            direction = _FOR_A_RIVAL[reading.direction]
        elif alert.stance == "holds" and _opposed(direction, reading.direction):
            direction = "unclear"
    if alert.kind in _NEVER_GOOD and direction == "positive" and alert.stance != "competes":
        direction = "unclear"
    if FAMILY_OF[alert.kind] == "share_move" and (direction, move_shown(alert.headline)) in _WRONG_WAY:
        direction = "unclear"
    return RuleQuery(
        kind=alert.kind,
        stance=alert.stance,
        trade=client.trade,
        direction=direction,
        risk=client.risk,
        size=alert.size,
        urgency=alert.urgency,
        manager=manager,
        role=role,
        status=status,
        family=family,
        unsure=unsure,
        asset=asset,
        stage=stage_of(alert),
        text=event_text(alert),
    )


def contradiction(rule: Rule, kind: RuleKind, query: RuleQuery) -> Contradiction | None:
    """Return what ``query`` contradicts of what ``rule`` presupposes as a rule for ``kind``, or None if nothing."""
    needed = presuppositions(kind, query.stance)
    if kind != ANY:
        if query.unsure and not rule.skips:
            return Contradiction("kind", "what exactly happened is not sure")
        if query.family is not None and query.family != FAMILY_OF[query.kind]:
            return Contradiction("kind", f"the news is about {_words(query.family)} and not {_words(query.kind)}")
    # What is not told presupposes no more than its rule says.
    roles = rule.roles or (ROLES if rule.skips else needed.roles)
    if query.role is None and rule.roles:
        return Contradiction("role", "the part of the name is not known")
    if query.role is not None and query.role not in roles:
        return Contradiction("role", f"the name {_ROLE_WORDS[query.role]}")
    if needed.directions and query.direction not in needed.directions:
        return Contradiction("direction", f"the news is {query.direction} for a holder")
    statuses = rule.statuses or (STATUSES if rule.skips else needed.statuses)
    if query.status is None and rule.statuses:
        return Contradiction("status", "how firm the event stands is not known")
    if query.status is not None and query.status not in statuses:
        return Contradiction("status", f"the event is no fact or plan but “{query.status}”")
    stages = rule.stages or needed.stages
    if query.stage is None and rule.stages:
        return Contradiction("stage", "how far the event has come is not known")
    if query.stage is not None and stages and query.stage not in stages:
        return Contradiction("stage", f"the event is {_words(query.stage)}")
    if query.size == "minor" and not (rule.sizes or rule.waits or rule.silent):
        return Contradiction("size", "the event is too small for it")
    texts = f"{rule.meaning or ''} {rule.question or ''}"
    no_company = query.stance == "holds" and not is_company(query.asset) and not rule.silent
    if no_company and (speaks_of_company(texts) or not fitting_phrasings(rule, query)):
        return Contradiction("asset", f"{query.asset} is no company")
    return None


def doubts(rule: Rule) -> Iterator[tuple[str, str, str]]:
    """Yield what ``rule`` presupposes in contradiction to its kinds, or leaves open: field, cause and fix."""
    cases = [(kind, presuppositions(kind, stance)) for kind, stance in product(rule.kinds, rule.stances)]
    for kind, needed in cases:
        if kind != ANY and (odd := [role for role in rule.roles if role not in needed.roles]):
            cause = f"advice on “{_words(kind)}” presupposes that the name is {_listed(needed.roles)}, not {odd[0]}"
            yield "when.role", cause, f"Remove {odd[0]}, or write the rule for a kind where the name has that part."
        if kind in _NO_EVENT and not rule.silent:
            yield "when.kind", f"“{_words(kind)}” means that nothing has happened", "Set silent: true."
    never = [needed.directions for _, needed in cases if set(needed.directions).isdisjoint(rule.directions)]
    if rule.directions and len(never) == len(cases) and all(never):
        cause = f"“{_words(rule.kinds[0])}” is never {_listed(rule.directions)} for a holder, so the rule never serves"
        yield "when.direction", cause, f"Use {_listed(never[0])}, or another kind."
    open_ended = not (rule.directions or rule.silent)
    if ANY in rule.kinds and open_ended:
        cause = "the rule is for any event, good or bad"
        yield "when.direction", cause, "Add the direction that the advice presupposes."
    two_sided = [kind for kind in rule.kinds if kind in _TWO_SIDED]
    if two_sided and "holds" in rule.stances and open_ended and not (rule.roles or rule.waits):
        cause = f"“{_words(two_sided[0])}” may be good or bad for a holder, who may be on either side of it"
        yield "when.direction", cause, "Add a direction or a role, or advise what is right in each case."


def _listed(values: Iterable[str]) -> str:
    return " or ".join(values)


def _opposed(direction: Direction, outlook: Outlook) -> bool:
    return (direction, outlook) in (("positive", "bad"), ("negative", "good"))


def _has_word(text: str, words: list[str]) -> bool:
    return not set(re.findall(r"[\w&]+", text.casefold())).isdisjoint(words)


def _words(kind: str) -> str:
    return kind.replace("_", " ")
