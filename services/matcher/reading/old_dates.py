"""Find by an item's own words that it is from long ago: a dateline, a date after the headline, when it happened.

Only dates that say when the news itself happened or was written count. "Its best quarter since 2019" and "a 2019
contract" say nothing. English only; in doubt, an item is not old.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from schemas.items import Item
from services.matcher.text.normalize import words
from services.matcher.text.sentences import sentences

__all__ = ["old_date_in"]

#: Characters of a text's beginning in which a dateline may stand.
_DATELINE_CHARS = 160
#: Sentences of the text in which words such as "today" show that it is not old.
_SENTENCES = 3
#: Reports are about last year for months ("Results (Q4 2025)"), so only longer ago is old, except in datelines.
_LONG_AGO = timedelta(days=365)
_YEAR_SLIP = timedelta(days=4)
#: A sentence that restates the headline has this share of its words.
_RESTATED_SHARE = 0.5
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR = r"(?:19|20)\d\d"
_FULL = (
    rf"(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? {_YEAR}|{_YEAR}-\d\d-\d\d)"
)
#: "Published: March 5, 2019", "LONDON, March 5, 2019 /PRNewswire/ --", "5 March 2019 – …".
_DATELINE = re.compile(
    rf"(?:(?:first |last )?(?:published|posted|updated|issued|released|date)(?: on)?:? |"
    rf"[A-Z][\w.'’]*(?:[ ,/-]+[A-Z(][\w.'’)]*){{0,7}}[,:]? (?:[-–—] ?)?)?(?P<date>(?i:{_FULL}))\s*(?:$|[-–—:/|.(])",
)
_AFTER_TITLE = re.compile(rf"[(\[](?P<date>(?i:{_FULL}|{_MONTH} {_YEAR}|{_YEAR}))[)\]]\s*$")
#: "in 2019", "on March 5, 2019", "in the first quarter of 2019".
_WHEN = re.compile(
    rf"\b(?:in|on|during|dated)\s(?:(?:early|late|mid)[ -])?(?:the )?"
    rf"(?:(?:first|second|third|fourth|final) (?:quarter|half) of )?(?P<date>{_FULL}|{_MONTH},? {_YEAR}|{_YEAR})\b",
    re.IGNORECASE,
)
#: Before such words the sentence tells of something earlier than its news.
_ASIDE = re.compile(
    r"\b(?:which|who|whom|whose|that|when|where|after|before|since|from|over|until|founded|acquired|bought|launched|compared"
    r"|than|versus|vs|against|into|following|because|as|like|but|formerly|previously|originally|made|issued|signed)\b",
    re.IGNORECASE,
)
_IN_PATH = re.compile(rf"://[^?#]*?/({_YEAR})[/-](\d\d)(?:[/-](\d\d))?[/-]")
_FRESH = re.compile(
    r"\b(?:today|yesterday|tomorrow|tonight|now|currently|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|(?:this|last|next|past) (?:week|month|year|quarter|morning|evening|weekend)|just|will|plans?|expects?)\b",
    re.IGNORECASE,
)
_ANY_YEAR = re.compile(rf"\b{_YEAR}\b")


def old_date_in(item: Item, seen_at: datetime, least_age: timedelta, *, dated: bool) -> datetime | None:
    """Return the date (end of the day, month or year, UTC) by which the item is older than ``least_age``, or None.

    ``dated``: the item states a date of its own, which only a dateline or a date after the headline outweighs. Without
    one, a date in its address counts too, and when the headline, or a first sentence that restates it, says it was.
    """
    text = item.summary or item.body or ""
    dateline = _DATELINE.match(text[:_DATELINE_CHARS].lstrip())
    written = _end_of(dateline["date"]) if dateline else None
    if written is not None and abs(seen_at - written - timedelta(days=365)) <= _YEAR_SLIP:
        return None  # a new year that was written as the last one
    if written is not None:
        return written if seen_at - written > least_age else None
    after_title = _AFTER_TITLE.search(item.title)
    about = _end_of(after_title["date"]) if after_title else None
    if not dated:
        address = _date_of_address(item.url or "")
        if address is not None:
            return address if seen_at - address > least_age else None
        about = about or _when_it_happened(item.title, text, seen_at)
    return about if about is not None and seen_at - about > max(least_age, _LONG_AGO) else None


def _date_of_address(url: str) -> datetime | None:
    """Return the end of the day or month that the path of an address begins with: "/2019/03/05/dividend"."""
    match = _IN_PATH.search(url)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2]), match[3]
    try:
        if day is not None:
            return datetime(year, month, int(day), tzinfo=UTC) + timedelta(days=1)
        return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    except ValueError:
        return None


def _when_it_happened(title: str, text: str, seen_at: datetime) -> datetime | None:
    """Return the latest time that the headline or the first sentence names, unless something shows that it is new."""
    beginning = [title, *(sentence.text for sentence in sentences(text[:1_000], _SENTENCES))]
    together = " ".join(beginning)
    if _FRESH.search(together) or any(int(year) >= seen_at.year for year in _ANY_YEAR.findall(together)):
        return None
    restated = beginning[1:2] if len(beginning) > 1 and _restates(title, beginning[1]) else []
    dates: list[datetime] = []
    for sentence in (title, *restated):
        for match in _WHEN.finditer(sentence):
            date = None if _ASIDE.search(sentence[: match.start()]) else _end_of(match["date"])
            if date is not None:
                dates.append(date)
    return max(dates, default=None)


def _restates(title: str, sentence: str) -> bool:
    """Return whether a sentence says what the headline says; others are captions or tell what was before."""
    told, said = ({word[:5] for word in words(text) if len(word) > 2} for text in (title, sentence))
    return len(told & said) >= _RESTATED_SHARE * len(told)


def _end_of(text: str) -> datetime | None:
    """Return the end of the day, month or year that ``text`` names; None if there is no such day."""
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    name = re.search(r"[a-z]{3}", text.lower().replace("th", ""))
    try:
        if re.match(rf"{_YEAR}-", text):
            return datetime(numbers[0], numbers[1], numbers[2], tzinfo=UTC) + timedelta(days=1)
        year = numbers[-1]
        if name is None:
            return datetime(year + 1, 1, 1, tzinfo=UTC)
        month = _NAMES.index(name[0]) + 1
        if len(numbers) == 2:
            return datetime(year, month, numbers[0], tzinfo=UTC) + timedelta(days=1)
        return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    except ValueError:
        return None
