"""Turns headlines and sentences of the evidence into one clause that says what happened. Pure.

A clause consists of words of its source in their order: labels, credits, bullets and tails are left out, and the case
of letters is that of running text. Nothing is added or replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from services.notifier.drafting.casing import (
    Names,
    capitalized,
    is_given_name,
    is_known_name,
    is_title_case,
    sentence_case,
)
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.dictionary import is_ordinary
from services.notifier.drafting.headline_prose import ADDED_WORDS, as_prose
from services.notifier.drafting.listing_codes import without_codes
from services.notifier.drafting.preliminary import is_preliminary
from services.notifier.drafting.tokens import fold
from services.notifier.drafting.tone import EMOJI
from services.notifier.drafting.verbs import has_main_verb, is_verb_form, takes_infinitive

__all__ = [
    "clauses_in",
    "clean_title",
    "is_chat",
    "is_quotable",
    "is_sneer",
    "is_statement",
    "names_paper",
    "shorter",
    "stands_in",
]

#: A clause with more words isn't read in one breath; with fewer it says little.
MOST_WORDS, FEWEST_WORDS = 30, 4
#: A heading with the sentence that it runs on into has more words.
HEADLINE_WORDS = 15
#: A label before a colon has at most so many words.
LABEL_WORDS = 4
#: Newsroom labels that say nothing to a reader.
_LABEL = re.compile(
    r"^(?:(?:breaking(?: news)?|exclusive|just in|watch|live|alert|update(?:d)?(?: \d+)?|wrapup(?: \d+)?"
    r"|press release|[A-Z][\w-]{1,15}\+|news|opinion|analysis|unconfirmed|correction|corrected"
    r"|(?-i:BRIEF|RPT|REFILE|FLASH|URGENT|ALERT|ADVISORY|REPEAT|BUZZ|DEALS))\s*[:\-–—|]+\s*)+",
    re.IGNORECASE,
)
_OUTLET = re.compile(r"\s+[|–—-]\s+(?P<outlet>[^|–—]{2,40})$")
#: Datelines, credits and the like before the first sentence.
_HEADS = (
    re.compile(r"^[A-Z][A-Z .,/-]{2,40}(?:, \w+\.? \d{1,2})?\s*\([^)]{2,30}\)\s*[-–—:]*\s*"),  # OSLO (Wire) -
    re.compile(r"^(?:[A-Z][\w.’'-]+ ){1,3}/ [\w.&’' -]{2,40}:\s+"),  # Ann Lee / The Ledger:
    re.compile(r"^.{0,60}\bquotes a report from [^:]{2,40}:\s+", re.IGNORECASE),
    re.compile(r"^(?:exclusive|by [A-Z][\w.’'-]+ [A-Z][\w.’'-]+)\s*[:–—-]\s+", re.IGNORECASE),
)
#: The label of a live page, before a sentence of it.
_LATEST = re.compile(r"^(?:.{0,80}\blive\b\s*[–—-]\s*)?latest (?:updates|news)\s+(?=[A-Z])", re.IGNORECASE)
_CREDIT = re.compile(
    r"^(?:image|photo|picture|illustration|graphic|credit|screenshot)s?(?: credit:?| by|:)\s", re.IGNORECASE
)
_ASIDE = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])")
#: Separates what a headline strings together.
_STRUNG = re.compile(
    r"\s*[•|·;]\s*|\s+[–—]+\s+|\s+-+\s+|\s?—\s?|-{2,}"
    r"|(?<=[\w”’\"']{3}[.!])(?<!Inc\.|Ltd\.|Gov\.|Gen\.|Sen\.|Rep\.|est\.|Sec\.)(?<!Cos\.|Mrs\.)(?<!Corp\.|Prof\.|Bros\.)"
    r"\s+(?=[A-Z“\"‘])|(?<= [A-Z]{2}\.)\s+(?=[A-Z][a-z])"
)
#: Between a name and its verb: "Halden, a network that carries 20% of the traffic, | is down".
_WHO_IT_IS = re.compile(
    r"^(?P<name>(?:\S+ ){0,3}\S+), [^,]*\b(?:that|which|who)\b[^,]*, (?=(?:is|are|was|were|has|have|had|will)\b)"
)
#: What so begins takes back what stands before it.
_LIMITS = re.compile(
    r"(?:but|yet|though|although|except|unless|only if)\b"
    r"|(?:it|that|this|they)\b[^.!?]{0,20}?(?:n['’]t|\bnot|\bnever)\b",
    re.IGNORECASE,
)
#: "one day" in "drops its bid one day | after announcing it", and what opens "In win for the union, Halden settles".
_INTERVAL = re.compile(r",?(?: just| only)?(?: \w+)? (?:hours?|days?|weeks?|months?|years?)$")
_OPENING = re.compile(r"^(?:In (?:an? )?|After |Following |Amid |Despite )[^,]{3,40}, ")
#: Words that are enough without a place.
ENOUGH_WORDS = 6
_PLACE = re.compile(
    r" (?:in|across|at|on|during|under|via|through)(?= )"
    r"(?! (?:least|most|all|average|track|top|hold|line|talks|\d{1,3}|funding|fines|damages|cash|debt|aid|loans|"
    r"revenue|sales|costs|losses|fees|taxes|penalties)\b)"
)
#: After one of these, "in …" says of what: "a record jump in basic pay".
_OF_WHAT = re.compile(r"\b(?:jump|rise|fall|drop|increase|decrease|decline|cut|growth|change|surge|slump|spike|dip)s?$")
#: A comma and one of these begin an apposition.
_APPOSITIONS = frozenset(("a", "an", "two", "three", "its", "first", "biggest", "largest", "highest", "lowest", "most"))
#: Labels before a colon that say where the news stands.
_FILED = re.compile(r"(?:filing|filings|results|data|earnings|figures)$", re.IGNORECASE)
_NEWS_OF_DAY = re.compile(
    r"(?:^|(?<![\d(])(?<!from)(?<!until)(?<!by)(?<!as of)\s)(?:today|yesterday|tonight)\b(?![’'-])", re.IGNORECASE
)
_RELATIVE = re.compile(
    r"\b(?:today|yesterday|tonight|tomorrow|this (?:morning|afternoon|evening)|last night)\b", re.IGNORECASE
)
#: That others report it too says nothing of them.
_OTHERS_SAY = re.compile(
    r",? (?:multiple|several|various|local|other) (?:media|(?:news |media )?outlets?) (?:report|say|said|reported)"
    r"(?: (?:on )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)?\.?$"
    r"|,? according to (?:multiple|several|media|news) reports?\.?$",
    re.IGNORECASE,
)
#: Who says it, at the end: headlines often leave out the comma.
_SAID_AT_END = re.compile(r"(?<=[\w’'”]) ((?:lawsuits?|sources) (?:alleges?|claims?|say))$", re.IGNORECASE)
#: Who promises or believes what stands before it: "Rules will help, official vows".
_CLAIMED = re.compile(
    r"\b(?:vow|pledge|promise|insist|argue|believe|predict|allege|admit|estimate|suggest|conclude|hope|think|fear)(?:s|d|ed)?$",
    re.IGNORECASE,
)
#: What happened, after a headline's outcry without a verb: "Long queues | as Halden reopens its shops".
_OUTCRY = re.compile(r"^(?P<cry>(?:[\w’'-]+ ){1,3})as (?=\S)")
#: Nothing that explains one of these is left out.
_OPEN_ENDS = (
    " everything",
    " something",
    " anything",
    " nothing",
    " those",
    " what",
    " all",
    " one",
    " ones",
    " no longer",
    " even",
    " result",
    " resulted",
)
#: A heading that runs on into a sentence without a full stop: "… low prices The government has …".
_GLUED = re.compile(
    r"(?<=[a-z0-9])\s+(?=(?:The|A|An|It|In|But|He|She|They|We|This|That|For|On|At|As|If|People)\s[a-z])"
)
_RUNS_ON = re.compile(r"(?<=\s)[a-z’'-]{4,}\s+(?=[A-Z][a-z]{3,} [a-z])")
#: A name with its verb, where a sentence begins with it: "Halden Asks for New Fees Halden is charging …".
_NAME_IS = re.compile(r"(?<=\w )(?P<name>[A-Z]\w+) (?:is|are|was|were|has|have|had|will) (?=[a-z])")
_TRUNCATED = re.compile(
    r"(?:\.\.\.|…)|[,;:–—&-]$|\b(?:an?|and|at|by|for|from|in|of|or|the|to|with|as|is|are|that|tracked|dubbed|toward|than|over|about|under|after|before|into|its|their)$"
    r"|\b(?:that|which) (?:was|were|is|are) \w+$"
    r"|\b(?:that|which|who|whose)(?: (?:the|an?|its|his|her|their|two|three|several|some|many|real|new))*"
    r"(?: [\w’'-]+)?$",
    re.IGNORECASE,
)
_BROKEN = re.compile(
    r"\. Plus\b|(?<= [A-Z]{2})\. [A-Z][a-z]"
    r"|(?<![\w.])[a-z]{3,}\. [a-z]|(?<=[a-z]{4})(?<!Corp)(?<!Prof)(?<!Bros)[.,]?[’'\"”]?\. \w"
    r"|\b(?:acquires|buys|to acquire|to buy) (?:with|of|on|at|by|like|after|over)\b"
    r"|\bY/Y\b|\bQ/Q\b|\bEPS view\b|\bYoY\b"
    r"|\d[A-Z]{4,}|(?<![A-Z])\$[A-Za-z]|[?!•|@#<>{}\[\]]|https?:|www\.|\d/\d{1,2}/\d"
)
_STRAIGHT = re.compile(r"(?<![\w\d])\"([^\"]+)\"(?!\w)")
_QUOTED = re.compile(r"“[^“”]*”|\"[^\"]*\"|‘[^‘’]*’|(?<!\w)'[^']*'(?!\w)")
#: The full stop of an abbreviation at the end belongs to it.
_ABBREVIATED = re.compile(r"\b(?:[A-Z]\.)+[A-Z]$|\b(?:Inc|Corp|Ltd|Co|Jr|Sr)$")
_CHAT = re.compile(r"(?:^|: )(?:we|I)(?:['’](?:re|ve|ll|m))?\b", re.IGNORECASE)
#: The last two names of a list, before "and" and after a name.
_LISTED = re.compile(r"[A-Z][\w’'-]*, [A-Z][\w’'-]*(?: [A-Z][\w’'-]*)?$")
_GOES_ON = re.compile(r"\b(?:of|in|for|like|with|including) [A-Z][\w’'-]*, [A-Z][\w’'-]* and [A-Z]")
#: A tail whose last word says what was done: no verb of its own if it is one of :data:`PUT_OUT`.
_BARE_TAIL = re.compile(r",? (?:as|after|while|amid) (?P<who>[^,;:]{2,60}) (?P<done>[a-z]+)$")
#: Nobody does one of these without an object, so that at an end it was done.
PUT_OUT = frozenset(
    ("revealed", "announced", "unveiled", "disclosed", "uncovered", "named", "sacked", "accused", "charged", "sued")
)
#: The signs of a registered name.
_MARKED = re.compile(r"[™®℠©]")
_DASH = re.compile(r" [–—-] ")
_CUT = re.compile(r",\s+|\s+[–—-]\s+|;\s+|\s+(?=[a-z])")


def clean_title(title: str, *outlets: str) -> str:
    """Return a headline without newsroom labels, codes of shares, emoji and the outlet's own name at its end."""
    text = _LABEL.sub("", without_codes(" ".join(EMOJI.sub(" ", title).split())))
    names = {name.casefold().removeprefix("the ") for name in outlets if name}
    while (match := _OUTLET.search(text)) is not None:
        outlet = match["outlet"].casefold().strip().removeprefix("the ")
        if outlet not in names and "|" not in match[0]:
            break
        text = text[: match.start()]
    return text.strip(" -–—|")


