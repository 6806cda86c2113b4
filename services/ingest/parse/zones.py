"""The names of time zones in feeds, and what the ambiguous ones may mean.

Hours are from UTC, after the IANA time zone database.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import NamedTuple

__all__ = ["AMBIGUOUS_ZONES", "ZONES", "Meaning", "likely_meaning"]


class Meaning(NamedTuple):
    """One meaning of a zone's name: ``hours`` from UTC, and the countries (ISO 3166) where it has it."""

    hours: float
    countries: frozenset[str]


def _in(hours: float, countries: str) -> Meaning:
    return Meaning(hours, frozenset(countries.split()))


#: Names with one meaning. Those of North America are defined by RFC 822; see below for the countries that use the same.
ZONES: Mapping[str, float] = {
    "Z": 0.0, "UT": 0.0, "UTC": 0.0, "GMT": 0.0, "WET": 0.0, "WEST": 1.0, "CET": 1.0, "MEZ": 1.0, "CEST": 2.0,
    "MESZ": 2.0, "EET": 2.0, "EEST": 3.0, "MSK": 3.0, "PKT": 5.0, "WIB": 7.0, "SGT": 8.0, "HKT": 8.0, "AWST": 8.0,
    "JST": 9.0, "KST": 9.0, "ACST": 9.5, "ACDT": 10.5, "AEST": 10.0, "AEDT": 11.0, "NZST": 12.0, "NZDT": 13.0,
    "AKST": -9.0, "AKDT": -8.0, "HST": -10.0, "NST": -3.5, "NDT": -2.5, "BRT": -3.0, "EDT": -4.0, "EST": -5.0,
    "CDT": -5.0, "MDT": -6.0, "MST": -7.0, "PDT": -7.0, "PST": -8.0,
}  # fmt: skip
#: Names with several meanings. A name that is in `ZONES` too has that meaning unless the country is one of these.
AMBIGUOUS_ZONES: Mapping[str, tuple[Meaning, ...]] = {
    "CST": (_in(-6, "US CA MX CR GT HN NI SV"), _in(8, "CN TW HK MO"), _in(-5, "CU")),
    "IST": (_in(5.5, "IN LK"), _in(2, "IL"), _in(1, "IE")),
    "BST": (_in(1, "GB"), _in(6, "BD")),
    "AST": (_in(-4, "CA PR BM BB TT"), _in(3, "SA KW IQ QA BH YE")),
    "ADT": (_in(-3, "CA BM"), _in(4, "IQ")),
    "GST": (_in(4, "AE OM"), _in(-2, "GS")),
    "SST": (_in(8, "SG"), _in(-11, "AS")),
    "AMT": (_in(-4, "BR"), _in(4, "AM")),
    "WST": (_in(8, "AU"), _in(13, "WS")),
    "EST": (_in(10, "AU"),),
    "EDT": (_in(11, "AU"),),
    "CDT": (_in(-4, "CU"),),
    "MST": (_in(8, "MY"), _in(6.5, "MM")),
    "PST": (_in(8, "PH"),),
}


def likely_meaning(name: str, offsets: Set[float], countries: Set[str]) -> float | None:
    """Return the one meaning of an ambiguous name that the feed supports, in hours from UTC; None if it leaves doubt.

    ``offsets`` are those that other dates of the feed state in numbers, ``countries`` those that the feed may be from.
    """
    meanings = AMBIGUOUS_ZONES.get(name, ())
    by_offset = {meaning.hours for meaning in meanings if meaning.hours in offsets}
    by_country = {meaning.hours for meaning in meanings if meaning.countries & countries}
    supported = by_offset or by_country
    return supported.pop() if len(supported) == 1 else None
