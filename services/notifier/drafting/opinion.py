"""Forms the opinion: the client-care guide's sentence with a playbook rule's advice and the client's own desire."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from schemas.alerts import Alert
from schemas.clients import Client, Desire, Stance
from schemas.mentions import FAMILY_OF
from schemas.readings import EventFamily
from services.notifier.contact.unknown import unknown_traits
from services.notifier.drafting.brief import Brief, month_of, pick
from services.notifier.drafting.casing import is_in_proper_name
from services.notifier.drafting.data_files import phrasing, read_yaml
from services.notifier.drafting.far_countries import hosts_of, is_of_far_country
from services.notifier.drafting.fit import (
    HARMFUL,
    SUBJECTS,
    fitting_phrasings,
    has_begun,
    is_beyond_books,
    is_decision_on_one,
    is_politics_beyond_books,
    is_premature,
    query_for,
)
from services.notifier.drafting.named_part import buys_another, gives_up_deal
from services.notifier.drafting.named_product import with_advice_for_all, with_named_product
from services.notifier.drafting.playbook_rules import ANY, BOUGHT, Rule, is_waiting
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.public_acts import is_public_act
from services.notifier.drafting.register import register_of, urges, without_urging
from services.notifier.drafting.sectors import is_of_another_sector
from services.notifier.drafting.tone import review
from services.notifier.trades.catalog import Trades
from services.notifier.trades.definition import TradeDefinition

__all__ = [
    "OpinionPart",
    "aim_phrase",
    "asks_for_no_step",
    "desire_phrase",
    "has_little_to_say",
    "is_skipped",
    "lacks_rule",
    "leaves_customers_without_view",
    "opinion_part",
    "restricted_name",
    "split_basis",
]

#: A longer desire in the client's own words makes the sentence unreadable; its name is used instead.
MAX_DESIRE_WORDS = 10
#: A longer desire is separated from the risk that follows it by a comma.
FEW_WORDS = 3
#: A longer action is separated from its reason by a comma.
LONG_ACTION = 8
#: Events that may do harm before they are confirmed.
_SAFETY: frozenset[EventFamily] = frozenset(("breach", "vulnerability", "outage", "recall"))
#: What the client neither has nor buys.
_BESIDE: frozenset[Stance] = frozenset(("competes", "follows", "regulated_by"))
_OF_LAW: frozenset[EventFamily] = frozenset(("legal", "regulation", "politics"))
#: What happens in one country stays there: who delivers may still deliver elsewhere.
_OF_A_PLACE: frozenset[EventFamily] = frozenset(
    ("legal", "regulation", "politics", "cutback", "expansion", "labour", "outage", "event", "reputation")
)
#: Small matters of these kinds are between a vendor and others.
_BETWEEN_OTHERS: frozenset[EventFamily] = frozenset(
    (
        "legal", "regulation", "politics", "labour", "reputation", "leadership", "contract", "event", "expansion",
        "deal", "capital", "cutback", "other",
    )
)  # fmt: skip
#: Trades that advise companies on what they use.
_ADVISED = frozenset(("it", "agency", "legal"))
#: What is good for a vendor in these kinds is good for its owners.
_FOR_OWNERS: frozenset[EventFamily] = frozenset(("earnings", "guidance", "share_move", "contract", "capital"))
#: Those of them whose clients are told nothing of a vendor that only leaves things as they are.
_OF_STEPS = frozenset(("it", "legal"))
#: An action that begins so looks at something or asks, and changes nothing.
_LOOKING = (
    "asking ", "checking ", "reading ", "comparing ", "listing ", "recording ", "letting ", "telling ",
    "going through ", "having us ", "having somebody ", "collecting ", "naming ", "marking ", "looking ",
)  # fmt: skip
_UNSURE = (
    "The event is large, but what it means is not certain enough, so the draft passes on the news without an "
    "opinion. Add your own."
)


@dataclass(frozen=True, slots=True)
class OpinionPart:
    """An opinion, or None for ``text`` where none is given; ``notes`` tell the account manager why.

    ``withheld``: the client wants information only, the name is restricted, or the verdict is plain information.
    """

    text: str | None
    rule: Rule | None = None
    notes: tuple[str, ...] = ()
    withheld: Literal["information_only", "restricted", "information"] | None = None


def opinion_part(brief: Brief, playbooks: Playbooks, *, own_words: bool = True, outlook: bool = True) -> OpinionPart:
    """Return what to advise this client.

    ``own_words`` False uses the plain name of the client's desire. ``outlook`` False leaves out what would follow if
    an unconfirmed report were confirmed.
    """
    alert, client = brief.alert, brief.client
    if (name := restricted_name(brief)) is not None:
        note = (
            f"{name} is on a restricted list, so the draft gives no opinion. Don't add one, and don't mention the list."
        )
        return OpinionPart(None, notes=(note,), withheld="restricted")
    if client.contact.information_only:
        note = f"{client.name} wants information only, so the draft gives no opinion."
        return OpinionPart(None, notes=(note,), withheld="information_only")
    if alert.verdict == "information" and lacks_rule(brief, playbooks):
        why = _UNSURE if alert.size == "major" else _no_rule_note(brief)
        return OpinionPart(None, notes=(why,), withheld="information")
    unknown = tuple(f"{trait.gap} {trait.ask}" for trait in unknown_traits(client))
    if alert.verdict == "correct":
        desire = client.desires[0] if client.desires else None
        action = brief.phrases.correction_action[alert.stance].format(asset=brief.asset)
        return OpinionPart(_sentence(brief, desire, action, brief.phrases.correction_reason, own_words), notes=unknown)
    desire, rule = _choose(brief, playbooks)
    if rule is None:
        return OpinionPart(None, notes=(_no_rule_note(brief),))
    notes = unknown
    query = query_for(alert, client, brief.asset, brief.manager.id)
    if ANY in rule.kinds and (refused := playbooks.refusals(replace(query, desire=desire.name if desire else ""))):
        notes = (
            *notes,
            f"The advice is general, because advice on this kind of event does not fit: {refused[0][1].text}.",
        )
    fitting = fitting_phrasings(rule, query)
    if client.mood == "upset":
        fitting = tuple(chosen for chosen in fitting if not urges(chosen[0])) or fitting
    chosen = pick(fitting, client.id, alert.story_id, rule.id)
    action, reason = (_filled(text, brief) for text in chosen)
    action = without_urging(action) if client.mood == "upset" else action
    is_public = is_public_act(alert)
    if alert.verdict != "warn" or is_public:
        planned = _is_plan(alert) and is_premature(alert.kind) and not has_begun(alert)
        if planned and not (is_waiting(action) or rule.stages):
            action = pick(brief.phrases.plan_action, client.id, alert.story_id, "plan").format(action=action)
        # Who looks or asks needs no original, nor does who installs the maker's own update.
        changes = not (is_waiting(action) or action.startswith(_LOOKING)) and FAMILY_OF[alert.kind] != "vulnerability"
        then = f" {brief.phrases.public_then}" if is_public and outlook and changes else ""
        return OpinionPart(f"{_sentence(brief, desire, action, reason, own_words)}{then}", rule, notes)
    # The rule's advice is for what has happened. While that is unconfirmed, the advice is only what would follow.
    phrases = brief.phrases
    harmful = FAMILY_OF[alert.kind] in _SAFETY and not rule.is_general
    safety = harmful and alert.stance in phrases.warn_safety
    now = (phrases.warn_safety if safety else phrases.warn_action)[alert.stance].format(asset=brief.asset)
    why = phrases.warn_safety_reason if safety else pick(phrases.warn_reason, client.id, alert.story_id, "warn")
    then = f" {phrases.warn_then.format(action=action)}" if outlook and not is_waiting(action) else ""
    return OpinionPart(f"{_sentence(brief, desire, now, why, own_words)}{then}", rule, notes)


def _filled(text: str, brief: Brief) -> str:
    """Return ``text`` with the name of the asset; a product is not asked, but those who look after it."""
    if brief.watch is not None and brief.watch.kind == "product":
        text = text.replace("asking {asset} ", "asking your contact for {asset} ")
    return text.replace("{asset}", brief.asset)


def _is_plan(alert: Alert) -> bool:
    """Return whether the event is announced or proposed, and not done yet."""
    return alert.reading is not None and alert.reading.status == "plan"


def lacks_rule(brief: Brief, playbooks: Playbooks) -> bool:
    """Return whether an opinion may be given, but no playbook rule fits."""
    return _may_advise(brief) and _choose(brief, playbooks)[1] is None


def has_little_to_say(brief: Brief, playbooks: Playbooks) -> bool:
    """Return whether an opinion may be given, but no rule fits, or only the one that nothing has to be done."""
    if not _may_advise(brief):
        return False
    alert = brief.alert
    of_vendor = alert.stance in BOUGHT and brief.client.trade in _ADVISED
    if of_vendor and alert.size == "minor" and FAMILY_OF[alert.kind] in _BETWEEN_OTHERS:
        return True
    rule = _choose(brief, playbooks)[1]
    if rule is None:
        return True
    # That one leaves a competitor or a subject alone is no view on an event of which the kind is not known.
    waits_beside = alert.stance in _BESIDE and rule.sizes == ("moderate",)
    if of_vendor and brief.client.trade in _OF_STEPS and rule.is_general:
        return True  # "ask whether anything changes" is no view on an event of which the kind is not known
    # What is not known to be bad asks nothing of those who buy from the name or work there; nor does what waits.
    plainly = rule.waits or "negative" not in rule.directions
    harmless = FAMILY_OF[alert.kind] not in HARMFUL
    if rule.is_general and alert.stance in (*BOUGHT, "operates_in") and plainly and harmless:
        return True
    if of_vendor and harmless and _only_waits(rule):
        return True
    # What prices and rates do is told to those who feel them, and not by those who advise on systems, brands or law.
    told_anyway = FAMILY_OF[alert.kind] == "macro" and brief.client.trade not in _ADVISED
    if alert.stance in SUBJECTS and not told_anyway and _only_waits(rule):
        return True
    # That good news in a field is worth a thought is no view either.
    if alert.stance in SUBJECTS and rule.is_general and rule.waits and rule.directions == ("positive",):
        return True
    return rule.is_general and rule.waits and (waits_beside or set(rule.directions) == {"neutral", "unclear"})


def _only_waits(rule: Rule) -> bool:
    """Return whether all phrasings of ``rule`` leave things as they are, and ask for nothing beside that."""
    return all(
        is_waiting(action) and all(is_waiting(f"{more} ") for more in re.findall(r" and (\w+ing)\b", action))
        for action, _ in rule.phrasings
    )


def leaves_customers_without_view(brief: Brief, playbooks: Playbooks) -> bool:
    """Return whether unconfirmed news has no advice for those who buy from the name, in a trade that is asked for it.

    Patients are told of it only where it may do harm: good or unclear news can wait until it is confirmed.
    """
    alert, trade = brief.alert, brief.client.trade
    if trade == "healthcare":
        return alert.direction != "negative" and FAMILY_OF[alert.kind] not in HARMFUL
    return alert.stance in BOUGHT and trade in _OF_STEPS and lacks_rule(brief, playbooks)


def asks_for_no_step(brief: Brief, playbooks: Playbooks) -> bool:
    """Return whether an opinion may be given, but no rule fits, or one that leaves things as they are."""
    rule = _choose(brief, playbooks)[1]
    return _may_advise(brief) and (rule is None or rule.waits)


def _may_advise(brief: Brief) -> bool:
    return restricted_name(brief) is None and not brief.client.contact.information_only


def is_skipped(brief: Brief, playbooks: Playbooks) -> bool:
    """Return whether the playbooks leave out such news: to a client of this trade it is nothing.

    So is news in which the name of what the client has is only mentioned, unless it is large, another country's
    figures, and its measures for patients. So is what an authority or a court decides on matters that reach no
    books, for an accountant's client, the politics of a place that reach neither books nor work, what an authority
    decides on one applicant, and what it decides in another field of the economy.
    """
    alert = brief.alert
    figures = alert.stance == "follows" and FAMILY_OF[alert.kind] == "macro" and alert.size != "major"
    if figures and is_of_far_country(alert.headline, brief.client, hosts_of(alert)):
        return True
    measure = (
        alert.stance == "follows" and FAMILY_OF[alert.kind] in ("regulation", "politics") and alert.size != "major"
    )
    if measure and brief.client.trade == "healthcare" and is_of_far_country(alert.headline, brief.client):
        return True
    if alert.stance == "regulated_by" and alert.size != "major" and is_beyond_books(alert, brief.client):
        return True
    if is_of_another_sector(alert, brief.client):
        return True
    if alert.size != "major" and (
        is_politics_beyond_books(alert, brief.client) or is_decision_on_one(alert, brief.client)
    ):
        return True
    if alert.stance == "follows" and alert.size != "major" and _is_beside_subject(alert, brief.client):
        return True
    if alert.stance in BOUGHT and alert.size != "major" and _is_elsewhere(alert, brief.client):
        return True
    of_little_concern = alert.size != "major" or brief.client.trade not in _ADVISED
    if alert.stance in BOUGHT and of_little_concern and gives_up_deal(alert):
        return True  # what a vendor does not buy changes nothing in what it delivers
    query = query_for(alert, brief.client, brief.asset, brief.manager.id)
    is_other = query.role == "homonym" or (query.role == "mention" and query.stance not in SUBJECTS)
    if is_other and query.size != "major":
        return True
    rules = [playbooks.find(replace(query, desire=desire.name)) for desire in brief.client.desires]
    rules = rules or [playbooks.find(query)]
    of_vendor = alert.stance in BOUGHT and FAMILY_OF[alert.kind] in _OF_LAW and brief.client.trade in _ADVISED
    may_stop = alert.kind == "regulation" and alert.size == "major"  # a ban of what they use
    if (
        of_vendor
        and not may_stop
        and any(rule is not None and rule.is_general and "negative" in rule.directions for rule in rules)
    ):
        return True  # it is not clear what a court or an authority asks of the vendor, so its customers need do nothing
    return all(rule is not None and (rule.skips or _is_good_news_only(rule, brief)) for rule in rules)


def _is_good_news_only(rule: Rule, brief: Brief) -> bool:
    """Return whether all that is known is that something is good for a vendor: that is news for its owners."""
    alert = brief.alert
    of_vendor = alert.stance in BOUGHT and brief.client.trade in _OF_STEPS and FAMILY_OF[alert.kind] in _FOR_OWNERS
    return of_vendor and rule.is_general and "positive" in rule.directions


def _is_beside_subject(alert: Alert, client: Client) -> bool:
    """Return whether no headline names the subject that a company follows: the news is on something else.

    A company that is named with it ("First Energy") is none of a subject.
    What prices and rates do is told of in many words. Patients are told of a medicine that only the text names.
    """
    if client.trade not in (*_ADVISED, "accounting", "insurance") or FAMILY_OF[alert.kind] in ("macro", "breach"):
        return False
    named = (
        span.field == "title" and not is_in_proper_name(span.text, item.title)
        for item in alert.evidence
        for span in item.spans
    )
    return bool(alert.evidence) and not any(named)


def _is_elsewhere(alert: Alert, client: Client) -> bool:
    """Return whether the headline is on what a vendor does or meets in a far country, or on its purchase of another."""
    family = FAMILY_OF[alert.kind]
    of_place = family in _OF_A_PLACE or alert.kind in ("price_cut", "price_increase")
    if of_place and is_of_far_country(alert.headline, client):
        return True
    return family in _OF_LAW and client.trade in _ADVISED and buys_another(alert, client)


def _no_rule_note(brief: Brief) -> str:
    alert = brief.alert
    event = "an event of this kind" if alert.kind in ("other", "none") else f"“{alert.kind.replace('_', ' ')}”"
    relation = f"the {brief.trade.people.one} {brief.phrases.stance_label[alert.stance]}"
    return (
        f"No playbook rule fits {event} where {relation}, so the draft passes on the news without an opinion. "
        "Add your own."
    )


def restricted_name(brief: Brief) -> str | None:
    """Return the restricted name that the alert is about, or None."""
    restricted = {name.casefold().strip() for name in (*brief.firm.restricted, *brief.client.contact.restricted)}
    watch, alert = brief.watch, brief.alert
    names = [alert.entity_name, alert.entity_id]
    if watch is not None:
        names += [watch.name, *watch.aliases, *watch.tickers, *((watch.isin,) if watch.isin else ())]
    return next((name for name in names if name.casefold() in restricted), None)


def _choose(brief: Brief, playbooks: Playbooks) -> tuple[Desire | None, Rule | None]:
    """Return the client's first desire that a rule is made for, or else their first desire with the general rule."""
    alert, client = brief.alert, brief.client
    query = query_for(alert, client, brief.asset, brief.manager.id)
    general: tuple[Desire | None, Rule | None] = (None, None)
    for desire in client.desires or (None,):
        name = desire.name if desire else ""
        rule = with_advice_for_all(playbooks.lookup(replace(query, desire=name)), alert, brief.asset)
        rule = with_named_product(rule, alert, client)
        if rule is not None and rule.desires:
            return desire, rule
        if general[1] is None:
            general = (desire, rule)
    return general