def clauses_in(text: str, names: Names, *, has_speaker: bool = True) -> Iterator[str]:
    """Yield the clauses in ``text``, a headline or a sentence, that state something, the firmest choice first.

    ``has_speaker``: what stands before a colon may be who says so, so that the rest doesn't stand alone.
    """
    title = is_title_case(text)
    for piece in _pieces(text, has_speaker):
        clause = as_prose(_without_bare_tail(_trimmed(sentence_case(piece, names, title=title))), names)
        if is_statement(clause):
            yield clause
        elif is_statement(without := _WHO_IT_IS.sub(r"\g<name> ", clause)):
            yield without
        elif (cut := _longest_statement(clause)) is not None:
            yield cut
        elif (cry := _OUTCRY.match(clause)) is not None and not has_main_verb(cry["cry"]):
            rest = capitalized(clause[cry.end() :])
            if is_statement(rest):
                yield rest


def is_statement(clause: str) -> bool:
    """Return whether ``clause``, in sentence case, says by itself that something is, was or will be done."""
    words = clause.split()
    if not FEWEST_WORDS <= len(words) <= MOST_WORDS or _BROKEN.search(clause) or _TRUNCATED.search(clause):
        return False
    own = _QUOTED.sub("‘’", clause)
    if _RELATIVE.search(own) or ":" in own or ";" in own or not _is_balanced(clause) or _GLUED.search(clause):
        return False
    rules = _rules()
    if rules["openings"].match(own) or rules["personal"].search(own) or rules["teasers"].search(own):
        return False
    if names_paper(own):
        return False
    return has_main_verb(own)


