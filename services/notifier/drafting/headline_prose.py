"""Gives a headline the small words that it leaves out and a sentence needs: articles, and forms of "be". Pure.

"Federal judge blocks …" becomes "A federal judge blocks …", "Halden accused of …" "Halden has been accused of …". A
comma in the place of "and" becomes that: "Halden, Orvix to merge". No other word is added, and none is changed but for
the capital of the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from services.notifier.drafting.casing import Names, first_lowered, sentence_case
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.dictionary import is_ordinary
from services.notifier.drafting.verbs import (
    has_main_verb,
    is_adverb,
    is_base_verb,
    is_certain_verb,
    is_headline_future,
    is_plural_noun,
    is_verb_form,
)

__all__ = ["ADDED_WORDS", "as_prose", "with_its_article", "within_sentence"]

#: The words that may be added.
ADDED_WORDS = frozenset(("a", "an", "the", "and", "is", "are", "has", "have", "been"))
#: The subject of a headline that leaves out "is" has at most so many words, and so has one that gets an article.
SUBJECT_WORDS, NOUN_PHRASE_WORDS = 8, 4
_STARTS_WITH_VOWEL_SOUND = re.compile(
    r"(?:[aeio]|u(?!ni[a-z]|s\b|k\b|\.s|\.k|se|ti)|hour|honest|fda\b|fbi\b|nhs\b|sec\b|ftc\b|mp\b|nfl\b)", re.I
)
#: An abbreviation of an authority or a state that stands by itself: "fined by EU over …", not "by US regulators".
_AFTER_BY = re.compile(
    r"\b(?P<before>by|from|against) (?P<name>[A-Z]{2,5})(?=$|[,;.]| (?:over|for|in|after|on|amid|to|as|following|of)\b)"
)
#: A state by its abbreviation, where no noun follows: "faces restrictions in EU", not "in US court".
_IN_STATE = re.compile(
    r"\b(?P<before>in|to|for|from|of|with|against|across|within|outside|over) "
    r"(?P<name>US|UK|EU|UN|U\.S\.?|U\.K\.?|E\.U\.?|U\.N\.?)"
    r"(?=$|[,;]| (?:over|for|in|after|on|amid|to|as|following|of|and|by|with|from|before|until|if|while|because)\b)"
)
#: What somebody is found to be, so that "found" before it is what was decided of the subject.
_VERDICT = re.compile(r"(?:not )?(?:guilty|liable|negligent|in (?:breach|contempt|violation))\b")
#: One more of several: "hit by second attack", but "in second quarter".
_ONE_MORE = re.compile(
    r"\b(?P<before>by|with|after|from) "
    r"(?=(?:second|third|fourth|fifth) (?!(?:quarter|half|place|day|time|week|year|party)\b)[a-z])"
)
#: After one of these a headline begins anew: "shares fall as | oil prices, rates rise".
_BEGINS_ANEW = frozenset(("as", "after", "while", "when"))
#: What begins so explains what stands before it, or goes on.
_EXPLAINS = frozenset(
    (
        "a", "an", "the", "its", "their", "his", "her", "and", "or", "but", "not", "as", "after", "while", "who",
        "which", "inc.", "inc", "ltd.", "ltd", "corp.", "corp", "llc", "plc", "co.", "no", "yes", "sorry",
    )
)  # fmt: skip
#: What so begins is a call, and no subject.
_CALLS = frozenset(("Hey", "Dear", "Move", "Buy", "These", "Ahoy", "Get", "Look", "Meet", "Forget", "Wait", "Please"))
#: What begins so is no subject, but when or why something happens.
_NO_SUBJECT = frozenset(
    (
        "about", "after", "all", "although", "amid", "among", "as", "at", "because", "before", "by", "despite",
        "during", "even", "every", "following", "for", "from", "if", "in", "instead", "like", "now", "of", "on",
        "once", "over", "since", "so", "there", "though", "to", "today", "under", "unlike", "until", "when", "where",
        "while", "with", "without", "yet",
    )
)  # fmt: skip
#: After more than one.
_OF_SEVERAL = frozenset(("are", "have", "were", "to", "will", "agree", "say", "warn"))
#: What so begins after a comma tells on whose word the news is: "…, says board".
_SAYING = frozenset(
    (
        "says", "warns", "claims", "reports", "shows", "finds", "argues", "suggests", "cites", "tells", "insists",
        "believes", "predicts", "vows", "promises", "thinks", "hopes", "fears", "estimates", "alleges", "concludes",
        "reveals", "sources",
    )
)  # fmt: skip
_SHOWING = frozenset(("show", "suggest", "find", "indicate", "reveal", "allege"))
#: Two names at the end with a comma between them: "a measure backed by Halden, Orvix".
_TWO_AT_END = re.compile(r"(?P<first>\b(?:by|with|against|between|for) [A-Z][\w’'-]*), (?P<second>[A-Z][\w’'-]*)$")
#: Of one of these, a headline says that there is one: "Rise in infections", "Pill version of Velmont".
_ONE_OF_MANY = frozenset(
    (
        "rise", "version", "dose", "surge", "wave", "spike", "jump", "decline", "increase", "shortage", "coalition",
        "group", "unit", "string", "batch", "pair", "trio", "panel", "flaw", "subsidiary",
    )
)  # fmt: skip
_PLAIN = re.compile(r"[\w’' -]+")
_INNER_CAPITAL = re.compile(r"\w[A-Z]|\d")
_POSSESSIVE = re.compile(r"[’']s?$")
_EDGE = ",.;:’'\"“”‘()"
_ARTICLES = frozenset(("a", "an", "the", "its", "their", "two", "three"))
#: Before a noun, one of these leaves no room for an article.
_DETERMINERS = frozenset(
    (
        "another", "every", "each", "any", "no", "either", "neither", "this", "that", "these", "those", "some", "his",
        "her", "our",
    )
)  # fmt: skip
#: Nouns with the form of a verb, of which a headline says that they are up or down.
_RISING = frozenset(("exports", "imports", "orders", "costs", "prices", "rates", "sales", "shares", "profits"))
#: After "prices down": since when or why they are.
_WHILE = frozenset(("for", "as", "after", "on", "amid", "again", "sharply", "slightly"))
#: "A vaccine shown to help", "Halden on track to earn".
_SHOWN, _ON_THE_WAY = frozenset(("shown", "found", "proven")), frozenset(("track", "course", "pace"))
_BEING = frozenset(("is", "are", "was", "were", "be", "been", "has", "have", "had", "remains", "stays", "still"))
_MORE = frozenset(("more", "than", "up", "to", "record", "a"))
#: The letters whose names begin with a vowel, and the length up to which a name in capitals is spelled.
_ALWAYS_LOWER = frozenset(("federal", "national", "local", "regional", "former", "central"))
_VOWEL_LETTERS, SHORT_NAME = "AEFHILMNORSX", 4
_BREAKS = frozenset(("as", "after", "when", "while", "because", "since", "before", "amid", "despite"))
#: What follows one of these describes the noun before it.
_AFTER_HEAD = frozenset(("of", "in", "at", "for", "from", "on", "to", "with", "including", "like"))
#: After one of these and no noun, what looks like "is being done" describes what follows: "More rolling blackouts".
_HOW_MANY = frozenset(("more", "most", "many", "some", "several", "few", "new", "further", "other", "all"))
#: What is found and reported, and reports nothing itself: "flaws reported in".
_FOUND = frozenset(("reported", "found", "discovered", "disclosed", "uncovered", "identified", "confirmed", "revealed"))
_THINGS_FOUND = frozenset(
    (
        "vulnerability",
        "vulnerabilities",
        "flaw",
        "flaws",
        "bug",
        "bugs",
        "cases",
        "deaths",
        "errors",
        "outages",
        "traces",
        "defects",
    )
)
_SAYS = frozenset(
    ("say", "says", "warn", "warns", "claim", "claims", "report", "reports", "confirm", "confirms", "think")
)
#: Words for several that stand alone: "Several injured".
_SEVERAL = frozenset(("several", "many", "some", "most", "dozens", "hundreds", "thousands", "both", "few", "others"))
#: What people feel about what has not happened: no "has been".
_FELT = frozenset(("feared", "expected", "needed", "required"))
#: Adverbs of time that may stand before what is being done: "rates still rising".
_GOING_ON = frozenset(("still", "again", "now", "also", "already"))
#: Verbs that "up" or "down" belongs to, whatever sum follows: "wraps up $8 billion purchase".
_WITH_UP = frozenset(
    (
        "wraps", "wrapped", "snaps", "snapped", "coughs", "racks", "racked", "puts", "put", "gives", "gave", "buys",
        "bought", "scoops", "scooped", "ponies", "pays", "paid", "turns", "turned", "writes", "wrote", "offers",
    )
)  # fmt: skip
#: What belongs to the verb before it: "team up to build".
_PARTICLES = frozenset(("up", "down", "out", "off", "back", "on", "forward", "ahead", "together", "continue"))
#: What a company is: after its name, the company itself.
_OF_ITSELF = frozenset(
    ("bank", "airline", "retailer", "insurer", "broker", "carmaker", "automaker", "startup", "group")
)
#: Participles that are like a past tense, and mean what was done to the subject before "by" or "with".
_HIT = frozenset(("hit", "struck", "slapped", "rocked", "beset"))
#: What somebody is, and nobody did to them: "unfazed by the loss".
_UNTOUCHED = frozenset(("unfazed", "undeterred", "unaffected", "unmoved", "untroubled", "unimpressed", "unharmed"))
#: What somebody is in, under or on: "Halden in talks with Orvix to sell".
_STATES = re.compile(
    r"in (?:\w+ )?(?:talks|discussions|negotiations)\b|at risk\b|far from\b|on strike\b|"
    r"on (?:the )?(?:brink|verge) of\b|"
    r"under (?:\w+ )?(?:investigation|scrutiny|fire|pressure|review)\b|"
    r"(?:near|close to) (?:an? )?(?:deal|agreement|settlement|sale)\b"
)
#: What others say of somebody: "Halden said to plan a sale".
_TOLD = frozenset(("said", "believed", "thought", "rumored", "rumoured", "reported", "understood"))
_NOT_A_SUBJECT = frozenset(
    ("a", "an", "the", "of", "in", "on", "at", "for", "from", "with", "by", "to", "and", "or", "not")
)


@dataclass(frozen=True, slots=True)
class _Left:
    """The words in prose.yaml."""

    the: frozenset[str]
    the_names: tuple[str, ...]
    the_heads: tuple[tuple[str, ...], ...]
    the_subjects: tuple[str, ...]
    counted: frozenset[str]
    states: frozenset[str]
    one: frozenset[str]
    done: frozenset[str]
    after_done: frozenset[str]
    given: frozenset[str]
    about: frozenset[str]
    doing: frozenset[str]


def as_prose(clause: str, names: Names) -> str:
    """Return ``clause``, in sentence case, with the articles and the form of "be" that a sentence needs."""
    text = _AFTER_BY.sub(_with_the, _with_article(_with_being(_with_and(clause)), names))
    return _IN_STATE.sub(r"\g<before> the \g<name>", _ONE_MORE.sub(r"\g<before> a ", text))


def _with_and(clause: str) -> str:
    """Return ``clause`` with "and" for the comma between two subjects, two verbs of one, or two names at its end."""
    clause = _TWO_AT_END.sub(r"\g<first> and \g<second>", clause)
    words = clause.split()
    commas = [at for at, word in enumerate(words) if word.endswith(",")]
    if len(commas) != 1:
        return clause  # a list, or what explains a name between two commas
    end = commas[0] + 1
    start = max((at + 1 for at in range(end) if words[at] in _BEGINS_ANEW), default=0)
    first = [*words[start : end - 1], words[end - 1].rstrip(",")]
    joined = " ".join((*words[: end - 1], first[-1], "and", *words[end:]))
    if _goes_on_with_verb(words, end):
        return joined
    opens = is_adverb(first[0].casefold()) or first[0].casefold().endswith(("ed", "ing")) or first[0] in _CALLS
    opens = opens or any(mark in " ".join(words[:end]) for mark in "‘“")
    opens = opens or not _NO_SUBJECT.isdisjoint(word.casefold() for word in first if word.casefold() != "of")
    if not 1 <= len(first) <= NOUN_PHRASE_WORDS or opens or has_main_verb(" ".join(first)):
        return clause
    for at in range(end + 1, min(end + NOUN_PHRASE_WORDS, len(words))):
        second, verb = [word.casefold() for word in words[end:at]], words[at]
        if verb in _SHOWING or "and" in words[end : at + 2]:
            return clause  # "…, figures show", and "hints, answers and help"
        if verb in _OF_SEVERAL or (verb.islower() and is_base_verb(verb)):
            explains = second[0] in _EXPLAINS | _left().states or second[0].endswith("ing")
            acts = verb not in _OF_SEVERAL and any(map(is_certain_verb, second))
            if explains or acts or any(map(is_adverb, second)):
                return clause
            return joined
    return clause


def _goes_on_with_verb(words: Sequence[str], end: int) -> bool:
    """Return whether at ``end`` the subject does something else: "Halden sells a port, | cuts jobs"."""
    if len(words) < end + 2 or not has_main_verb(" ".join(words[:end]).rstrip(",")):
        return False
    verb, following = words[end], words[end + 1].casefold()
    if not _is_of_one(verb) or verb in _SAYING | _RISING:
        return False
    acts = following in _OF_SEVERAL or is_base_verb(following) or following in _AFTER_HEAD | {"due", "up", "down"}
    return not acts and any(map(_is_of_one, words[1 : end - 1]))


def _is_no_adjective(word: str) -> bool:
    """Return whether no article can stand before ``word`` and a noun of one thing: "costs", "fastest", "the"."""
    return word in _ARTICLES or is_plural_noun(word) or is_certain_verb(word) or word.endswith(("s", "est", ":"))


def _is_of_one(word: str) -> bool:
    """Return whether ``word`` may be a verb of one in the present: "sells"."""
    return word.islower() and word.endswith("s") and is_verb_form(word)


def _with_the(match: re.Match[str]) -> str:
    """Return "by the EU" for "by EU"; what no article belongs to stays."""
    name = match["name"]
    return f"{match['before']} the {name}" if name.casefold() in _left().the else match[0]


@cache
def within_sentence(name: str) -> str:
    """Return the name of a subject or an authority as it stands within a sentence: "inflation", "the SEC"."""
    folded = name.casefold()
    if folded.endswith(" act") or with_its_article(name) != name:
        return f"the {name}"
    own_case = _INNER_CAPITAL.search(name) or any(word[0].isupper() for word in name.split()[1:])
    if _PLAIN.fullmatch(name) and not own_case:  # not "IPO", "Covid-19", "Prime Day"
        name = first_lowered(sentence_case(name, Names(), title=True), Names())
    if folded in _left().the_subjects:
        return f"the {name}"  # "debt ceiling" has lost its capital
    last = name.split()[-1]
    if last.casefold() in _left().counted:
        return f"{name[:-1]}ies" if last.endswith("y") else f"{name}es" if last.endswith(("ch", "x")) else f"{name}s"
    return name


@cache
def with_its_article(name: str) -> str:
    """Return a name as it stands within a sentence: "the NHS", "the Strait of Hormuz", "Halden"."""
    folded, left = name.casefold(), _left()
    place = folded in left.the_subjects and all(word[0].isupper() for word in name.split() if len(word) > 2)
    return f"the {name}" if folded in left.the or folded in left.the_names or place else name


def _with_being(clause: str) -> str:
    """Return ``clause`` with "has been" before what was done to its subject, or "is" before what is about to be."""
    words = clause.split()
    folded = [word.strip(_EDGE).casefold() for word in words]
    left = _left()
    for index in range(1, min(len(words), SUBJECT_WORDS)):
        before, word = folded[index - 1], folded[index]
        following = folded[index + 1] if index + 1 < len(words) else ""
        if (
            before in _NOT_A_SUBJECT
            or words[index - 1].endswith((",", ":", ";"))
            or _POSSESSIVE.search(words[index - 1])
        ):
            if word in left.done | left.about | left.doing:
                return clause
            continue
        if words[index][:1].isupper():
            continue
        if before in _HOW_MANY and word in left.doing:
            continue
        several = _is_plural(words[:index], folded[:index])
        if word == "no" and following == "longer" and "".join(folded[index + 2 : index + 3]).endswith("ing"):
            return _inserted(clause, words, index, "are" if several else "is")
        if word == "found" and _VERDICT.match(" ".join(folded[index + 1 : index + 4])):
            return _inserted(clause, words, index, "have been" if several else "has been")
        if word in _FOUND and before in _THINGS_FOUND and following in left.after_done:
            return _inserted(clause, words, index, "have been" if several else "has been")
        if word in _FELT and before not in _BEING and (following in left.after_done or not following):
            return (
                clause
                if is_verb_form(before) and not several
                else _inserted(clause, words, index, "are" if several else "is")
            )
        if word in _UNTOUCHED and following == "by":
            return _inserted(clause, words, index, "are" if several else "is")
        by_somebody = (word.endswith("ed") and following == "by") or (word in _HIT and following in ("by", "with"))
        if word == "awarded" and (what := _given(words, index)):
            form = "have been" if several else "has been"
            return " ".join((*words[:index], form, "awarded", what, *words[index + 1 :]))
        is_fined = word == "fined" and _is_amount(
            [w for w in words[index + 1 : index + 4] if w.casefold() not in _MORE]
        )
        reports = _SAYS.intersection(folded[:index])  # "experts warn the tool exploited by": a clause of its own
        if word in left.done and index > 2 and not reports and has_main_verb(" ".join(words[:index])):
            return clause  # "Halden and Orvix announce a recall of pumps sold in": what describes the pumps
        if by_somebody or is_fined or (word in left.done and (following in left.after_done or not following)):
            return _inserted(clause, words, index, "have been" if several else "has been")
        if _STATES.match(" ".join(folded[index : index + 4])):
            before_it = words[: index - (before in _RISING)]
            if (
                before in _BEING
                or (is_verb_form(before) and before not in _RISING)
                or has_main_verb(" ".join(before_it))
            ):
                return clause
            return _inserted(clause, words, index, "are" if several else "is")
        if word in _RISING and _STATES.match(" ".join(folded[index + 1 : index + 5])):
            continue  # "shares under pressure"
        if word == "to" and before in _SHOWN and index > 1 and words[index - 1].islower():
            before_it = words[: index - 1]
            if (index > 2 and has_main_verb(" ".join(before_it))) or folded[index - 2] in _BEING:
                return clause
            several = _is_plural(before_it, folded[: index - 1])
            return _inserted(clause, words, index - 1, "have been" if several else "has been")
        if word == "to" and before in _ON_THE_WAY and index > 2 and folded[index - 2] == "on":
            if has_main_verb(" ".join(words[: index - 2])) or folded[index - 3] in _BEING:
                return clause
            several = _is_plural(words[: index - 2], folded[: index - 2])
            return _inserted(clause, words, index - 2, "are" if several else "is")
        if word == "to" and is_headline_future(words, folded, index, 0):
            if (
                before in _PARTICLES
                or has_main_verb(" ".join(words[:index]))
                or (is_verb_form(before) and words[index - 1].islower() and several)
                or _does_something(words[: index - 1], folded)
            ):
                return clause  # "Halden and Orvix team up to build", "shares continue to fall"
            return _inserted(clause, words, index, "are" if several else "is")
        if (
            word in ("up", "down")
            and before not in _WITH_UP
            and (_is_amount(words[index + 1 : index + 3]) or (before in _RISING and following in _WHILE))
        ):
            return _inserted(clause, words, index, "are" if several else "is")
        if (
            word == "due"
            and following == "to"
            and not is_base_verb(folded[index + 2] if index + 2 < len(folded) else "")
        ):
            return clause  # "bonds frozen due to sanctions"
        if word in _TOLD and following == "to" and is_base_verb(folded[index + 2] if index + 2 < len(folded) else ""):
            return _inserted(clause, words, index, "are" if several else "is")
        if word in left.about and following in ("to", "for"):
            return _inserted(clause, words, index, "are" if several else "is")
        ends = _BREAKS | {"to"}
        aim = next((at for at in range(index + 1, len(words)) if folded[at] in ends), len(words))
        goes_on = before in _GOING_ON and folded[index - 2] not in _BEING
        subject = words[: index - 1] if goes_on else words[:aim]
        if word in left.doing and (goes_on or following) and not has_main_verb(" ".join(subject)):
            several = _is_plural(words[: index - goes_on], folded[: index - goes_on])
            return _inserted(clause, words, index, "are" if several else "is")
        if word in _RISING and following in ("up", "down"):
            after = folded[index + 2] if index + 2 < len(words) else ""
            if _is_amount(words[index + 2 : index + 4]) or after in _WHILE:
                continue  # "exports up 16%"
        if word in _SHOWN and following == "to":
            continue  # "Drug found to cut the risk"
        if following in _GOING_ON and index + 2 < len(words):
            following = folded[index + 2]
        nouns = following in left.done | left.about | left.doing and (
            word in _RISING or not is_certain_verb(word)
        )  # "shares halted after"
        finite = is_certain_verb(word) or (is_verb_form(word) and word.endswith(("s", "ed")))
        if finite and not nouns:
            return clause
    return clause


def _does_something(words: Sequence[str], folded: Sequence[str]) -> bool:
    """Return whether a word within ``words`` may be their verb: "Senate advances | measure to end …"."""
    return any(
        words[at].islower()
        and words[at].endswith("s")
        and is_verb_form(folded[at])
        and folded[at - 1] not in _NOT_A_SUBJECT
        for at in range(1, len(words))
    )


def _given(words: Sequence[str], index: int) -> str:
    """Return the article of what is given after ``index``: "awarded | an | FAA contract"; empty if it needs none."""
    for at in range(index + 1, min(len(words), index + 1 + NOUN_PHRASE_WORDS)):
        if words[at].strip(_EDGE).casefold() in _left().given and words[index + 1].casefold() not in _ARTICLES:
            first = words[index + 1]
            spelled = first.isupper() and len(first) <= SHORT_NAME and first[0] in _VOWEL_LETTERS
            eight = re.match(r"[$€£]?(?:8|11\b|18\b)", first) is not None
            vowel = not first.isupper() and _STARTS_WITH_VOWEL_SOUND.match(first) is not None
            return "an" if spelled or eight or vowel else "a"
    return ""


def _is_amount(words: Sequence[str]) -> bool:
    """Return whether ``words`` begin with an amount: "12%", "almost $4bn"."""
    near = words[1:2] if words and words[0].casefold() in ("almost", "nearly", "over", "about", "by") else words[:1]
    return bool(near) and re.match(r"[$€£]?\d", near[0]) is not None


def _inserted(clause: str, words: Sequence[str], index: int, being: str) -> str:
    """Return ``clause`` with ``being`` at ``index``, unless a verb further on shows that its main verb is another.

    An adverb before it stands within: "Halden has again been accused".
    """
    for at in range(index + 1, len(words)):
        before, word = words[at - 1], words[at]
        if at > index + 1 and words[at - 2].casefold() == "to":
            continue  # "to access tests"
        bare = word.strip(_EDGE).casefold()
        if bare in _BREAKS:
            break
        if (
            is_certain_verb(bare)
            and word[:1].islower()
            and before.casefold() not in ("to", "be", "that", "which", "who")
        ):
            return clause  # "A man charged with fraud pleads guilty"
    form, _, rest = being.partition(" ")
    if index > 1 and not rest and words[index - 1].casefold() in _GOING_ON:
        return " ".join((*words[: index - 1], being, *words[index - 1 :]))
    if index > 1 and is_adverb(words[index - 1].casefold()):
        return " ".join((*words[: index - 1], form, words[index - 1], *rest.split(), *words[index:]))
    return " ".join((*words[:index], being, *words[index:]))


def _with_article(clause: str, names: Names) -> str:
    words = clause.split()
    folded = [word.strip(_EDGE).casefold() for word in words]
    left = _left()
    if len(words) < 2 or words[0][0] in "“‘\"'":
        return clause
    if _is_one_of_a_place(words, folded):
        return f"The {clause}"
    if folded[0] in _DETERMINERS:
        return clause
    size = next((len(name.split()) for name in left.the_names if folded[: len(name.split())] == name.split()), 0)
    if (
        not size
        and folded[0] in left.the
        and (words[0].isupper() or folded[0] in ("fed", "pentagon", "kremlin", "senate"))
    ):
        size = 1
    if size and len(words) > size and _acts(words, size):
        return f"The {clause}"
    for index in range(min(NOUN_PHRASE_WORDS, len(words) - 1)):
        if folded[index] in left.one and _acts(words, index + 1):
            modifiers = words[:index]
            if any(
                is_adverb(word) or (at and words[at].islower() and is_verb_form(word))
                for at, word in enumerate(folded[:index])
            ):
                return clause  # "Halden reportedly mixed customer funds", but not "Halden Teams security flaw lets"
            if any(word[:1].isdigit() or _POSSESSIVE.search(word) for word in modifiers) or _NOT_A_SUBJECT & set(
                folded[:index]
            ):
                return clause
            if index and words[index][:1].isupper():
                return clause  # "Federal Court": a name
            if folded[index + 1] in ("shares", "stocks", "bonds"):
                return clause  # "Regional bank shares": a noun, and not what a bank does
            if index and folded[index] in _OF_ITSELF and folded[index - 1] in names.words:
                return clause  # "Barclays bank"
            rest = first_lowered(clause, names)
            if index and folded[0] in _ALWAYS_LOWER:
                rest = rest[0].lower() + rest[1:]  # "Federal" is a name in "Federal Reserve" only
            return f"{'An' if _STARTS_WITH_VOWEL_SOUND.match(rest) else 'A'} {rest}"
        of_many = folded[index] in _ONE_OF_MANY and folded[index + 1] in ("of", "in", "for")
        of_many = of_many and not any(map(_is_no_adjective, folded[:index]))
        if of_many and (index == 0 or words[index].islower()):
            if index and (words[0][1:] != words[0][1:].lower() or first_lowered(clause, names)[0].isupper()):
                return clause  # "Halden unit of": a name
            rest = first_lowered(clause, names)
            return f"{'An' if _STARTS_WITH_VOWEL_SOUND.match(rest) else 'A'} {rest}"
        if index and is_certain_verb(folded[index]):
            return clause
    return clause


def _is_one_of_a_place(words: Sequence[str], folded: Sequence[str]) -> bool:
    """Return whether ``words`` begin with what a place has one of, and it acts: "Ohio attorney general sues"."""
    for at in range(1, NOUN_PHRASE_WORDS):
        for head in _left().the_heads:
            end = at + len(head)
            if tuple(folded[at:end]) == head and len(words) > end and _acts(words, end):
                names = words[:at]
                return folded[0] not in _NOT_A_SUBJECT and all(
                    word[:1].isupper() and not _POSSESSIVE.search(word) for word in names
                )
    return False


def _acts(words: Sequence[str], index: int) -> bool:
    """Return whether a verb stands at ``index``."""
    word = words[index].strip(_EDGE)
    if not word[:1].islower():
        return False
    return is_verb_form(word.casefold()) or is_certain_verb(word.casefold())


def _is_plural(words: Sequence[str], folded: Sequence[str]) -> bool:
    """Return whether the subject in ``words`` is plural: "accounts", "Halden and Orvix", "shares of Halden"."""
    end = next((at for at, word in enumerate(folded) if at and word in _AFTER_HEAD), len(words))
    if folded[0] in _SEVERAL:
        return True
    if "and" in folded[:end]:
        return True
    commas = [at for at in range(end - 1) if words[at].endswith(",")]
    if len(commas) == 1 and folded[0] not in _NO_SUBJECT and folded[commas[0] + 1] not in _left().states | _EXPLAINS:
        return True  # "the bank's managers, parent company", but not "In May, Halden" or "Portland, Oregon"
    head, bare = words[end - 1], folded[end - 1]
    if head[:1].isupper() and (end > 1 or not is_ordinary(bare)):
        return False
    return is_plural_noun(bare)


@cache
def _left() -> _Left:
    raw: dict[str, Any] = read_yaml("words", "prose.yaml")
    listed = {
        name: frozenset(raw[name].split())
        for name in ("the", "one", "done", "after_done", "given", "about", "doing", "counted", "states")
    }
    heads = tuple(tuple(name.split()) for name in raw["the_heads"])
    return _Left(the_names=tuple(raw["the_names"]), the_heads=heads, the_subjects=tuple(raw["the_subjects"]), **listed)
