"""Prepares the text of an item for reading and quoting: removes what publishing systems and sites add to it.

Titles lose the publisher's name, newsroom labels and ticker tails; texts lose datelines, photo credits, invitations to
read on or subscribe, and what follows a press release. What remains is verbatim, apart from white space. The item
itself is never changed, because the positions of mentions refer to it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from services.matcher.text.sentences import sentences

if TYPE_CHECKING:
    from schemas.items import Item

__all__ = [
    "PreparedText",
    "is_sentence",
    "is_teaser",
    "is_truncated",
    "prepare_lead",
    "prepare_text",
    "prepare_title",
    "prepared",
    "title_of",
]

#: The lead ends after so many characters.
LEAD_CHARACTERS = 340
#: A summary shorter than this says little, and the body's beginning completes it.
SHORT_LEAD = 120
#: A longer sentence has news in it, whatever its beginning says.
BOILERPLATE_CHARACTERS = 320
#: The name of a site has at most so many words.
SITE_WORDS = 6

# ---- titles

_LABEL = re.compile(
    r"(?:"
    r"(?:breaking(?: news)?|exclusive|just in|watch(?: live| now)?|live(?: now)?|alert|updated?(?: \d+)?"
    r"|wrapup(?: \d+)?|video|in video|photos?|in photos|pictures|pictured|icymi|read|must read|news|first on \w+)"
    r"\s?(?:[:|]|\s[-–—]\s)"
    r"|(?-i:UPDATE \d+|WRAPUP \d+|BRIEF|EXCLUSIVE|RPT|REFILE)\s?[-–—]"
    r"|[\[(](?:video|updated?|breaking|exclusive|watch|live)[\])]"
    r")\s*",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"\s*(?:"
    r"[\[(](?i:video|watch(?: video| live| now)?|photos?|pictures|gallery|updated?|infographic|exclusive"
    r"|pdf|paywall|subscription required|\.\.\.|…)[\])]"
    # (Sarah Perez/TechCrunch), (Reuters)
    r"|\((?:[A-Z][\w.'’-]{0,24} ){1,4}[A-Z][\w.'’-]{0,24}/[A-Z\d][^()/]{1,30}\)"
    r"|\((?:AFP|AP|Bloomberg|CNBC|CNN|Financial Times|New York Times|Reuters|Wall Street Journal|Washington Post)\)"
    r"|\(?\b(?:NYSE(?: American| Arca)?|(?i:nasdaq)(?:GS|GM|CM)?|AMEX|OTC(?:QB|QX|MKTS)?|TSX(?:-?V)?|CSE|LSE|LON|ASX"
    r"|FRA|FSE)\s?:\s?[A-Z][A-Z.\d]{0,6}\)?"
    r"|[\[(,]?\s?\b(?:ISIN|WKN)\b:?\s?[A-Z\d]{6,12}[\])]?"
    r"|\s[|–—-]\s(?i:video|watch|photos|gallery)"
    r")$"
)
_TAIL_CHARACTERS = 90
_SEPARATOR = re.compile(r"\s[-–—:·•»~]{1,2}\s|\s?\|\s?|:\s|\s//\s")
#: Sections of a site that follow a bar at the end of a title.
_SECTIONS = frozenset(
    (
        *("business", "companies", "economy", "finance", "health", "markets", "money", "news", "politics", "science"),
        *("stocks", "tech", "technology", "world", "business news", "health news", "india news", "latest news"),
        *("markets news", "stock market news", "tech news", "technology news", "top news", "uk news", "us news"),
        "world news",
    )
)
#: Words that a publisher's name has in one place and not in another.
_NAME_ADDITIONS = frozenset(("com", "news", "online", "the"))
_HOST_ADDITIONS = frozenset(("www", "com", "news", "rss", "feeds", "finance", "edition", "go"))
_DOMAIN = re.compile(r"(?:www\.)?[a-z\d][a-z\d-]{2,30}\.(?:com|org|net|io|co\.uk|com\.au|co\.in|ca|de|in|eu)", re.I)
_WORD = re.compile(r"[^\W_]+")

# ---- texts

_NAME = r"[A-Z][\w.'’&-]{0,24}"
_NAMES = rf"{_NAME}(?:(?: |, | and | for | / |/ ?){_NAME}){{0,8}}?"
_CREDITED = r"(?:Photo(?:graph)?|Image|Illustration|Picture|Graphic)s?(?: credits?)?(?: by|:)"
_AGENCIES = (
    r"(?:AFP|ANI|AP|Bloomberg|BLOOMBERG|CNN|dpa|IANS|Kyodo|MT Newswires|PTI|Reuters|REUTERS|TNS|UPI|Xinhua|Yonhap)"
)
_PHOTO_AGENCY = (
    r"(?:Getty(?: Images)?|Shutterstock|iStock|AFP|AP(?: Photo)?|Reuters|REUTERS|NurPhoto|Unsplash|Pexels|Alamy)"
)
_MONTH = r"(?i:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[A-Za-z]{0,6}\.?"
_DATE = rf"(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d{{1,2}} {_MONTH},? \d{{4}})"
_DASH = r" ?(?:-{1,3}|–|—) ?(?:- ?)?"
#: What stands before the first sentence.
_HEADS = (
    # A caption, with the credit after a bar.
    re.compile(rf"[^|\n]{{1,300}}\| (?={_CREDITED}[^\n]{{80}})"),
    # Photo by Eric Thayer / Getty Images
    re.compile(rf"(?:{_CREDITED} )?{_NAMES} ?(?:[/;|]|via) ?{_PHOTO_AGENCY}\b[.:]? ?(?=[A-Z“\"‘\d]|$)"),
    re.compile(rf"{_CREDITED} {_PHOTO_AGENCY}\b[.:]? ?(?=[A-Z“\"‘\d]|$)"),
    # Image: Netgear Netgear is …
    re.compile(rf"{_CREDITED} ({_NAME}(?: {_NAME}){{0,2}}) (?=\1\b)"),
    # Image: Canoo When Canoo …
    re.compile(
        rf"{_CREDITED} {_NAME}(?: {_NAME}){{0,3}}? "
        r"(?=(?:A|An|After|As|At|For|If|In|It|It’s|It's|On|This|When|With) )"
    ),
    # NEW YORK, March 04, 2025 (GLOBE NEWSWIRE) --
    re.compile(
        r"[A-Z\[(/][^\n]{0,90}?"
        r"(?:\([^()\n]{0,30}(?i:news ?wire|business ?wire|newsfile|newsworthy\.ai)[^()\n]{0,12}\)"
        r"|/[^/\n]{0,20}(?i:pr ?news ?wire|pressrelease|presswire|newsfile)[^/\n]{0,30}/)"
        rf"(?: \w+day {_DATE}(?: @ \d\d?:\d\d [AP]M(?: [\w/]+)?)?)?[ \-–—:]{{0,6}}"
    ),
    # LONDON, Jan 5 (Reuters) -
    re.compile(rf"(?:{_NAME}(?:,? [A-Z\d&][\w.'’-]{{0,24}}){{0,6}},? )?\({_AGENCIES}(?: Business| News)?\){_DASH}"),
    re.compile(rf"{_AGENCIES} ?(?:—|–|--) ?"),
    # (Northgate Wire) –
    re.compile(rf"\({_NAME}(?: {_NAME}){{0,4}}\) ?(?:--?|–|—) "),
    # (Updates with statement from Halden in fifth paragraph.)
    re.compile(r"\((?:Updates?|Adds|Recasts|Rewrites|Refiles)\b[^()\n]{2,200}\) ?"),
    # DALLAS, TX -- August 8th, 2025 --
    re.compile(rf"{_NAME}(?: {_NAME}| &){{0,6}}(?:, {_NAME}(?: {_NAME})?){{0,2}},?(?:{_DASH}| )\[?{_DATE}\]?{_DASH}"),
    re.compile(
        r"(?:[Hh]ello|[Gg]ood morning)?,?(?: and )?[Ww]elcome to [^.!?\n]{3,70}? newsletter(?:[.!] ?| (?=[A-Z{])|$)"
    ),
    re.compile(
        r"(?:\{\w+\}|(?i:advertisement|sponsor message|for immediate release:?|listen to this article|in this video"
        r"|(?:share )?(?:share article via \w+ ?)+))(?=\s|$)\s*"
    ),
)
#: What stands after the last sentence of a line.
_TAIL = re.compile(
    r"(?:^|(?<=\s)|(?<=[.…!?\])+]))(?:"
    r"(?i:"
    r"[(\[]? ?(?:\.\.\.|…)? ?(?:read|continue reading|keep reading|learn|see|view) (?:more|full (?:story|article))"
    r"(?: (?:at|on) [^.!?\n]{1,40})?(?: here)?[\])]?"
    r"|continue reading(?: (?:at|on) [^.!?\n]{1,40})?"
    r"|(?:read|view) (?:the )?(?:full|whole|entire|original) (?:article|story|post|report|release)"
    r"(?: here| at [^!?\n]{1,60})?"
    r"|click here(?: (?:to|for) [^.!?\n]{1,80})?"
    r"|this story continues(?: at [^.!?\n]{1,40})?"
    r")"
    r"|\[(?:\.\.\.|…)\]"
    r"|\((?:Photo by )?(?:[A-Z][\w.'’-]{0,24} ){1,5}?[A-Z]?[\w.'’-]{0,24} ?/ ?[^()\n]{2,60}\)"
    r"|\((?i:source|art|photo|image|picture|illustration|credit|courtesy)s?(?i: by| of|:) ?[A-Z][^()\n]{1,40}\)"
    r"|\((?:Additional )?(?:Reporting|Writing|Editing|Compiled|Reported|With inputs?)\b[^()\n]{2,120}\)"
    rf"|\| {_CREDITED} [^|\n]{{2,60}}|\({_CREDITED}[^()\n]{{0,60}}"
    r")\s*[.…»›→>]*\s*$"
)
_TAIL_WINDOW = 140
_APPEARED = re.compile(r"\s*The (?:post|article) [^\n]{0,250}? (?:first )?appeared (?:first )?on [^\n]*$")
#: An invitation to subscribe, up to the word that ends it.
_INVITATION = re.compile(
    r"(?:(?i:please )?(?:Sign|SIGN) (?:up|UP)|(?:Subscribe|SUBSCRIBE)|Sign in|(?:Get|Follow|Join|Download|Read) our)\b"
    r"[^.!?\n]{0,140}?"
    r"(?i:here|inbox|e-?mails?|newsletters?|below|today|now|roundup|editions?|updates|podcasts?|published|app|blog)\b"
    r"[.!]?(?=\s+[^\Wa-z]|\s*$)\s*"
)
#: A word that every such sentence has.
_SENTENCE_HINT = re.compile(
    r"sign up|subscri|register now|view|receive|inbox|click|tap |email|us on|us at| on |e-mail|editors|account"
    r"|information|originally|first|cookies|contain|opinions|photo|image|illustration|picture|graphic|rights|©|copyright"
    r"|related|also|read next|recommended|principles|disclaimer|generated|download|catch|inputs",
    re.IGNORECASE,
)
#: The beginning of a sentence that is not about the news.
_SENTENCE = re.compile(
    r"[\s(*•>-]*(?:editor['’]s note: )?(?:"
    r"(?:please )?(?:sign up|subscribe|register now)[.!]?$"
    r"|to (?:subscribe|sign up|view past editions|view the full|read the full|receive [\w ]{0,30}alerts?"
    r"|get [\w ]{0,30} in your inbox)\b"
    r"|sign up (?:here|now|below|today)\b"
    r"|(?:please )?(?:click|tap) (?:here|on the|the link|below|above|image)\b"
    r"|(?:you can )?(?:get|have) [^.!?]{0,60}(?:delivered|sent) [^.!?]{0,40}(?:inbox|email)"
    r"|don['’]t get [^.!?]{0,40} delivered to your inbox"
    r"|(?:like|follow|join|find) us (?:on|at)\b"
    r"|follow [^.!?]{1,40} on (?:twitter|facebook|instagram|linkedin|telegram|whatsapp|threads)\b"
    r"|(?:email|e-mail|contact) (?:us|our editors|the editors)\b"
    r"|this (?:article|story|post|piece)(?: was)? (?:originally|first) (?:appeared|published)"
    r"|(?:we use|this (?:site|website) uses) cookies"
    r"|for (?:more|additional|further) information,? (?:please )?(?:visit|see|contact|about)\b"
    r"|create (?:an|a free|your) account\b"
    r"|(?:photo|image|illustration|picture|graphic)s? (?:by|courtesy|credits?)\b.{2,60}$"
    r"|the (?:views|opinions)[^.!?]{0,80} (?:do|are) not\b"
    r"|(?:this|the) (?:content|information|article)[^.!?]{0,80} "
    r"(?:informational purposes|(?:financial|investment) advice)"
    r"|(?:this|the) (?:post|article|page|story) (?:may )?contains? (?:affiliate|sponsored)"
    r"|(?:all rights reserved|©|copyright ©|copyright \d{4})"
    r"|(?:our standards: )?the thomson reuters trust principles|file photo:|disclaimer:|first published:"
    r"|this (?:story|report|article)(?: has been| was| is) (?:auto-?generated|generated|produced|published from)\b"
    r"|(?:catch|get) all the [^.!?]{0,80} (?:news|updates)\b|download the [^.!?]{0,40} app\b|with inputs from\b"
    r"|related(?: tickers| stocks| articles| stories| reading| news)?:"
    r"|also read\b|read also\b|read next\b|see also:|recommended (?:reading|stories):"
    r")",
    re.IGNORECASE,
)
_LINE = re.compile(
    r"(?:(?i:advertisement|ads?|sponsor message|share|tweet|print|email|facebook|twitter|linkedin|whatsapp"
    r"|in this video|listen to (?:this )?(?:article|story)|loading\.*|toggle caption.{0,80}|getty images"
    r"|watch (?:now|live)|.{1,40} ?/ ?getty images|read (?:more|full (?:article|story))(?: here)?\W*"
    r"|(?:share )?(?:share article via \w+ ?)+|\d{1,2} min(?:ute)?s? read|for immediate release.{0,40}"
    r"|(?:published|updated)[: ].{0,40}|related (?:tickers|stocks|articles|stories|news):?.{0,80}"
    r"|story continues(?: below)?|recommended (?:stories|reading)|most read(?: from .{1,40})?)"
    rf"|By {_NAME}(?: {_NAME}){{0,3}}(?:, {_NAME}(?: {_NAME}){{0,3}})?|###+|-+ ?(?i:ends?) ?-+)"
)
#: Headings of what follows a press release or article.
_APPENDIX = re.compile(
    r"(?:About (?:the )?[A-Z][^.!?]{1,60}|N(?:ote|OTE)s? (?:to|TO) (?i:investors|editors)\b.{0,300}"
    r"|(?:Media |Press |Investor |Corporate )?(?:Contact|CONTACT)s?(?: Information| Details| Us)?:?.{0,40}"
    r"|(?i:forward[- ]looking statements?|safe harbor).{0,60}|Disclaimer:?.{0,400}"
    r"|Cautionary (?i:note|statement).{0,80})"
)

# ---- teasers

_COUNT = r"(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|a dozen)"
_TEASER = re.compile(
    r"[\"“‘'\s]*(?:"
    r"(?:and )?here(?:['’]s|['’]re| is| are) (?:what|why|how|where|when|who|which|everything|all|a look|our|some|the|"
    rf"{_COUNT})\b"
    r"|what (?:you|we|to|investors|traders|buyers|users|customers|analysts|it|this|that|the|is|are|does|do|did|will"
    r"|happens|happened|comes|could|can|should|makes|would)\b(?!.{0,120}, )"
    r"|what['’]s (?:next|new|behind|going|happening|ahead|in store|at stake|driving|moving|hot|on)\b"
    r"|(?:everything|all) (?:you|we|to) (?:need|know|have)\b"
    r"|(?:why|how)\b(?!:| (?:long|much|many|far)\b)"
    r"|[\w. ]{2,30}['’]s (?:[\w.'’-]{1,24} ){1,4}"
    r"(?:joins|discusses|breaks down|explains|weighs in|looks at|talks|speaks)\b"
    rf"|(?:the |top |best |these ){{0,2}}{_COUNT} (?:[\w'’-]+ ){{0,3}}?"
    r"(?:things?|reasons?|ways?|takeaways?|tips?|questions?|charts?|stocks?|facts?|lessons?|signs?|picks?|mistakes?"
    r"|steps?|ideas?|trends?|predictions?|tricks?)"
    r"(?= (?:to|that|you|we|for|about|from|with|i|on|in|why|under|our|your|every)\b|\W*$|:)"
    rf"|(?:this|these|one|{_COUNT}) (?:[\w'’-]+ ){{0,5}}?(?:stocks?|shares?|coins?|tokens?|cryptos?|etfs?) "
    r"(?:to (?:buy|watch|own|avoid|consider)|(?:could|can|may|might|is about to|are about to) (?:[\w'’]+ ){0,2}?"
    r"(?:double|triple|soar|surge|skyrocket|explode|make you|rally|jump|crush|outperform|beat|10x|be (?:a|the|your)))\b"
    r"|(?:find|figure) out\b|read (?:on|more)\b|learn (?:more|why|how|what)\b|see (?:why|how|what|more)\b|stay tuned\b"
    r"|discover (?:how|why|what|which|the|more|our)\b|check (?:out|back)\b|take a look\b|meet the\b"
    r"|you won['’]t believe\b|don['’]t miss\b|click (?:here|to|on|through)\b|scroll (?:down|to|through)\b"
    r"|watch:|listen:"
    r"|more (?:details|information|updates) (?:to follow|soon|below)|get the (?:latest|full|details)\b"
    r"|follow (?:along|us|live)\b|this is a developing story\b|it['’]s time to\b"
    r")",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"\?[\"”’')\]\s]*$")
#: A promise after at most four words.
_PROMISE = re.compile(
    r"(?:[\w'’.&-]{1,24} ){0,4}[\w'’.&-]{1,24} ?[.:,;–—-]{1,3} (?:and )?(?:here(?:['’]s|['’]re| is| are)\b"
    r"|(?:this|that) is why\b|what (?:to|you|we|it|this|that|that's|happens|happened)\b|everything (?:you|we) "
    r"|why\b|how\b|all (?:you|we) need )",
    re.IGNORECASE,
)
_TRUNCATED = re.compile(
    r"(?:\.\.\.|…)[\])\"”’'\s]*$|[,;:–—&-]$|\b(?:an?|and|at|by|for|from|in|of|on|or|the|to|with)$", re.I
)


class PreparedText(NamedTuple):
    """The title and lead of an item as the reader gets them, each on one line."""

    title: str
    lead: str


def prepared(item: Item) -> PreparedText:
    """Return the title and lead of ``item`` as they are read."""
    return PreparedText(title_of(item), prepare_lead(item.summary, item.body, item.source.publisher))


def title_of(item: Item) -> str:
    """Return the title of ``item`` as it is read and shown."""
    return prepare_title(item.title, item.source.publisher, item.source.host)


def prepare_title(title: str, publisher: str | None = None, host: str | None = None) -> str:
    """Return ``title`` on one line without newsroom labels, the publisher's name and tags at its end."""
    text = " ".join(title.split())
    names = _publisher_names(publisher, host)
    start, end = 0, len(text)
    while (label := _LABEL.match(text, start, end)) is not None and _says_something(text, label.end(), end):
        start = label.end()
    while (cut := _title_end(text, start, end, names)) < end and _says_something(text, start, cut):
        end = cut
    return text[start:end].strip() or text