def is_quotable(sentence: str) -> bool:
    """Return whether a whole sentence may be quoted as news: no teaser, chat or joke, and it stands alone."""
    own, rules = _QUOTED.sub("‘’", sentence), _rules()
    whole = sentence.endswith(".") and not _BROKEN.search(sentence) and not _TRUNCATED.search(sentence.rstrip("."))
    promises = (
        rules["hearsay"].match(own)
        or rules["openings"].match(own)
        or rules["personal"].search(own)
        or rules["teasers"].search(own)
    )
    return whole and not promises and not is_sneer(sentence) and has_main_verb(own)


def names_paper(text: str) -> bool:
    """Return whether ``text`` names a paper in place of what it says: "Halden Q1 earnings call summary"."""
    return _rules()["papers"].search(text) is not None


def is_chat(text: str) -> bool:
    """Return whether ``text`` is a newsroom speaking of itself: "We’re reading about …"."""
    return _CHAT.search(_QUOTED.sub("‘’", text)) is not None


def is_sneer(clause: str) -> bool:
    """Return whether ``clause`` mocks, jokes or shouts, so that another is preferred."""
    return _rules()["sneers"].search(clause) is not None


def shorter(clause: str, characters: int, tells: Callable[[str], bool] = bool) -> str | None:
    """Return ``clause`` within ``characters``, without trailing clauses if it is longer; None if too much would go.

    ``tells``: whether what is left still tells the news.
    """
    for candidate in dict.fromkeys((clause, _without_given_names(clause), _without_opening(clause))):
        candidate = capitalized(candidate)
        if len(candidate) <= characters and tells(candidate):
            return candidate
        for cut in (*_cuts(candidate), *_without_place(candidate)):
            if len(cut) <= characters and tells(cut) and is_statement(cut):
                return cut
    return None


