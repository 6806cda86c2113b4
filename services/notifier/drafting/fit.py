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
from schemas.readings import EventFamily, Firmness, Outlook, Reading, Role
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.far_countries import hosts_of, is_of_far_country
from services.notifier.drafting.named_part import gives_up_deal, is_claimant, is_in_its_favor, is_refused, part_shown
from services.notifier.drafting.named_product import is_of_another_product
from services.notifier.drafting.other_lines import is_of_another_line
from services.notifier.drafting.people import is_person
from services.notifier.drafting.playbook_rules import ANY, Rule, RuleKind, RuleQuery, Stage, names_any
from services.notifier.drafting.portfolio_effect import move_shown
from services.notifier.drafting.shown_event import shows_event
from services.notifier.drafting.stage import event_text, goes_on, stage_of

__all__ = [
    "HARMFUL",
    "SUBJECTS",
    "Contradiction",
    "Presuppositions",
    "contradiction",
    "doubts",
    "fitting_phrasings",
    "has_begun",
    "is_beyond_books",
    "is_company",
    "is_decision_on_one",
    "is_of_companies",
    "is_politics_beyond_books",
    "is_premature",
    "presuppositions",
    "query_for",
    "speaks_of_company",
]

#: Below this confidence in the kind, an event whose words name no exact kind is of no known kind.
SURE_OF_KIND = 0.6
#: The same for kinds that may do harm at once: a check too many costs less than one too few.
SURE_OF_HARM = 0.5
#: Below this confidence in the name's part, advice on the kind of event presupposes too much.
SURE_OF_ROLE = 0.35
#: Below this confidence in the direction, an event that is not large has none.
SURE_OF_DIRECTION = 0.45
ROLES: tuple[Role, ...] = get_args(Role)
STATUSES: tuple[Firmness, ...] = get_args(Firmness)
#: A subject, a rule or an authority: the client is no party to what it does.
SUBJECTS: frozenset[Stance] = frozenset(("follows", "regulated_by"))
#: Harm to the name may reach the client's own work.
_IN_REACH: frozenset[Stance] = frozenset(("uses", "supplied_by", "operates_in", "contracts_with"))
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
HARMFUL: frozenset[RuleKind] = frozenset(("recall", "breach", "vulnerability", "outage", "insolvency"))
#: Below this confidence, another kind is likelier than the one that was read.
LIKELIER_ANOTHER = 0.5
#: Kinds that words alone decide, whatever the reading makes of them.
_BY_WORDS: frozenset[EventKind] = frozenset(("averted",))
#: A matter of law is not over because somebody asks for it, and what ends it may cost money: these avert nothing.
_NOT_AVERTED = re.compile(
    r"\b(?:settl\w+|pays?|paid|moves?|moved|seeks?|sought|asks?|asked|urges?|wants?|tries|bids?|hopes?)\b"
)
#: A fine that may come is no fine.
_ONLY_THREATENED = re.compile(
    r"\b(?:could|may|might|if|would|risks?|faces?|facing|to face|threat\w+|avoid\w*|warn\w*)\b"
)
#: A freeze of hiring, without jobs that go.
_HIRING = re.compile(
    r"^(?!.*\b(?:layoffs?|lays? off|job cuts?|cuts? jobs|fires)\b).*\b(?:hiring|recruit\w+|new hires)\b"
)
#: What a name does that fares better than the market.
_GROWS = r"(?:\w+ )?(?:grew|grows|increased|increases|boosts|boosted|raises|raised|beats|tops|expands|expanded)\b"
#: As what the news of a purchase that is given up is read.
_WHAT_IS_GIVEN_UP: frozenset[EventFamily] = frozenset(("deal", "insolvency", "capital", "cutback", "other"))
#: Broad kinds that reach as far as the country they are of.
_OF_A_COUNTRY: frozenset[EventFamily] = frozenset(("macro", "regulation"))
#: Broad kinds whose news is good for one side and bad for the other.
_TWO_SIDED: frozenset[RuleKind] = frozenset(("deal", "legal", "contract"))
#: Broad kinds of events that an authority, too, has within its own walls.
_WITHIN: frozenset[EventFamily] = frozenset(("breach", "outage", "cutback", "labour", "leadership"))
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
def _is_commodity(name: str) -> bool:
    return _has_word(name, read_yaml("presuppositions.yaml")["commodities"])


