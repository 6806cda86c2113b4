"""Leaves out of a sentence the codes that agencies and exchanges put beside names: "Halden (HLD.N)", "(NASDAQ: HLDN)".

They say nothing to a client. Abbreviations that explain a name, as in "Harbor Safety Board (HSB)", stay.
"""

from __future__ import annotations

import re

__all__ = ["without_codes"]

_EXCHANGE = (
    r"(?:NYSE|NASDAQ|Nasdaq|AMEX|CBOE|OTC(?:QB|QX|MKTS)?|TSX(?:[-.]?V)?|NEO|CSE|LSE|LON|AIM|ASX|NSE|BSE|SEHK|HKEX|HKG|SGX|JSE"
    r"|FRA|FSE|ETR|XETRA|EPA|Euronext)"
)
_AGENCY = r"(?:AFP|ANI|AP|Bloomberg|BLOOMBERG|dpa|IANS|PTI|Reuters|REUTERS|RNS|TNS|UPI|Xinhua|MT Newswires)"
#: The endings that Reuters gives to the symbols of shares, by exchange.
_ENDING = r"(?:N|O|OQ|K|A|PK|L|PA|DE|F|AS|BR|MI|MC|SW|VX|ST|HE|CO|OL|T|HK|SS|SZ|NS|BO|AX|TO|V|SA|KS|KQ|TW)"
_SYMBOL = r"\$?[A-Z\d]{1,6}\.[A-Z]{1,3}"
#: Where and from whom, before a report of an agency: "OSLO, May 6 (Reuters) - ".
_DATELINE = re.compile(rf"^(?:[A-Z][\w .,/-]{{1,40}})?\({_AGENCY}\)\s*[-–—:]+\s*")
_BRACKETED = re.compile(
    r"\s*(?:"
    rf"\([^()]{{0,40}}\b{_EXCHANGE}(?: [A-Z]\w+)?\s?:[^()]*\)"
    rf"|\[[^\[\]]{{0,40}}\b{_EXCHANGE}(?: [A-Z]\w+)?\s?:[^\[\]]*\]"
    rf"|[(\[<]{_SYMBOL}(?:[,;/] ?{_SYMBOL})*[)\]>]"
    r"|\(\$[A-Z]{1,6} ?\)"
    rf"|\({_AGENCY}\)"
    r"|[(\[](?:ISIN|WKN)\b[^()\[\]]{0,40}[)\]]"
    r"|\[n[A-Z\d][\w:]{4,16}\]"  # the number of an agency's report
    r")"
)
#: The same after a name, without brackets.
_OPEN = re.compile(
    rf"(?<=[\w.])(?<!\w\.\w\.) (?:[A-Z]{{2,6}}\.{_ENDING}|<[A-Z\d.]{{2,9}}>|{_EXCHANGE}: ?[A-Z]{{1,5}})"
    r"(?![\w.]\w|\.[A-Z])(?=[\s,;:.)’']|$)"
    rf"|(?<=\b(?:Inc|plc|PLC|Ltd)) [A-Z]\.{_ENDING}(?=\s)|(?<=\bCorp) [A-Z]\.{_ENDING}(?=\s)"
    r"|(?<=[a-z]) \$[A-Z]{2,6}(?=[\s,]|$)"
)
_BARE = re.compile(r"(?P<name>\w[\w&.’'-]*) ?\((?P<code>[A-Z]{1,5}(?:\.[AB])?)(?: ?)\)")
#: Countries and the parties of politicians stand in brackets as well.
_NO_SYMBOLS = frozenset(("D", "R", "I", "L", "EU", "UK", "UN", "US", "USA", "UAE", "PDF", "CEO", "CFO"))


def without_codes(text: str) -> str:
    """Return ``text`` without symbols of shares, the exchanges beside them, and the marks of agencies."""
    if "(" not in text and "[" not in text and "<" not in text and not _OPEN.search(text):
        return text
    text = _OPEN.sub("", _BRACKETED.sub("", _DATELINE.sub("", text)))
    text = _BARE.sub(_kept_name, text)
    return re.sub(r"\s+(?=[,.;:](?:\s|$))", "", text).strip()


def _kept_name(match: re.Match[str]) -> str:
    """Return the match without its code if that is the symbol of the name before it, and no abbreviation."""
    name, code = match["name"], match["code"]
    before = match.string[: match.start("code")]
    initials = "".join(word[0] for word in re.findall(r"[^\W_]+", before)).upper()
    explains = len(code) > 1 and _is_within(code, initials[-3 * len(code) :])
    if not name[0].isupper() or code in _NO_SYMBOLS or explains or not any(letter.islower() for letter in name):
        return match[0]
    return name


def _is_within(code: str, letters: str) -> bool:
    """Return whether the letters of ``code`` stand in ``letters``, in this order."""
    rest = iter(letters)
    return all(letter in rest for letter in code)
