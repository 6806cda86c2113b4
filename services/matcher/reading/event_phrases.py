"""Phrases for events with the names that take part: "an acquisition of Armis by ServiceNow"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.mentions import EventKind
from schemas.readings import EventFamily
from services.matcher.text.humanize import event_family_phrase, event_kind_phrase, join_names

__all__ = ["event_noun", "event_phrase"]


class _Form(NamedTuple):
    """The words that follow the noun if only the actor is known, if only the object is, and if both are."""

    actor: str = "involving {actor}"
    object: str = "involving {object}"
    both: str = "involving {actor} and {object}"


_FOR = _Form("by {actor}", "for {object}", "for {object} by {actor}")
_OF = _Form("by {actor}", "of {object}", "of {object} by {actor}")
_AT = _Form("at {actor}", "at {object}", "at {object}, involving {actor}")
_FROM = _Form("from {actor}", "about {object}", "from {actor} about {object}")
_AGAINST = _Form(object="against {object}", both="against {object} by {actor}")
_FAMILY_FORMS: Mapping[EventFamily, _Form] = {
    "earnings": _Form("from {actor}", "from {object}"),
    "guidance": _Form("from {actor}", "for {object}", "for {object} from {actor}"),
    "dividend": _Form("by {actor}", "at {object}"),
    "buyback": _Form("by {actor}", "at {object}"),
    "capital": _Form("by {actor}", "for {object}", "for {object}, involving {actor}"),
    "share_move": _Form("in {actor}", "in {object}", "in {object} and {actor}"),
    "rating": _Form(object="for {object}", both="for {object} from {actor}"),
    "deal": _Form("by {actor}", both="by {actor} for {object}"),
    "contract": _Form("for {actor}", both="between {actor} and {object}"),
    "product": _FROM,
    "expansion": _Form("by {actor}", "at {object}", "at {object} by {actor}"),
    "cutback": _AT,
    "leadership": _AT,
    "legal": _AGAINST,
    "regulation": _Form(object="concerning {object}", both="by {actor} concerning {object}"),
    "insolvency": _AT,
    "breach": _Form(object="at {object}", both="at {object}, involving {actor}"),
    "vulnerability": _Form(object="in {object}", both="in {object}, involving {actor}"),
    "outage": _AT,
    "recall": _Form("by {actor}", both="of {object} by {actor}"),
    "labour": _AT,
    "trial": _Form("from {actor}", "for {object}", "for {object} from {actor}"),
    "macro": _FROM,
    "politics": _Form(),
    "reputation": _Form(),
    "event": _FOR,
    "other": _Form("about {actor}", "about {object}", "about {actor} and {object}"),
}
#: Finer kinds whose words differ from those of their family.
_KIND_FORMS: Mapping[EventKind, _Form] = {
    "acquisition": _OF,
    "takeover": _OF,
    "divestment": _Form("by {actor}", both="by {actor}, involving {object}"),
    "partnership": _Form("with {actor}", "with {object}", "between {actor} and {object}"),
    "product_launch": _OF,
    "end_of_life": _FOR,
    "price_increase": _FOR,
    "price_cut": _FOR,
    "investigation": _Form(object="into {object}", both="into {object} by {actor}"),
    "fine": _Form(object="for {object}", both="for {object} from {actor}"),
    "rate_change": _Form("by {actor}"),
}
#: Nouns that read better before a name than the ones that stand alone elsewhere.
_KIND_NOUNS: Mapping[EventKind, str] = {
    "earnings_beat": "better results than expected",
    "earnings_miss": "worse results than expected",
    "dividend_raise": "a dividend increase",
    "funding": "a capital raise",
    "share_move": "a price move",
    "divestment": "a sale of a business or stake",
    "regulation": "regulatory action",
    "insolvency": "an insolvency, default or rescue",
    "data_breach": "a breach or hack",
    "campaign": "a campaign",
    "clinical_trial": "a study or clinical trial",
    "expansion": "an expansion",
    "other": "other news",
}
_FAMILY_NOUNS: Mapping[EventFamily, str] = {
    "regulation": "regulatory action",
    "insolvency": "an insolvency, default or rescue",
    "breach": "a breach or hack",
    "event": "an event, award or campaign",
    "other": "other news",
}


#: What an authority does in an event that others are only involved in.
_BY_REGULATOR: Mapping[EventFamily, str] = {"legal": "decided or brought by {actor}", "politics": "from {actor}"}
#: Events in which equal parties face each other.
_MUTUAL: frozenset[EventFamily] = frozenset(("deal", "contract", "legal"))


def event_noun(family: EventFamily, kind: EventKind | None) -> str:
    """Return the event as a noun with its article; ``kind`` is the finer kind, if it is known."""
    if kind is not None and kind != family:
        return _KIND_NOUNS.get(kind) or event_kind_phrase(kind)
    return _FAMILY_NOUNS.get(family) or event_family_phrase(family)


def event_phrase(
    family: EventFamily,
    kind: EventKind | None,
    actors: Sequence[str],
    objects: Sequence[str],
    equals: Sequence[str] = (),
    *,
    by_regulator: bool = False,
) -> str:
    """Return the event with the names of those who act, those it happens to, or else of the equal parties.

    With ``by_regulator``, the one acting is an authority, whose act it then is.
    """
    noun = event_noun(family, kind)
    form = (_KIND_FORMS.get(kind) if kind else None) or _FAMILY_FORMS.get(family, _Form())
    names = {"actor": join_names(actors), "object": join_names(objects)}
    if actors and objects:
        return f"{noun} {form.both.format_map(names)}"
    if actors:
        act = _BY_REGULATOR.get(family, "by {actor}") if by_regulator and form.actor == _Form().actor else form.actor
        return f"{noun} {act.format_map(names)}"
    if objects:
        return f"{noun} {form.object.format_map(names)}"
    if len(equals) > 1:
        return f"{noun} {'between' if family in _MUTUAL else 'involving'} {join_names(equals)}"
    return f"{noun} with {equals[0]} as one of the parties" if equals else noun