@cache
def is_of_companies(kind: EventKind) -> bool:
    """Return whether only a company can take part in events of ``kind``: no coin is taken over."""
    return FAMILY_OF[kind] in read_yaml("presuppositions.yaml")["company_kinds"]


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
        found = roles["subject"] if stance in SUBJECTS else roles["any"]
    elif stance in SUBJECTS:
        found = roles["subject"]
    else:
        of_stance = {"competes": roles["rivals"], "holds": roles["owners"]}.get(stance, {})
        found = of_stance.get(kind) or roles["kinds"].get(kind, roles["default"])
    directions = raw["directions"].get(kind, ()) if stance == "holds" else ()
    stages = () if stance in SUBJECTS else raw["stages"].get(kind, ())
    return Presuppositions(tuple(found), tuple(directions), tuple(raw["statuses"]), tuple(stages))


@cache
def is_premature(kind: EventKind) -> bool:
    """Return whether an event of ``kind`` calls for no step, but for preparation, while it is only planned."""
    return kind in read_yaml("presuppositions.yaml")["not_before"]


def has_begun(alert: Alert) -> bool:
    """Return whether the headline says that the event of ``alert`` has happened, although what it tells is a plan."""
    words = read_yaml("presuppositions.yaml")["has_begun"].get(FAMILY_OF[alert.kind], ())
    return names_any(alert.headline.casefold(), tuple(words))


def query_for(alert: Alert, client: Client, asset: str, manager: str | None) -> RuleQuery:
    """Return the case of ``alert`` for ``client``, who knows the name as ``asset``, with what its reading says.

    The kind is a guess where the alert passes it on as plain information, where the reading is unsure and no words
    name an exact kind, where the news has no word that tells of such an event, where the story and the item that
    led to the alert are of different broad kinds, and where figures on another country's economy would be told as the
    client's own, or where the name's part is unsure. The direction is the client's: for a
    competitor, the opposite of what it is for the name.
    """
    reading = alert.reading
    if reading is not None and _is_still_open(alert, reading):
        alert = alert.model_copy(update={"kind": reading.kind, "direction": "unclear"})
    stage = stage_of(alert)
    if alert.stance not in SUBJECTS and FAMILY_OF[alert.kind] in _WHAT_IS_GIVEN_UP and gives_up_deal(alert):
        alert, stage = _as_given_up(alert), "called_off"
        reading = alert.reading
    if alert.kind == "fine" and (_ONLY_THREATENED.search(alert.headline.casefold()) or not _is_told_by_headline(alert)):
        alert, stage = alert.model_copy(update={"kind": "regulation"}), "announced"
    if alert.kind in ("earnings_miss", "guidance_cut") and _grows(alert):
        alert = alert.model_copy(update={"kind": FAMILY_OF[alert.kind], "direction": "unclear"})
    unsure = alert.verdict == "information" or not _is_shown(alert)
    direction = alert.direction
    role: Role | None = None
    status: Firmness | None = None
    family: EventFamily | None = None
    if reading is not None:
        role, status = "affected" if _is_another_party(alert, reading.role) else reading.role, reading.status
        exact = alert.kind not in FAMILY_OF.values()
        needed = SURE_OF_HARM if FAMILY_OF[alert.kind] in HARMFUL else SURE_OF_KIND
        if reading.confidence.kind >= needed:
            by_words = alert.kind in _BY_WORDS and direction != "unclear"
            family = None if by_words else reading.kind
        else:
            is_guess = reading.confidence.kind < LIKELIER_ANOTHER and FAMILY_OF[alert.kind] not in HARMFUL
            unsure = unsure or is_guess or not exact or role in ("affected", "speaker")
            if is_guess and alert.size != "major":
                direction = "unclear"  # nothing is known of the event but that it is in the news
        unsure = unsure or reading.confidence.role < SURE_OF_ROLE
        doubtful = FAMILY_OF[alert.kind] != "macro" and FAMILY_OF[alert.kind] not in HARMFUL and alert.size != "major"
        if doubtful and reading.confidence.direction < SURE_OF_DIRECTION:
            direction = "unclear"
        if alert.stance == "competes":
            direction = _FOR_A_RIVAL[reading.direction]
        elif _opposed(direction, reading.direction):
            direction = "unclear"
    if FAMILY_OF[alert.kind] in ("earnings", "guidance"):
        raw, headline = read_yaml("presuppositions.yaml"), alert.headline.casefold()
        against = {"negative": "figures_good", "positive": "figures_bad"}.get(direction)
        if against is not None and alert.stance != "competes" and names_any(headline, tuple(raw[against])):
            direction = "unclear"
    if alert.kind in _NEVER_GOOD and direction == "positive" and alert.stance != "competes":
        direction = "unclear"
    if direction == "positive" and alert.stance != "competes" and (_tells_of_harm(alert) or _gives_up(alert)):
        direction = "unclear"
    if (
        alert.stance == "follows"
        and FAMILY_OF[alert.kind] in _OF_A_COUNTRY
        and is_of_far_country(alert.headline, client, hosts_of(alert))
    ):
        unsure = True  # another country's figures, or its rules
        if FAMILY_OF[alert.kind] != "macro":
            direction = "unclear"
    if alert.stance == "holds" and FAMILY_OF[alert.kind] in _OF_A_COUNTRY and _is_commodity(asset):
        direction = "unclear"  # a duty or a ban on gold makes it dearer in one place and cheaper in another
    if direction == "negative" and _is_relieved(alert):
        direction = "unclear"
        # What would follow from the measure does not.
        unsure = unsure or alert.stance not in ("holds", "competes")
    elif alert.stance == "follows" and _is_relieved(alert):
        unsure = True
    if (
        direction == "negative"
        and alert.stance != "competes"
        and (_is_unharmed(alert) or is_claimant(alert) or _is_permitted(alert))
    ):
        direction = "unclear"
        unsure = unsure or FAMILY_OF[alert.kind] in HARMFUL
    if direction in ("positive", "unclear") and alert.stance not in ("competes", *SUBJECTS) and is_refused(alert):
        direction = "negative"
    if FAMILY_OF[alert.kind] == "share_move" and (direction, move_shown(alert.headline)) in _WRONG_WAY:
        direction = "unclear"
    if alert.stance in SUBJECTS and is_beyond_books(alert, client):
        unsure, direction = True, "unclear"
    if direction == "neutral" and goes_on(alert):
        direction = "negative"  # its end was read from a sentence that denies it: "it's not fixed yet"
    if not _is_told_by_headline(alert):
        unsure = True  # a price that only the text mentions is not the news
    size = alert.size
    if _hires_fewer(alert):
        size = "moderate" if size == "major" else size
        unsure = unsure or alert.stance in _IN_REACH  # who hires nobody still delivers
    if FAMILY_OF[alert.kind] == "deal" and (_is_order(alert.headline) or _sells(alert)):
        unsure = True  # who buys forty jets does not buy their maker
    if alert.stance in SUBJECTS and is_person(asset):
        unsure, direction = True, "unclear"  # what is good or bad for a person is neither for a field
    if is_of_another_line(alert, client) or is_of_another_product(alert, client):
        role = "mention"
    if (part := part_shown(alert)) is not None:
        unsure = True
        role = {"owner": role, "rival": "affected", "other": "homonym"}.get(part, "mention")
        if part == "rival" and alert.stance != "competes":
            # What another launches against it is bad for its owners; its customers need do nothing.
            direction = "negative" if alert.stance == "holds" else "unclear"
    return RuleQuery(
        kind=alert.kind,
        stance=alert.stance,
        trade=client.trade,
        direction=direction,
        risk=client.risk,
        size=size,
        urgency=alert.urgency,
        manager=manager,
        role=role,
        status=status,
        family=family,
        unsure=unsure,
        asset=asset,
        stage=stage,
        text=event_text(alert, titles_only=FAMILY_OF[alert.kind] == "politics" or _names_subject(alert)),
    )