def _sentence(brief: Brief, desire: Desire | None, action: str, reason: str, own_words: bool) -> str:
    client, phrases = brief.client, brief.phrases
    if desire is None:
        kind, phrase = "none", ""
    else:
        verb, phrase = desire_phrase(desire, client, brief.trades, own_words=own_words)
        kind = "verb" if verb else "noun"
    register = register_of(client)
    forms = phrases.opinion["calm" if register.calm else register.tone]
    basis = phrases.basis[kind][client.risk or "unknown"].format(desire=phrase).rstrip(",")
    if "," in action or len(action.split()) > LONG_ACTION:
        action += ","  # else "because" would seem to belong to the last part alone, or one reads out of breath
    form = pick(forms, client.id, "opinion", month_of(brief))
    text = form.format(basis=basis, action=action, reason=reason).removeprefix(", ")
    return text[:1].upper() + text[1:]


def split_basis(opinion: str) -> tuple[str, str]:
    """Return what an opinion is based on, and the rest of its sentence; the first is empty where it names no basis."""
    match = _basis_pattern().match(opinion)
    return ("", opinion) if match is None else (match["basis"], opinion[match.end() :])


@cache
def _basis_pattern() -> re.Pattern[str]:
    """Return the pattern of a basis: up to the risk, or else up to how one of the shipped forms goes on."""
    forms = (form for pool in phrasing().opinion.values() for form in pool)
    leads = "|".join(re.escape(form.partition("{action}")[0].removeprefix("{basis}, ")) for form in forms)
    ends = rf"(?:(?<=\blimited risk)|(?<=\bmoderate risk)|(?<=\bhigh risk)), |, (?={leads})"
    return re.compile(rf"(?P<basis>(?:Based upon your|Given that you) .+?)(?:{ends})")


