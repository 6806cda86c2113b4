"""The part that a name plays in an event, where the words of the headline show that it is no party to it. Pure."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from schemas.alerts import Alert
from schemas.clients import Client
from schemas.mentions import FAMILY_OF
from schemas.readings import EventFamily
from services.notifier.drafting.casing import is_given_name, is_title_case
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.dictionary import is_ordinary
from services.notifier.drafting.playbook_rules import names_any
from services.notifier.drafting.verbs import is_certain_verb

__all__ = ["NamedPart", "buys_another", "gives_up_deal", "is_claimant", "is_in_its_favor", "is_refused", "part_shown"]

#: ``tool``: others do something by means of it. ``example``: it only stands for many. ``owner``: a unit of it acts.
#: ``rival``: another acts, against it. ``finder``: it finds what is wrong with another's.
#: ``person``: one person who works there or buys from it. ``other``: somebody else is meant.
NamedPart = Literal["tool", "example", "owner", "rival", "finder", "person", "other"]
#: Harm that is done by means of a thing is not done to it.
_HARM: frozenset[EventFamily] = frozenset(("breach", "vulnerability"))
_TOOL = (
    r"\b(?:using|uses?|abus(?:e|es|ed|ing)|via|through|misus(?:e|es|ed|ing)|impersonat\w+|posing as|spoof\w*) "
    r"(?:an? |the )?{name}\b(?![’'])"
)
_EXAMPLE = (
    r"\b(?:firms|companies|banks|lenders|stocks|shares|brands|platforms|apps|coins|tokens|those) "
    r"(?:like|such as|including) (?:[\w&’'.-]+,? (?:and )?){{0,3}}{name}\b|^(?:like|unlike) {name}\b"
)
#: What a headline says was done to a person.
_MET = frozenset(("accused", "arrested", "charged", "convicted", "fired", "killed", "jailed", "sentenced", "sued"))
#: The deal or the money is that of the unit.
_OWNER = (
    r"\b{name}(?: (?-i:[A-Z])\w+)?(?:[’']s?)? (?:(?!\w+s\b|failure\b|collapse\b)[\w&.-]+ ){{0,3}}"
    r"(?:assets|company|unit|arm|subsidiary|business|division|startup|start-up|spin-?off|spinoff)\b"
)
#: It finds what is wrong with another's.
_FINDER = (
    r"\b{name}(?:[’']s?)? (?:[\w-]+ ){{0,2}}(?:discover(?:s|ed)?|finds?|found|uncover(?:s|ed)?|spots?|spotted|"
    r"unmask(?:s|ed)?|catches|caught|exposes|disrupts|attributes|links|warns of|details|discloses)\b"
    r"(?! (?:no|its|own|flaw in its)\b)(?!.*\b(?:its own|in its)\b)"
)
#: For its owners, its rivals and those who buy from it, the flaw is another's. Who uses it may have what it found.
_NOT_CONCERNED = frozenset(("holds", "supplied_by", "contracts_with", "competes"))
#: One who uses it or works there, as the subject: what happened to them did not happen to it.
_PERSON = (
    r"^(?:an? |one |the )?(?:(?:former|ex|fired|longtime)[ -])?{name}(?:[’']s)? "
    r"(?:user|customer|employee|worker|engineer|developer|driver|fan|reader|streamer|shopper|passenger|patient|owner)"
    r"(?: (?-i:[A-Z])[\w’'.-]+){{0,3}}(?:, [^,]{{3,40}},)? (?P<verb>[\w’'-]+)"
)
_OF_UNITS: frozenset[EventFamily] = frozenset(("capital", "deal", "earnings", "guidance", "share_move", "insolvency"))
#: What another launches, builds or buys to compete with it.
_RIVAL = (
    r"\b(?:to|will|would|could|may|can|aims? to|wants? to|looks? to|set to) (?:challenge|rival|take on|compete with|"
    r"beat|overtake|outdo|unseat|dethrone|replace) (?:\w+ (?:and|or) )?{name}\b(?![’']s? (?:bid|offer))"
    r"|\b(?:challenging|rivall?ing|taking on|competing with|(?:rival|competitor|alternative|answer|challenge[rs]?|"
    r"threat|response) (?:to|for)) (?:\w+ (?:and|or) )?{name}\b|\btakes on {name}\b"
)
_OF_RIVALS: frozenset[EventFamily] = frozenset(("product", "contract", "expansion", "deal", "capital"))
_OWNS_UNIT = _OWNER.replace("assets|company|", "")
#: It goes to court or complains itself, so what it asks for is not asked of it.
_CLAIMANT = (
    r"^(?:[\w’'-]+ ){{0,3}}?{name}(?:,? (?:and|&) [A-Z][\w’'-]+)? (?:\w+ )?(?:sues|accuses|appeals|"
    r"sued(?= (?!over|by|for|in|after|as|on|again|at|to))|countersues|"
    r"files? (?:\w+ ){{0,3}}(?:lawsuit|suit|complaint|appeal|claim|petition|motion)|"
    r"asks? (?:\w+ ){{0,2}}(?:court|judge|regulators?)|takes? .{{2,40}} to court|"
    r"seeks? (?:\w+ ){{0,2}}(?:damages|injunction|dismissal)|moves to dismiss|to sue|is suing|suing)\b"
)
#: A court or an authority stops what was directed against the name.
_STOPPED = (
    r"\b(?:blocks|blocked|halts|halted|stops|stopped|bars|barred|enjoins|enjoined|rejects|rejected|denies|denied|pauses|"
    r"paused|strikes down|struck down|ends|ended)\b(?: [\w’'&-]+){{0,6}} (?:actions?|enforcement|bans?|suits?|"
    r"lawsuits?|cases?|claims?|charges?|orders?|probes?|fines?|investigations?|crackdown)(?: [\w’'&-]+){{0,3}}? "
    r"(?:against|on|of|into) "
    r"(?:the )?{name}\b"
)
#: A court or an authority does not give the name what it asked for, or lets stand what is decided against it.
_REFUSED = (
    r"\b(?:rejects?|rejected|denies|denied|refuses?|refused|declines?|declined|dismisses|dismissed|turns? down|"
    r"turned down|throws? out|threw out|toss(?:es|ed)|spurns?|spurned) "
    r"(?:[\w’'-]+ ){{0,3}}?{name}[’']?s? (?:[\w-]+ ){{0,4}}"
    r"(?:requests?|appeals?|bids?|applications?|motions?|pleas?|petitions?|attempts?|efforts?|challenges?|suits?|"
    r"lawsuits?|counterclaims?)\b"
    r"|\b(?:refuses?|refused|declines?|declined) to (?:pause|block|halt|stay|stop|overturn|lift|throw out|dismiss|toss|"
    r"suspend|delay|reverse|reconsider) (?:[\w’'-]+ ){{0,3}}(?:orders?|rulings?|injunctions?|verdicts?|fines?|bans?|"
    r"penalt(?:y|ies)|lawsuits?|suits?|cases?)(?: [\w’'-]+){{0,4}}? (?:holding|against|on|of) (?:the )?{name}\b"
)
#: A name with the word before it, and with "'s" where that belongs to it: "Calvin McDonald" is not McDonald's.
_AFTER_WORD = r"(?:(?P<before>[\w’'.-]+) |^|(?<=[^\w\s]))(?<!\w){name}(?!\w)"
#: A deal in which the name is the buyer, with what it buys.
_BUYER = (
    r"\b{name}[’']s? (?:(?:planned|proposed|pending|mega) )?(?:[$€£][\w.]+(?: ?(?:billion|million|bn|b|m))?[ -])?"
    r"(?P<of>(?:(?-i:[A-Z])[\w&.’'-]+ ){{1,4}})"
    r"(?:deal|acquisition|takeover|purchase|buyout|merger|bid)\b"
    r"|\b{name}[’']?s?(?: [\w$€£.,-]+){{0,5}} (?:acquisition|takeover|purchase|buyout) of (?P<by>[\w&.’' -]+)"
)
#: It gives up what it was to buy or to rescue: what befalls that is not its own.
_STEPS_BACK = (
    r"^{name}(?:[’']s? \w+)? (?:(?:has|formally|now|to) )?(?:abandons?|abandoned|ditche[sd]|scraps?|scrapped|drops?|"
    r"dropped|(?:walk|back|pull|step)(?:s|ed)? (?:away|out|back)(?: (?:from|of))?|calls? off|called off|"
    r"withdr[ae]ws?(?: from)?) "
    r"(?P<what>(?:[\w$€£.,’'-]+ ){{0,6}}?"
    r"(?:rescue|bailout|bail out|purchase|takeover|acquisition|deal(?! with)|bid|offer|buyout|merger)\b"
    r"(?: (?:of|for|with|to (?:buy|rescue|acquire|bail out|save)) (?:[\w’'.-]+ ?){{1,4}})?)"
    r"(?P<then>.*)"
)
#: It fails itself as well.
_OWN_FAILURE = re.compile(
    r"\b(?:and|then|before|as it) (?:files?|filed|enters?|collapses?|goes|seeks|fails)\b", re.IGNORECASE
)


def part_shown(alert: Alert) -> NamedPart | None:
    """Return the part that the headline of ``alert`` shows the name in; None where it shows none of these."""
    family = FAMILY_OF[alert.kind]
    others = tuple(read_yaml("presuppositions.yaml")["others"].get(alert.entity_name.casefold(), ()))
    if others and names_any(alert.headline.casefold(), others):
        return "other"
    if _is_surname(alert):
        return "other"
    if family in _HARM and _matches(_TOOL, alert):
        return "tool"
    if family in _HARM and alert.stance in _NOT_CONCERNED and _matches(_FINDER, alert):
        return "finder"
    if _is_one_person(alert):
        return "person"
    if _matches(_EXAMPLE, alert):
        return "example"
    if family in _OF_RIVALS and _matches(_RIVAL, alert):
        return "rival"
    if family in _OF_UNITS and _matches(_OWNER, alert):
        # What a bankrupt has is its own.
        return None if family == "insolvency" and not _matches(_OWNS_UNIT, alert) else "owner"
    return None


def _is_surname(alert: Alert) -> bool:
    """Return whether the headline has the name only as somebody's last name: "Calvin McDonald" for McDonald's.

    "Charles Schwab" is a company's whole name where that is what was found.
    """
    if alert.entity_name.casefold() not in read_yaml("presuppositions.yaml")["surnames"]:
        return False
    names = _names_of(alert)
    found = list(_pattern(_AFTER_WORD, names).finditer(alert.headline))
    return bool(found) and all(is_given_name(match["before"] or "") and match[0] not in names for match in found)


def _is_one_person(alert: Alert) -> bool:
    """Return whether the headline tells what one person did or met: a verb follows, and not "user data"."""
    found = _found(_PERSON, alert)
    return found is not None and (is_certain_verb(found["verb"]) or found["verb"] in _MET)


def is_in_its_favor(alert: Alert) -> bool:
    """Return whether the headline says that a step against the name is stopped."""
    return _matches(_STOPPED, alert)


def is_refused(alert: Alert) -> bool:
    """Return whether the headline says that the name is not given what it asked a court or an authority for."""
    return FAMILY_OF[alert.kind] in ("legal", "regulation") and _matches(_REFUSED, alert)


def is_claimant(alert: Alert) -> bool:
    """Return whether the headline of a legal matter says that the name sues, accuses or appeals."""
    return FAMILY_OF[alert.kind] == "legal" and _matches(_CLAIMANT, alert)


def gives_up_deal(alert: Alert) -> bool:
    """Return whether the headline says that the name no longer buys or rescues another, which it names."""
    found = _found(_STEPS_BACK, alert)
    if found is None or re.search(r"\b(?:its|their) (?:own )?(?:rescue|bailout)\b", found["what"], re.IGNORECASE):
        return False
    titled = is_title_case(alert.headline)
    others = (word for word in re.findall(r"[\w’'-]+", found["what"]) if word[:1].isupper())
    another = any(not titled or not is_ordinary(word.casefold()) for word in others)
    return another and _OWN_FAILURE.search(found["then"]) is None


def buys_another(alert: Alert, client: Client) -> bool:
    """Return whether the headline is about the name's purchase of another, which the client's book does not name."""
    if (found := _found(_BUYER, alert)) is None:
        return False
    target = (found["of"] or found["by"] or "").casefold()
    names = (name for watch in client.watches for name in (watch.name, *watch.aliases))
    return not any(name.casefold() in target for name in names if name.casefold() != alert.entity_name.casefold())


def _matches(form: str, alert: Alert) -> bool:
    return _found(form, alert) is not None


def _found(form: str, alert: Alert) -> re.Match[str] | None:
    return _pattern(form, _names_of(alert)).search(alert.headline)


def _names_of(alert: Alert) -> tuple[str, ...]:
    names = {alert.entity_name, *(span.text for item in alert.evidence for span in item.spans)}
    return tuple(sorted(name for name in names if name.strip()))


@cache
def _pattern(form: str, names: tuple[str, ...]) -> re.Pattern[str]:
    bare = (re.escape(re.sub(r"[’']s$", "", name.strip())) for name in names)
    return re.compile(form.format(name=f"(?:{'|'.join(bare)})"), re.IGNORECASE)