def contradiction(rule: Rule, kind: RuleKind, query: RuleQuery) -> Contradiction | None:
    """Return what ``query`` contradicts of what ``rule`` presupposes as a rule for ``kind``, or None if nothing."""
    needed = presuppositions(kind, query.stance)
    if kind == ANY and query.stance == "regulated_by" and query.size != "major" and _is_its_own_affair(query):
        return Contradiction("kind", "what happens within an authority changes no duty of others")
    if kind == ANY and rule.waits and rule.directions == ("neutral", "unclear") and _may_reach(query):
        return Contradiction("kind", "what may do harm is not left as it is while its direction is unclear")
    if kind != ANY:
        if query.unsure and not rule.skips:
            return Contradiction("kind", "what exactly happened is not sure")
        # A rule that leaves out either kind needs not know which of the two it is.
        either = rule.skips and query.family in _families(rule)
        if query.family is not None and query.family != FAMILY_OF[query.kind] and not either:
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
    of_companies = kind != ANY and is_of_companies(query.kind)
    if no_company and (of_companies or speaks_of_company(texts) or not fitting_phrasings(rule, query)):
        return Contradiction("asset", f"{query.asset} is no company")
    return None


def _families(rule: Rule) -> frozenset[str]:
    """Return the broad kinds of what ``rule`` lists."""
    families = {str(kind): str(family) for kind, family in FAMILY_OF.items()}
    return frozenset(families.get(kind, kind) for kind in rule.kinds)


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