def desire_phrase(
    desire: Desire, client: Client, trades: Trades | None = None, *, own_words: bool = True
) -> tuple[bool, str]:
    """Return whether the desire is a verb phrase, and the desire as a phrase: (False, "income"), (True, "sleep well").

    The client's own words are used where they make a grammatical sentence, or else the name of the desire in the
    client's trade, of ``trades`` (default: those that ship).
    """
    trades = trades or Trades.shipped()
    name = trades.desire_phrase(client.trade, desire.name)
    words = " ".join((desire.words or "").split()).strip(" .,;:!“”\"'")
    if not own_words or not words or len(words.split()) > MAX_DESIRE_WORDS:
        return False, name
    fit = _fitting_phrase(words, client, trades.of(client.trade))
    if fit is None:
        return False, name
    words, verb = fit
    # "income and safety, and limited risk"; "more people who know your name, and limited risk"
    apart = " and " in words or (not verb and len(words.split()) > FEW_WORDS)
    return verb, f"{words}," if apart else words


def aim_phrase(words: str, client: Client, trade: TradeDefinition) -> str | None:
    """Return an aim in the client's own words as a phrase to them: "to retire in 2029"; None if it makes no phrase."""
    fit = _fitting_phrase(" ".join(words.split()).strip(" .,;:!“”\"'"), client, trade)
    return None if fit is None else f"to {fit[0]}" if fit[1] else fit[0]