def _without_opening(clause: str) -> str:
    """Return ``clause`` without when or after what it happened at its beginning, unless that limits what is said."""
    opening = _OPENING.match(clause)
    return clause if opening is None or is_preliminary(opening[0]) else clause[opening.end() :]


def _without_place(clause: str) -> Iterator[str]:
    """Yield ``clause`` without where and by what means it happened at its end, if enough is left."""
    for match in reversed(list(_PLACE.finditer(clause))):
        head = clause[: match.start()]
        kept = _rules()["keeps"].search(clause, match.start()) or is_preliminary(clause[match.start() :])
        is_open = head.casefold().endswith(_OPEN_ENDS)
        is_open = is_open or (match[0].strip() == "in" and _OF_WHAT.search(head.casefold()) is not None)
        if len(head.split()) >= ENOUGH_WORDS and _is_balanced(head) and not kept and not is_open:
            yield head


def _without_given_names(clause: str) -> str:
    """Return ``clause`` with people by their surnames: "Elon Musk" is known as "Musk"."""
    words = clause.split()
    kept = [
        word
        for before, word, following in zip(["", *words], words, [*words[1:], ""], strict=False)
        # "Halden's Ann Smith" would become a name that nobody has
        if not (is_given_name(word) and following[:1].isupper() and len(following) > 2 and not before.endswith("s"))
    ]
    return " ".join(kept)


def stands_in(clause: str, text: str) -> bool:
    """Return whether all words of ``clause`` stand in ``text``, in this order, but for what makes a headline prose."""
    words, at = fold(text).split(), 0
    for word in fold(clause).split():
        if words[at : at + 1] == [word]:
            at += 1
        elif word in ADDED_WORDS:
            continue
        elif word in words[at:]:
            at = words.index(word, at) + 1
        else:
            return False
    return True