@lru_cache(maxsize=64)  # several rules read the same few texts of an item, one after the other
def prepare_text(text: str | None, publisher: str | None = None) -> str:
    """Return ``text`` without what surrounds the news in it, line by line. Nothing is left of mere boilerplate."""
    kept: list[str] = []
    for raw_line in (text or "").splitlines():
        line = " ".join(raw_line.split())
        cleaned = _prepare_line(line, publisher, first=not any(kept))
        if any(kept) and _APPENDIX.fullmatch(cleaned):
            break
        if cleaned or (not line and kept and kept[-1]):
            kept.append(cleaned)
    return "\n".join(kept).strip()


def prepare_lead(summary: str | None, body: str | None, publisher: str | None = None) -> str:
    """Return the summary on one line, with the body's beginning where the summary says little."""
    lead = " ".join(prepare_text(summary, publisher).split())
    if body and len(lead) < SHORT_LEAD:
        beginning = " ".join(prepare_text(body, publisher).split())
        lead = beginning if beginning.startswith(lead[:60]) else f"{lead} {beginning}"
    return lead[:LEAD_CHARACTERS].strip()


def is_teaser(text: str) -> bool:
    """Return whether a title or sentence only promises content: it asks, counts, or invites to read on."""
    return bool(_QUESTION.search(text[-12:]) or _TEASER.match(text) or _PROMISE.match(text))


