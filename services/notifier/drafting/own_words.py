"""Finds what a client told us that bears on an event: an intention with the asset, and the aims that it touches.

Everything is in the client's own words and rests on the client book. Where a note is not plainly what the client said,
or not plainly about the matter of the event, it is not used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date
from functools import cache
from typing import Any, Literal, cast

from schemas.clients import Client, Note
from services.notifier.contact.hours import client_zone
from services.notifier.drafting.brief import Brief, pick
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.fit import query_for
from services.notifier.drafting.opinion import aim_phrase

__all__ = ["Intention", "OwnView", "aim_spans", "own_view", "question_on", "stated_intention", "touched_aim"]

#: A client's intention with an asset: buy or add, keep, sell, leave a product, move to it, or avoid it.
Intention = Literal["buy", "keep", "sell", "leave", "move_to", "avoid"]
#: The directions of news that speak against each intention.
_AGAINST: dict[Intention, str] = {
    "buy": "negative",
    "keep": "negative",
    "move_to": "negative",
    "sell": "positive",
    "leave": "positive",
    "avoid": "positive",
}
_OTHERS = r"\b(?:he|she|they|him|them|his|her|hers|their|theirs)\b"
#: Words of a note that is quoted.
MAX_WORDS = 25
#: Steps that were announced once and are taken or dropped by now, if that is long ago.
_STEPS: frozenset[Intention] = frozenset(("buy", "sell", "leave", "move_to"))
#: Days after which an intention is no longer taken as what the client intends today.
MAX_AGE = 730
#: Days after which "next year" or "soon" no longer means what it says.
MAX_AGE_OF_RELATIVE = 180


@dataclass(frozen=True, slots=True)
class OwnView:
    """Something the client said about the asset: the words, and what they intend, None where that is not plain.

    ``quoted`` False: the words go on from "You told me that you", because the note tells of the client.
    """

    text: str
    at: date | None
    intention: Intention | None
    quoted: bool = True


def own_view(brief: Brief) -> OwnView | None:
    """Return what the client last said about the asset, if it can be quoted as theirs; an intention comes first.

    None as well where they intend something plain that the news does not speak against: there is nothing to ask.
    """
    names = _names(brief)
    found: list[OwnView] = []
    for note in _newest_first(brief.client):
        if not _is_about(note, note.text, names):
            continue
        text, told = _quotable(note, brief), _told_intention(note, brief)
        if text is None and told is None:
            continue
        said = text or f"I {told}"
        intention = _intention_of(note, said, names)
        if text is None and intention is None:
            continue
        if note.at is not None and (_today(brief) - note.at).days > MAX_AGE and intention is not None:
            if intention in _STEPS:
                continue
            intention = None
        found.append(OwnView(text or str(told), note.at, intention, quoted=text is not None))
    if not {brief.client.trade, brief.trade.like}.isdisjoint(_data()["left_to_talks"]):
        return next((view for view in found if view.intention is None), None)
    view = next((view for view in found if view.intention is not None), found[0] if found else None)
    return None if view and view.intention and not _speaks_against(view.intention, brief) else view


def question_on(view: OwnView, brief: Brief) -> str:
    """Return the question on what the client said: "Have you considered …?" where the news speaks against it."""
    raw, seed = _data(), (brief.client.id, brief.alert.story_id)
    quoted = raw["quoted" if view.quoted else "told_that"].format(when=_when(view.at, brief), view=view.text)
    questions: list[str] = raw["neutral"]
    if view.intention is not None:
        unconfirmed = brief.alert.verdict == "warn"
        questions = raw["against_unconfirmed"] if unconfirmed else raw["against"][view.intention]
    return f"{quoted} {pick(tuple(questions), *seed).replace('{asset}', brief.asset)}"


def touched_aim(brief: Brief) -> str | None:
    """Return the client's aim that the event touches and how, as two sentences; None where none is plainly touched."""
    alert, client, raw = brief.alert, brief.client, _data()
    matters = [
        matter
        for matter in raw["matters"]
        if alert.kind in matter["kinds"] and alert.stance in matter["stances"]
        and matter.get("size", alert.size) == alert.size
    ]  # fmt: skip
    for matter in matters:
        for text, sentence in _aims(client, brief):
            if re.search(matter["note"], _plain(text)):
                return f"{sentence} {matter['say'].replace('{asset}', brief.asset)}"
    return None