def _as_given_up(alert: Alert) -> Alert:
    """Return ``alert`` as one on a purchase that the name gives up, whatever befalls what it was to buy."""
    reading = alert.reading
    if reading is not None:
        sure = reading.confidence.model_copy(update={"kind": 1.0, "role": 1.0})
        changed = {"kind": "deal", "role": "actor", "direction": "unclear", "confidence": sure}
        reading = reading.model_copy(update=changed)
    return alert.model_copy(update={"kind": "acquisition", "direction": "unclear", "reading": reading})


def _is_relieved(alert: Alert) -> bool:
    """Return whether the headline says that a measure or a matter is put off, dropped or softened."""
    raw = read_yaml("presuppositions.yaml")
    softened = names_any(alert.headline.casefold(), tuple(raw["relief"])) or is_in_its_favor(alert)
    return FAMILY_OF[alert.kind] in raw["relief_kinds"] and softened


def _may_reach(query: RuleQuery) -> bool:
    """Return whether the event is of a kind whose harm may reach the client's own work."""
    family = FAMILY_OF[query.kind]
    return (query.stance in _IN_REACH and family in HARMFUL) or (query.stance == "holds" and family == "insolvency")


def _is_shown(alert: Alert) -> bool:
    """Return whether the news has a word that tells of its kind of event; of figures, the headline itself."""
    of_figures = FAMILY_OF[alert.kind] in ("earnings", "guidance")
    return shows_event(alert.headline if of_figures else event_text(alert), FAMILY_OF[alert.kind])


def _names_subject(alert: Alert) -> bool:
    """Return whether the headline names the subject that the client follows; its text may recall another."""
    leading = alert.evidence[:1]
    return alert.stance == "follows" and any(span.field == "title" for item in leading for span in item.spans)


def is_beyond_books(alert: Alert, client: Client) -> bool:
    """Return whether ``alert`` is on a rule or a ruling that does not reach the books of an accountant's client."""
    if client.trade != "accounting" or FAMILY_OF[alert.kind] not in ("regulation", "legal"):
        return False
    titles = " ; ".join((alert.headline, *(item.title for item in alert.evidence))).casefold()
    return not names_any(titles, tuple(read_yaml("presuppositions.yaml")["books"]))


def is_politics_beyond_books(alert: Alert, client: Client) -> bool:
    """Return whether ``alert`` is on politics that reach neither the books of an accountant's client nor their work."""
    raw = read_yaml("presuppositions.yaml")
    titles = " ; ".join((alert.headline, *(item.title for item in alert.evidence))).casefold()
    of_place = client.trade == "accounting" and alert.stance == "operates_in" and FAMILY_OF[alert.kind] == "politics"
    texts = " ; ".join(item.quote for item in alert.evidence).casefold()
    reaches = names_any(titles, (*raw["books"], *raw["upheaval"])) or names_any(texts, tuple(raw["barriers"]))
    return of_place and not reaches


def is_decision_on_one(alert: Alert, client: Client) -> bool:
    """Return whether an authority only decides on what another applied for: no duty of the client's changes.

    For patients it is the news: what is approved may treat them.
    """
    raw, headline = read_yaml("presuppositions.yaml"), alert.headline.casefold()
    of_duties = alert.stance == "regulated_by" and client.trade in ("legal", "it", "accounting", "insurance", "agency")
    of_one = names_any(headline, tuple(raw["of_one"])) and not names_any(headline, tuple(raw["for_all"]))
    return of_duties and FAMILY_OF[alert.kind] == "regulation" and of_one


def _is_told_by_headline(alert: Alert) -> bool:
    """Return whether the headline has a word of its event, where the kind needs one, and reaches customers."""
    raw, headline = read_yaml("presuppositions.yaml"), alert.headline.casefold()
    listed = [raw["headline_words"].get(alert.kind)]
    if alert.stance in _IN_REACH:
        listed.append(raw["customers_notice"].get(alert.kind))
    return all(words is None or names_any(headline, tuple(words)) for words in listed)


def _grows(alert: Alert) -> bool:
    """Return whether the headline says that the name grows, although something else in it falls."""
    names = {alert.entity_name, *(span.text for item in alert.evidence for span in item.spans)}
    found = "|".join(re.escape(name.strip().casefold()) for name in names if name.strip())
    return re.search(rf"\b(?:{found})(?:['’]s)? {_GROWS}", alert.headline.casefold()) is not None