def is_sentence(text: str) -> bool:
    """Return whether ``text`` ends as a sentence does, which a heading, a caption or a cut sentence does not."""
    return text.rstrip(" \"”’')]")[-1:] in (".", "!", "?")


def is_truncated(text: str) -> bool:
    """Return whether a title or sentence was cut: it ends in an ellipsis or in the middle of a phrase."""
    return bool(_TRUNCATED.search(text[-12:]))


def _publisher_names(publisher: str | None, host: str | None) -> frozenset[tuple[str, ...]]:
    labels = [label for label in (host or "").split(".")[:-1] if len(label) > 2 and label not in _HOST_ADDITIONS]
    return frozenset(name for name in map(_name_words, (publisher or "", *labels)) if name)


def _name_words(name: str) -> tuple[str, ...]:
    words = tuple(_WORD.findall(name.casefold()))
    return tuple(word for word in words if word not in _NAME_ADDITIONS) or words


def _is_publisher(candidate: str, names: frozenset[tuple[str, ...]], *, after_bar: bool) -> bool:
    """Return whether ``candidate`` is the publisher or its site; after a bar, other words may stand beside the name."""
    if _DOMAIN.fullmatch(candidate):
        return True
    words = _name_words(candidate)
    joined = "".join(words)
    if any(words == name or joined == "".join(name) for name in names):
        return bool(words)
    padded = f" {' '.join(words)} "
    return after_bar and len(words) <= SITE_WORDS and any(f" {' '.join(name)} " in padded for name in names)