def _fitting_phrase(words: str, client: Client, trade: TradeDefinition) -> tuple[str, bool] | None:
    """Return :func:`_as_phrase` of ``words`` if it fits within a sentence and is in tone, or else None."""
    phrase, verb = _as_phrase(words)
    unfit = not phrase or re.search(_grammar()["clause"], f" {phrase.casefold()} ") or re.search(r"[?!.;:\n]", phrase)
    if unfit or any(finding.severity == "error" for finding in review(phrase, client, trade)):
        return None
    return phrase, verb


def _as_phrase(words: str) -> tuple[str, bool]:
    """Return ``words`` with "you" for "I", without "I want", and whether they begin with a verb."""
    grammar = _grammar()
    verb = False
    if opening := re.match(grammar["opening"], words, re.IGNORECASE):
        words = words[opening.end() :]
        verb = bool(re.search(r"\bto\s*$", opening[0], re.IGNORECASE))
    elif words.casefold().startswith("to "):
        words, verb = words[3:], True
    for mine, yours in grammar["pronouns"].items():
        words = re.sub(rf"\b{mine}\b", yours, words, flags=re.IGNORECASE)
    first, _, rest = words.partition(" ")
    if (infinitive := _infinitive(first.casefold(), grammar["verbs"])) is not None:
        verb, words = True, f"{infinitive} {rest}".strip()
        first, _, rest = words.partition(" ")
    # "Steady income" loses its capital within a sentence; "AI" and "McKay" keep theirs.
    if first[:1].isupper() and first[1:].islower():
        words = f"{first.casefold()} {rest}".strip()
    return words, verb


def _infinitive(word: str, verbs: list[str]) -> str | None:
    """Return the verb of which ``word`` is the infinitive or -ing form ("keeping", "running", "having"), or None."""
    stem = word.removesuffix("ing")
    forms = (word,) if stem == word else (word, stem, f"{stem}e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem)
    return next((form for form in forms if form in verbs), None)


def _grammar() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml("words", "desires.yaml")
    return raw