def _hires_fewer(alert: Alert) -> bool:
    """Return whether a cutback is only one of hiring."""
    return FAMILY_OF[alert.kind] == "cutback" and _HIRING.search(alert.headline.casefold()) is not None


def _is_still_open(alert: Alert, reading: Reading) -> bool:
    """Return whether a legal matter taken for averted is settled at a price, only hoped to end, or about deals."""
    if alert.kind != "averted" or reading.kind not in ("legal", "regulation"):
        return False
    # A suit that is dismissed ends no deal: what "over the takeover" follows is the suit.
    return alert.direction == "negative" or _NOT_AVERTED.search(alert.headline.casefold()) is not None


def _is_unharmed(alert: Alert) -> bool:
    """Return whether the headline says that the name was spared: no trace of an attack was found."""
    raw = read_yaml("presuppositions.yaml")
    return FAMILY_OF[alert.kind] in HARMFUL and names_any(alert.headline.casefold(), tuple(raw["unharmed"]))


def _is_permitted(alert: Alert) -> bool:
    """Return whether a headline says that the name may do something. A rule that is approved binds its subjects."""
    raw = read_yaml("presuppositions.yaml")
    of_law = FAMILY_OF[alert.kind] in raw["relief_kinds"] and alert.stance not in (*SUBJECTS, "operates_in")
    permitted, against = tuple(raw["permitted"]), tuple(raw["proceeds"])
    titles = dict.fromkeys(text.casefold() for text in (alert.headline, *(item.title for item in alert.evidence)))
    return of_law and any(names_any(title, permitted) and not names_any(title, against) for title in titles)


def _sells(alert: Alert) -> bool:
    """Return whether the name is read as the buyer, and the headline says that it sells."""
    sold = tuple(read_yaml("presuppositions.yaml")["sold"])
    return alert.kind == "acquisition" and names_any(alert.headline.casefold(), sold)


def _is_order(headline: str) -> bool:
    """Return whether ``headline`` tells of goods that somebody orders, by their number."""
    goods = "|".join(read_yaml("presuppositions.yaml")["goods"])
    return re.search(rf"\b\d[\d,.]*(?: [\w-]+){{0,3}} (?:{goods})\b", headline.casefold()) is not None


def _is_its_own_affair(query: RuleQuery) -> bool:
    return FAMILY_OF[query.kind] in _WITHIN and query.role in ("actor", "object")


def _tells_of_harm(alert: Alert) -> bool:
    """Return whether the headline says that people came to harm, or may have, or that a study showed nothing good."""
    raw, headline = read_yaml("presuppositions.yaml"), alert.headline.casefold().replace("’", "'")
    family = FAMILY_OF[alert.kind]
    if family == "trial" and names_any(headline, tuple(raw["failed_trial"])):
        return True
    return family in raw["harm_kinds"] and names_any(headline, tuple(raw["harm"]))


def _gives_up(alert: Alert) -> bool:
    """Return whether the headline says that somebody leaves a market to others."""
    return names_any(alert.headline.casefold(), tuple(read_yaml("presuppositions.yaml")["gives_up"]))


def _is_another_party(alert: Alert, role: Role) -> bool:
    """Return whether the event is another's by the words of the headline, although the name is read as part of it.

    The name is then exposed to another's insolvency, or the place where somebody did what they are charged with.
    """
    raw, headline = read_yaml("presuppositions.yaml"), alert.headline.casefold()
    if role not in (("actor", "object", "party") if FAMILY_OF[alert.kind] == "insolvency" else ("object", "party")):
        return False
    if FAMILY_OF[alert.kind] == "insolvency":
        return names_any(headline, tuple(raw["others_insolvency"]))
    if FAMILY_OF[alert.kind] != "legal":
        return False
    name = re.escape(alert.entity_name.casefold())
    before, found, _ = headline.partition(alert.entity_name.casefold())
    charged = re.search(rf"\b(?:{raw['charged']})\b", before)
    return bool(found and charged) and re.search(rf"\b(?:on|via|through|using) {name}\b", headline) is not None


def _opposed(direction: Direction, outlook: Outlook) -> bool:
    return (direction, outlook) in (("positive", "bad"), ("negative", "good"))


def _has_word(text: str, words: list[str]) -> bool:
    return not set(re.findall(r"[\w&]+", text.casefold())).isdisjoint(words)


def _words(kind: str) -> str:
    return kind.replace("_", " ")