def _title_end(text: str, start: int, end: int, names: frozenset[tuple[str, ...]]) -> int:
    """Return the end of the title without the last tag, section or name of the publisher."""
    window = max(start, end - _TAIL_CHARACTERS)
    tag = _TAG.search(text, window, end)
    if tag is not None:
        return tag.start()
    separators = list(_SEPARATOR.finditer(text, window, end))
    if not separators:
        return end
    separator = separators[-1]
    candidate = text[separator.end() : end].strip()
    after_bar = "|" in separator[0]
    if _is_publisher(candidate, names, after_bar=after_bar) or (after_bar and candidate.casefold() in _SECTIONS):
        return separator.start()
    return end


def _says_something(text: str, start: int, end: int) -> bool:
    """Return whether at least two words stand between two positions."""
    return len(list(islice(_WORD.finditer(text, start, end), 2))) == 2


def _prepare_line(line: str, publisher: str | None, *, first: bool) -> str:
    before = None
    while line and line != before:
        before = line
        if _LINE.fullmatch(line):
            return ""
        if first:
            line = line[_head_end(line, publisher) :]
        line = _without_sentences(_INVITATION.sub("", _APPEARED.sub("", line)))
        line = line[: _tail_start(line)].strip()
    return line


def _head_end(line: str, publisher: str | None) -> int:
    """Return the position after the credits, datelines and labels at the beginning of ``line``."""
    patterns = (*_HEADS, *_own_credits(publisher)) if publisher else _HEADS
    position, before = 0, -1
    while position > before:
        before = position
        for pattern in patterns:
            if (head := pattern.match(line, position)) is not None:
                position = head.end()
    return position


@lru_cache(maxsize=256)
def _own_credits(publisher: str) -> tuple[re.Pattern[str], ...]:
    """Return what matches a photo credit that ends in the publisher's own name."""
    own = rf"(?:The )?{re.escape(publisher.removeprefix('The '))}\b ?"
    return (re.compile(rf"(?:{_CREDITED} )?{_NAMES} ?(?:/|for|;) ?{own}"), re.compile(rf"{_CREDITED} {own}"))


def _tail_start(line: str) -> int:
    """Return the position of the credits and invitations at the end of ``line``."""
    end = len(line)
    while end and (tail := _TAIL.search(line, max(0, end - _TAIL_WINDOW), end)) is not None:
        end = tail.start()
    return end


def _without_sentences(line: str) -> str:
    """Return ``line`` without the sentences that are not about the news."""
    if not _SENTENCE_HINT.search(line):
        return line
    pieces = sentences(line)
    kept = [text for _, text in pieces if len(text) > BOILERPLATE_CHARACTERS or not _SENTENCE.match(text)]
    return line if len(kept) == len(pieces) else " ".join(kept)