def _pieces(text: str, has_speaker: bool) -> Iterator[str]:
    """Yield ``text`` without what is not part of the news, then what it strings together, each by itself."""
    text = without_codes(" ".join(EMOJI.sub(" ", text).split()))
    for head in _HEADS:
        text = head.sub("", text)
    if _CREDIT.match(text):
        return
    text = _ASIDE.sub("", text).strip(" -–—|•")
    text = _after_heading(text)
    glued = _GLUED.split(text) if len(text.split()) > MOST_WORDS // 2 else [text]
    if len(glued) == 2:
        yield glued[1]
        text = glued[0]
    parts = [part.strip() for part in _STRUNG.split(text) if part.strip()]
    # "Halden gets a fix – but it breaks the pumps": half of it says something else than the whole.
    limited = next((at for at, part in enumerate(parts) if at and _LIMITS.match(part)), None)
    if limited is not None:
        parts = [*parts[: limited - 1], *parts[limited + 1 :]]
    for part in parts:
        yield from _two_statements(part)
    for part in parts:
        part = _LATEST.sub("", part)
        yield part
        yield from _beside_colon(part, has_speaker)
    if len(parts) > 1 or limited is not None:
        yield text


def _two_statements(part: str) -> Iterator[str]:
    """Yield both halves of a headline that joins two pieces of news: "Halden sells its port, and Orvix cuts jobs"."""
    title = is_title_case(part)
    for match in re.finditer(r", (?P<and>and )?(?=[A-Z“‘\"'])", part):
        halves = part[: match.start()], part[match.end() :]
        if _LISTED.search(halves[0]) if match["and"] else _GOES_ON.search(part[: match.start()] + match[0] + halves[1]):
            continue  # "tools in Orvix, Halden, and Velmont", "the maker of Orvix, Halden and Velmont"
        if _CLAIMED.search(halves[1]):
            continue  # on whose word it is
        cased = [sentence_case(half, Names(), title=title) for half in halves]
        if not all(map(is_statement, cased)):
            continue
        if match["and"] is None and not _is_spliced(part, cased[1]):
            continue
        yield from reversed(halves)


def _is_spliced(part: str, second: str) -> bool:
    """Return whether a comma alone joins ``second`` to the news before it: no "they say", no list, no "cuts jobs"."""
    opening = second.split()[0].casefold()
    finite = has_main_verb(second.partition(" to ")[0])
    return part.count(", ") == 1 and finite and not (_rules()["says"].search(second) or is_verb_form(opening))


def _after_heading(text: str) -> str:
    """Return ``text`` without a heading that runs on into its first sentence: "… of the pump Owners of pumps are …"."""
    if (again := _NAME_IS.search(text)) is not None:
        heading, rest = text[: again.start()].split(), text[again.start() :]
        in_capitals = is_title_case(" ".join(heading)) and heading[-1][:1].isupper() and not is_title_case(rest)
        if in_capitals and len(heading) >= FEWEST_WORDS and again["name"] in heading:
            return rest
    for match in () if is_title_case(text) else _RUNS_ON.finditer(text):
        rest = text[match.end() :]
        verb = match[0].strip().casefold()
        if len(text.split()) <= HEADLINE_WORDS or is_verb_form(verb) or text[: match.start()].endswith(" to "):
            continue  # "Halden lowers Switch forecasts": a name, after its verb
        word = rest.split()[0].casefold()
        is_name = not is_ordinary(word) or is_known_name(word)
        if not is_name and len(rest.split()) > ENOUGH_WORDS and is_statement(rest.rstrip(".")):
            return rest
    return text


def _beside_colon(part: str, has_speaker: bool) -> Iterator[str]:
    """Yield what stands before a colon, and what follows a label there rather than a name."""
    before, colon, after = part.partition(": ")
    if not colon:
        return
    yield before
    words = before.split()
    if len(words) > LABEL_WORDS or _rules()["hearsay"].search(before):
        return
    ordinary = any(is_ordinary(word.casefold().strip("’'\"“”‘,")) for word in words)
    if _FILED.match(before) or (ordinary and not has_speaker):
        yield after


