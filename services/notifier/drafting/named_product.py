"""Finds which product of a maker a recall, a flaw or an outage is about, where the book names only the maker. Pure.

"Tesla recalls the Cyberquad" is told to who has a car by Tesla with the question whether they have that one. What the
words are is data (other_lines.yaml, ``asked``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

from schemas.alerts import Alert
from schemas.clients import Client, Watch
from schemas.mentions import FAMILY_OF
from services.notifier.drafting.casing import is_title_case
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.dictionary import is_ordinary
from services.notifier.drafting.playbook_rules import BOUGHT, Rule, names_any

__all__ = ["is_of_another_product", "named_product", "with_advice_for_all", "with_named_product"]

_FLAW = r"(?:flaws?|bugs?|vulnerabilit(?:y|ies)|(?:security )?holes?|zero[- ]days?|backdoors?|weakness(?:es)?)"
#: The forms of headlines that name a product beside its maker. In those under ``recall`` the object is a product in
#: whatever words; in the others it must be a name.
_FORMS: dict[str, tuple[str, ...]] = {
    "recall": (
        r"(?:^|[:,;] ?){name} (?:(?:has|is|also|now|voluntarily) ){{0,2}}"
        r"(?:recalls|recalled|recalling|(?:to|will) recall|recall of) (?P<product>.+)",
        r"\brecalls? of {name}(?:['’]s)? (?P<product>.+)",
    ),
    "vulnerability": (
        rf"\b{_FLAW} (?:found |discovered )?(?:in|affecting|with|hits?) (?:the )?{{name}}(?:['’]s)? (?P<product>.+)",
        rf"{{name}}(?:['’]s)? (?:[\w-]+ ){{{{0,6}}}}{_FLAW} (?:in|affecting) (?P<product>.+)",
        rf"(?:^|\bin |: ){{name}}(?:['’]s)? (?P<product>(?:[\w-]+ ){{{{1,3}}}}?){_FLAW}\b",
    ),
    "outage": (
        r"(?:^|[:,;] ?){name}(?:['’]s)? (?P<product>(?:[\w-]+ ){{1,3}}?)(?:(?:is|are|was|were|goes|go|went) "
        r"(?:down|offline)|outage|down\b|crash(?:es|ed)?\b|(?:suffers|suffered|hit by) )",
        r"\boutages? (?:at|of|hits?) {name}(?:['’]s)? (?P<product>.+)",
    ),
}
#: Longer phrases are no name of a product, nor of several.
_WORDS = 6


def named_product(alert: Alert, client: Client) -> str | None:
    """Return the product that the headline of ``alert`` is about, if the client's book does not say that they have it.

    None where the headline names no product, or one that nearly everybody has.
    """
    watch = _watch(alert, client)
    if watch is None or alert.stance not in BOUGHT or (product := _told_product(alert)) is None:
        return None
    own = " ; ".join(
        text for entry in client.watches for text in (entry.name, *entry.aliases, *entry.context, entry.note or "")
    ).casefold()
    told = re.findall(r"[\w-]+", product.removeprefix("the ").casefold())
    words = [word for word in told if word not in _data()["generic"]]
    # "Model" is no word that tells one from another: the next one has to be there as well.
    distinct = [f"{word.removesuffix('s')}*" for word in words if len(word) > 1 and not is_ordinary(word)]
    known = names_any(own, (" ".join(words), *distinct))
    return None if known else product


def is_of_another_product(alert: Alert, client: Client) -> bool:
    """Return whether the book names one product of the maker, and the headline another."""
    watch = _watch(alert, client)
    if watch is None or (product := named_product(alert, client)) is None or not _is_name(product, titled=False):
        return False
    spoken = {span.text.casefold().strip() for item in alert.evidence for span in item.spans}
    makers = {name for name in spoken if watch.name.casefold().startswith(f"{name} ")}
    texts = " ; ".join(text for item in alert.evidence for text in (item.title, item.quote)).casefold()
    lines = [watch.name.casefold().removeprefix(maker).strip() for maker in makers]
    return watch.name.casefold() not in spoken and bool(lines) and not any(line in texts for line in lines)


def with_named_product(rule: Rule | None, alert: Alert, client: Client) -> Rule | None:
    """Return ``rule`` with the question whether the client has the product at all instead of its advice on theirs."""
    asked = _data()["asked"].get(FAMILY_OF[alert.kind])
    if rule is None or rule.silent or rule.is_general or asked is None:
        return rule
    if (product := named_product(alert, client)) is None:
        return rule
    action, reason, meaning, question = (
        str(asked[part]).replace("{product}", product) for part in ("action", "reason", "meaning", "question")
    )
    return replace(rule, action=action, reason=reason, meaning=meaning, question=question, variants=())


def with_advice_for_all(rule: Rule | None, alert: Alert, asset: str) -> Rule | None:
    """Return ``rule`` without advice to list where the client has ``asset``, if nearly everybody has it everywhere."""
    raw = _data()
    if rule is None or rule.silent or rule.is_general or FAMILY_OF[alert.kind] not in raw["everybody"]:
        return rule
    if asset.casefold() not in raw["everywhere"]:
        return rule
    kept = tuple(pair for pair in rule.phrasings if not any(words in pair[0] for words in raw["lists"]))
    if kept == rule.phrasings:
        return rule
    instead = raw["everybody"]["completed" if "completed" in rule.stages else FAMILY_OF[alert.kind]]
    phrasings = (*kept, *((str(pair["action"]), str(pair["reason"])) for pair in instead))
    return replace(rule, action=phrasings[0][0], reason=phrasings[0][1], variants=phrasings[1:])


def _told_product(alert: Alert) -> str | None:
    family = FAMILY_OF[alert.kind]
    forms = _FORMS.get(family, ())
    headline = alert.headline
    if not forms or alert.entity_name.casefold() in _data()["everywhere"]:
        return None
    titled = is_title_case(headline)
    names = {alert.entity_name, *(span.text.strip() for item in alert.evidence for span in item.spans)} - {""}
    for form in forms:
        if (found := _pattern(form, tuple(sorted(names, key=len, reverse=True))).search(headline)) is None:
            continue
        product = _phrase(found["product"], titled=titled)
        if product and (family == "recall" or _is_name(product, titled=titled)):
            return None if _of_everybody(product) else product
    return None


def _phrase(words: str, *, titled: bool) -> str:
    """Return the product at the beginning of ``words``, without its number; empty if it is none."""
    raw = _data()
    kept: list[str] = []
    article = ""
    if titled and re.search(r",\s", words):
        return ""  # a list or an explanation: capitals do not show which
    words = re.sub(r"[‘“”\"]|['’](?!\w)(?=.*\w)", "", words) if re.search(r"[‘“\"]", words) else words
    words = re.sub(r",\s(?=[A-Z])", " and ", words)
    for word in re.split(r"\s+", re.split(r",\s|[;:!?()|–—]|\.(?:\s|$)| - |['’]s?\s", words)[0].strip()):
        folded = word.casefold()
        if folded in raw["ends"]:
            break
        if not kept and (folded in raw["before"] or re.fullmatch(r"[\d.,]+\w{0,2}\+?", word)):
            article = "the " if folded == "the" else ""
            continue
        kept.append(word)
    if not kept or len(kept) > _WORDS or all(word.casefold() in raw["generic"] for word in kept):
        return ""
    return article + " ".join(_in_sentence(kept, at) if titled else word for at, word in enumerate(kept))


def _in_sentence(words: list[str], at: int) -> str:
    """Return a word of a headline that capitalizes all of them as it stands within a sentence."""
    following = words[at + 1] if at + 1 < len(words) else ""
    in_name = len(words[at]) == 1 or len(following) == 1 or following[:1].isdigit()
    lowered = words[at].istitle() and is_ordinary(words[at].casefold()) and not in_name
    return words[at].casefold() if lowered else words[at]


def _is_name(product: str, *, titled: bool) -> bool:
    return any(
        word[:1].isupper() and not (titled and is_ordinary(word.casefold()) and not word.isupper())
        for word in product.split()
        if word.casefold() not in _data()["generic"]
    )


def _of_everybody(product: str) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\b", product.casefold()) for name in _data()["everywhere"])


def _watch(alert: Alert, client: Client) -> Watch | None:
    return next((watch for watch in client.watches if watch.entity_id == alert.entity_id), None)


@cache
def _pattern(form: str, names: tuple[str, ...]) -> re.Pattern[str]:
    bare = (re.escape(re.sub(r"[’']s$", "", name)) for name in names)
    return re.compile(form.format(name=f"(?<!\\w)(?:{'|'.join(bare)})(?!\\w)"), re.IGNORECASE)


@cache
def _data() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml("other_lines.yaml")
    return raw