def aim_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where ``text``, a part of a message, tells an aim of the client, from start to end."""
    for form in (_data()["aim"], _data()["told_aim"]):
        opening = re.escape(form.partition("{aim}")[0]).replace(r"\{when\}", r"You (?:once )?told me[^.“”]{0,20}")
        yield from (match.span("aim") for match in re.finditer(rf"{opening}(?P<aim>[^.“”]+)(?=\.)", text))


def stated_intention(text: str, names: tuple[str, ...], *, about: bool = False) -> Intention | None:
    """Return what a first-person ``text`` says that its speaker intends with what has one of ``names``.

    ``about`` True: "it" and "them" mean that too. None where the text is unsure, denies, or speaks of something else.
    """
    if re.search(_data()["hedges"], _plain(text)) or "?" in text:
        return None
    pattern = "|".join(re.escape(_plain(name)) for name in sorted(names, key=len, reverse=True))
    target = rf"(?:{pattern}{'|it|them' if about else ''})(?!\w|'s\b|\s+(?:out|away|off|small|below)\b)"
    found = {direction for clause in _clauses(text) for direction in _directions(clause, target)}
    return found.pop() if len(found) == 1 else None


def _directions(clause: str, target: str) -> Iterator[Intention]:
    """Yield each intention that ``clause`` states of ``target``."""
    raw = _data()
    subject, between = raw["subject"], raw["between"]
    for name, forms in raw["directions"].items():
        direction = cast("Intention", name)
        said = [rf"{subject['will']}\s+(?:{forms['verbs']})", rf"{subject['is_doing']}\s+(?:{forms['doing']})"]
        if "does" in forms:
            said.append(rf"{subject['does']}\s+(?:{forms['does']})")
        if any(re.search(rf"{opening}{between}{target}", clause) for opening in said):
            yield direction
        denied = raw["denied"].get(name)
        not_done = (
            rf"{subject['will_not']}\s+(?:{forms['verbs']})",
            rf"{subject['is_not_doing']}\s+(?:{forms['doing']})",
        )
        if denied and any(re.search(rf"{opening}{between}{target}", clause) for opening in not_done):
            yield denied
    for name, verbs in raw["denied_more"].items():
        if re.search(rf"{subject['will_not']}\s+(?:{verbs}){between}{target}", clause):
            yield cast("Intention", name)


def _speaks_against(intention: Intention, brief: Brief) -> bool:
    query = query_for(brief.alert, brief.client, brief.asset, brief.manager.id)
    return query.direction == _AGAINST[intention]


def _intention_of(note: Note, text: str, names: tuple[str, ...]) -> Intention | None:
    asked = _plain(note.question or "")
    return stated_intention(text, names, about=any(_mentions(asked, name) for name in names))


def _newest_first(client: Client) -> list[Note]:
    """Return the notes on the client, the newest first; those without a day are older than all others."""
    notes = [*reversed(client.views), *reversed(client.history)]
    return sorted(notes, key=lambda note: note.at or date.min, reverse=True)


def _quotable(note: Note, brief: Brief) -> str | None:
    """Return the text of a note as a quotation; None if the client has not plainly said it, or it is out of date."""
    text = " ".join(note.text.split()).strip('“”"').rstrip(".")
    if not 0 < len(text.split()) <= MAX_WORDS or re.search(r"[?!“”\"\n]", text) or _is_told_of(text, brief.client):
        return None
    raw, plain = _data(), _plain(text)
    if re.search(raw["private"], plain) or re.search(raw["others"], plain):
        return None
    first_person = re.search(r"\b(?:i|me|my|we|us|our)\b", plain)
    names_it = note in brief.client.views and any(plain.startswith(_plain(name)) for name in _names(brief))
    if not first_person and (not names_it or re.search(_OTHERS, plain)):
        return None
    return None if _is_past(text, note.at, brief) else text


def _is_told_of(text: str, client: Client) -> bool:
    """Return whether ``text`` speaks of the client in the third person, so that it can't be quoted as theirs."""
    plain = _plain(text)
    names = [name for name in re.split(r"\W+", _plain(client.name)) if len(name) > 2]
    return bool(re.match(_data()["third_person"], plain)) or any(re.match(rf"{name}\b", plain) for name in names)


def _is_past(text: str, at: date | None, brief: Brief) -> bool:
    """Return whether ``text`` names a year that is over, or "next year" as of a day that is unknown or long ago."""
    today = _today(brief)
    if any(int(year) < today.year for year in re.findall(r"\b(?:19|20)\d\d\b", text)):
        return True
    dated = at is not None and (today - at).days <= MAX_AGE_OF_RELATIVE and at.year == today.year
    return not dated and bool(re.search(_data()["relative"], _plain(text)))


def _aims(client: Client, brief: Brief) -> Iterator[tuple[str, str]]:
    """Yield the client's aims, each as noted and as a sentence to them: the end vision, then notes, newest first."""
    raw = _data()
    if client.end_vision and (phrase := _end_vision(client.end_vision, client, brief)) is not None:
        yield client.end_vision, raw["aim"].format(aim=phrase)
    for note in _newest_first(client):
        if (aim := _told_aim(note, client, brief)) is not None:
            yield note.text, raw["told_aim"].format(when=_when(note.at, brief), aim=aim)