def _trimmed(clause: str) -> str:
    """Return ``clause`` without "today", which is another day for the reader, and without marks at its ends."""
    clause = _STRAIGHT.sub(r"“\1”", _NEWS_OF_DAY.sub("", _OTHERS_SAY.sub("", clause)))
    clause = " ".join(_MARKED.sub("", clause).split()).strip(" .,;:-–—")
    clause = _SAID_AT_END.sub(r", \1", clause)
    clause = _ABBREVIATED.sub(r"\g<0>.", clause)
    return re.sub(r"[.,](?=[”’\"']$)", "", clause)  # "… its “honesty.”", where the sentence goes on


def _without_bare_tail(clause: str) -> str:
    """Return ``clause`` without a tail that leaves out its "is": "warns of a flaw | as deadline revealed"."""
    match = _BARE_TAIL.search(clause)
    if match is None or match["done"].casefold() not in PUT_OUT or has_main_verb(match["who"]):
        return clause
    head = clause[: match.start()]
    return head if is_statement(head) else clause


def _longest_statement(clause: str) -> str | None:
    return next((cut for cut in _cuts(clause) if is_statement(cut)), None)


def _cuts(clause: str) -> Iterator[str]:
    """Yield ``clause`` without one more tail each time. Tails that tell on whose word the news is are not left out."""
    rules = _rules()
    for match in reversed(list(_CUT.finditer(clause))):
        head, tail = clause[: match.start()].rstrip(" ,;–—-"), clause[match.end() :]
        if tail.startswith(("after ", "before ")):
            head = _INTERVAL.sub("", head)
        if tail.startswith("that ") and rules["personal"].search(tail) and not rules["says"].search(head):
            yield head  # "suffers an outage | that may have reached your meetings"
            continue
        claimed = match[0].startswith(",") and _CLAIMED.search(tail)
        attributes = not rules["tails"].match(tail) and (rules["says"].search(tail) or claimed)
        if not (attributes or is_preliminary(tail)) and _is_balanced(head) and _may_go(match[0].strip(), head, tail):
            yield head


def _may_go(mark: str, head: str, tail: str) -> bool:
    """Return whether ``tail``, which follows ``mark``, can be left out without changing what ``head`` says."""
    rules = _rules()
    word = tail.split()[0].rstrip(".…") if tail else ""
    if word in ("and", "or"):
        following = tail.split()[1:3]  # "raises rates and promises more"
        return not mark and len(following) == 2 and following[0].islower() and is_verb_form(following[0])
    if head.rstrip(".").casefold().endswith(_OPEN_ENDS):
        return False  # "the real cost is everything | after the purchase"
    if word in ("who", "which", "that") and not mark:
        return False  # "sued over a clerk | who locked the door"
    if mark in ("–", "—", "-", ";"):
        return len(_DASH.findall(head)) % 2 == 0  # "the banks – Halden, Orvix and Velmont | – shared prices"
    if mark == "," and (word.endswith("ing") or word in _APPOSITIONS or (word.islower() and is_verb_form(word))):
        return True
    if not rules["tails"].match(tail) or any(rules["tails"].match(last) for last in head.split()[-4:]):
        return False  # "stays on as governor after term | as chair ends"
    if not mark and re.search(r", \w+ing\b[^,]*$", head):
        return False  # what follows the comma goes as a whole
    if word == "as" and head.endswith("ed") and has_main_verb(head.rpartition(" ")[0]):
        return False  # "contracts framed | as investments": as what
    if word == "to":
        return rules["needs_to"].search(head) is None and not takes_infinitive(head.split()[-1].casefold())
    return word != "with" or rules["needs_with"].search(head) is None


def _is_balanced(text: str) -> bool:
    pairs = (("“", "”"), ("(", ")"))
    return (
        all(text.count(left) == text.count(right) for left, right in pairs)
        and text.count('"') % 2 == 0
        and (len(re.findall(r"(?<!\w)['‘](?=\w)", text)) <= len(re.findall(r"(?<=[\w.,])['’](?!\w)", text)))
    )


@cache
def _rules() -> dict[str, re.Pattern[str]]:
    """Return the patterns in words/clauses.yaml, compiled."""
    raw: dict[str, Any] = read_yaml("words", "clauses.yaml")
    either = {name: entry if isinstance(entry, str) else "|".join(entry) for name, entry in raw.items()}
    either["sneers"] = re.sub(r"\s*\n\s*|(?<=\|) ", "", either["sneers"])
    return {name: re.compile(entry, re.IGNORECASE) for name, entry in either.items()}