def _end_vision(text: str, client: Client, brief: Brief) -> str | None:
    text = " ".join(text.split()).rstrip(".")
    told = re.fullmatch(_data()["told_of"], text, re.IGNORECASE)
    bare = re.sub(r"^(?:to )?(?:live|living) (?=from\b|off\b|on\b)", "to live ", text, flags=re.IGNORECASE)
    words = _to_you(f"to {told['rest']}" if told else bare)
    if words is None or _is_past(text, None, brief) or len(text.split()) > MAX_WORDS:
        return None
    phrase = aim_phrase(words, client, brief.trade)
    # "Your long-term aim is dividends" reads oddly.
    plural = phrase is not None and re.match(r"(?!to\b|less\b|business\b)\w+s\b", phrase)
    return None if plural else phrase


def _told_aim(note: Note, client: Client, brief: Brief) -> str | None:
    """Return a note that states an aim as "want to retire in 2029"; None if it states none, or denies or doubts it."""
    raw, text = _data(), " ".join(note.text.split()).rstrip(".")
    plain = _without_name(text, client).replace("’", "'")
    own = re.fullmatch(raw["told"], plain, re.IGNORECASE)
    told = own or re.fullmatch(raw["told_of"], plain, re.IGNORECASE)
    if own is not None and re.search(_OTHERS, _plain(text)):
        return None
    if told is None or re.search(raw["no_aim"], _plain(text)) or _is_past(text, note.at, brief):
        return None
    if len(text.split()) > MAX_WORDS or (note.at is not None and (_today(brief) - note.at).days > MAX_AGE):
        return None
    rest = _to_you(f"to {told['rest']}")
    phrase = None if rest is None else aim_phrase(rest, client, brief.trade)
    verb = " ".join(told["verb"].casefold().split())
    return None if phrase is None or not phrase.startswith("to ") else _infinitive(verb, phrase)


def _told_intention(note: Note, brief: Brief) -> str | None:
    """Return a note that tells what the client intends, as "will never sell Halden"; None if it tells nothing plain."""
    raw, client = _data(), brief.client
    text = _without_name(" ".join(note.text.split()).rstrip("."), client).replace("’", "'")
    told = re.fullmatch(raw["told_of"], text, re.IGNORECASE) or re.fullmatch(raw["will_of"], text, re.IGNORECASE)
    if told is None or len(text.split()) > MAX_WORDS or _is_past(text, note.at, brief):
        return None
    if re.search(raw["hedges"], _plain(told["rest"])) or re.search(raw["private"], _plain(text)):
        return None
    rest = _to_you(f"to {told['rest']}")
    phrase = None if rest is None else aim_phrase(rest, client, brief.trade)
    verb = " ".join(told["verb"].casefold().split())
    if phrase is None or not phrase.startswith("to "):
        return None
    return f"{verb} {phrase.removeprefix('to ')}" if told.re.pattern == raw["will_of"] else _infinitive(verb, phrase)


def _infinitive(verb: str, phrase: str) -> str:
    return f"{_data()['verbs'].get(verb, verb)} {phrase}"


def _without_name(text: str, client: Client) -> str:
    """Return ``text`` without the client's name as its subject: "wants to retire" for "Ms Arnaud wants to retire"."""
    names = "|".join(re.escape(name) for name in re.split(r"\W+", client.name) if len(name) > 1)
    return re.sub(rf"^(?:(?:mr|mrs|ms|dr)\.? )?(?:(?:{names}) )+", "", text, flags=re.IGNORECASE)


def _to_you(text: str) -> str | None:
    """Return ``text`` with "your" for "his", "her" or "their"; None if that may mean somebody else."""
    raw = _data()
    if not re.search(_OTHERS, _plain(text)):
        return text
    if re.search(raw["others"], _plain(text)) or re.search(r"\b(?:he|she|they|him|them|hers|theirs)\b", _plain(text)):
        return None
    for theirs, yours in raw["persons"].items():
        text = re.sub(rf"\b{theirs}\b", yours, text, flags=re.IGNORECASE)
    return text


def _names(brief: Brief) -> tuple[str, ...]:
    watch = brief.watch
    return (brief.watched_name, *((*watch.aliases, *watch.tickers) if watch else ()))


def _is_about(note: Note, text: str, names: tuple[str, ...]) -> bool:
    said = _plain(f"{text} {note.question or ''}")
    return any(_mentions(said, name) for name in names)


def _mentions(text: str, name: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(_plain(name))}(?!\w)", text))


def _when(at: date | None, brief: Brief) -> str:
    """Return how a message begins that says what the client said on ``at``: "You told me in March"."""
    if at is None:
        return "You once told me"
    today = _today(brief)
    if (at.year, at.month) == (today.year, today.month):
        return f"You told me on {at.day} {at:%B}"
    return f"You told me in {at:%B}" if at.year == today.year else f"You told me in {at:%B} {at.year}"


def _today(brief: Brief) -> date:
    return brief.now.astimezone(client_zone(brief.client) or UTC).date()


def _clauses(text: str) -> list[str]:
    return re.split(r"[.;:,–—]|\bbut\b|\band then\b", _plain(text))


def _plain(text: str) -> str:
    return text.casefold().replace("’", "'")


@cache
def _data() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml("words", "own_words.yaml")
    return raw
