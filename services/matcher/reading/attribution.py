"""Finds the speaker on whose authority a sentence rests.

The speaker is a regulator, a filing, the company, a person, unnamed sources or another outlet. The names of outlets and
regulators come from ``lexicon/publishers.csv``. Companies and persons are recognized by capitals before a verb of
saying.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from schemas.mentions import ClaimBasis
from services.matcher.lexicon import read_table, read_yaml
from services.matcher.text.phrases import PhraseHit, PhraseMatcher

__all__ = ["Attribution", "AttributionFinder", "Position"]

#: The position of a sentence in an item: the title, the first sentence after it, or a later one.
Position = Literal["title", "lead", "rest"]

#: Distance in characters between an outlet or regulator and its verb of saying.
NEAR_CHARS = 28
_NAME_BEFORE = re.compile(
    r"((?:[A-Z0-9][\w&'’.\-]*|of|and|de|van|von|the(?= [A-Z]))(?: (?:[A-Z0-9][\w&'’.\-]*|of|and|de|van|von|&))*)"
    r"(?:,[^,]{3,60},)? (?:has |have |also |later |today |on \w+ )?$"
)
_NAME_AFTER = re.compile(r"(?:the )?((?:[A-Z][\w&'’\-]*)(?: (?:[A-Z][\w&'’\-]*|of|and|&))*)")
_LEADING = re.compile(r"^(?:The|A|An|And|But|In|On|As|While|However|of|and|the) (?=[A-Z])")
_TITLE_SUFFIX = re.compile(
    r"(?: [-–—|] ?| ?[:,] )(?:says |say |reports )?(?:the )?([A-Z][\w.&’' ]{1,40}?)(?: reports?| says?)?$"
)
# "Halden: we are not for sale", "Halden: no change to our dividend": the company speaks about itself.
_SPEAKS_ABOUT_ITSELF = re.compile(r"^([A-Z][\w&'’.\- ]{1,30}): [\"“'‘]?(?:[Ww]e|[Oo]ur|[Nn]o|[Tt]here)\b")
# "… , chairman says", "says Corvane chairman": a person in office, named or not.
_OFFICE = re.compile(
    r"(?:(?:, |[\"”’'] )|\b(?:says|said|warns|hints) )(?:[\w’'.\-]+ ){0,3}?"
    r"(?:chief|chairman|chairwoman|chair|executive|ceo|boss|founder|owner|minister|analyst|lawyers?|mayor|director)"
    r"(?: (?:says|said|warns|warned|hints|tells \w+))?$",
    re.I,
)
_VERBS = ("said ", "disclosed ", "revealed ", "announced ", "stated ", "filed ", "files ")
_TITLE_COLON = re.compile(r"^([A-Z][\w.&’' ]{1,30}): ")


class Attribution(NamedTuple):
    """The kind of speaker, and the name as it is written in the text, if there is one."""

    basis: ClaimBasis
    name: str | None = None


class AttributionFinder:
    """Finds attributions in one pass over verbs, phrases and known names."""

    def __init__(self, lexicon: dict[str, Any], publishers: tuple[dict[str, str], ...]) -> None:
        """Build from a lexicon such as ``cues.yaml`` and the rows of ``publishers.csv``."""
        phrases: list[tuple[str, tuple[str, str]]] = []
        for group in ("passive", "no_comment", "company", "filing", "says", "reports", "after", "roles"):
            phrases += [(cue, (group, "")) for cue in lexicon[group]]
        for name in ("unnamed", "outlet"):
            phrases += [(cue, (name, "")) for cue in lexicon["families"][name]["cues"]]
        for row in publishers:
            group = "regulator" if row["kind"] == "regulator" else "publisher"
            for name in filter(None, row["names"].split(";")):
                phrases.append((name, (group, row["publisher"])))
        self._phrases = PhraseMatcher(phrases)
        self._not_a_name: frozenset[str] = frozenset(lexicon["not_a_name"])

    @classmethod
    def from_lexicon(cls) -> AttributionFinder:
        """Build from the default lexicon."""
        return cls(read_yaml("cues.yaml"), read_table("publishers.csv"))

    def find(self, text: str, folded: str, position: Position) -> Attribution | None:
        """Return the attribution of the sentence ``text``, or None if the writer speaks for the publisher."""
        hits = self._phrases.find(folded)
        if not hits:
            return self._by_form(text, position)
        groups = {hit.label[0] for hit in hits}
        outlet = _named(text, hits, "publisher", position)
        if outlet is not None:
            return Attribution("outlet", outlet)
        if "unnamed" in groups:
            return Attribution("unnamed")
        if "outlet" in groups:
            return Attribution("outlet")
        if "regulator" in groups:
            regulator = _named(text, hits, "regulator", position)
            if regulator is not None:
                return Attribution("regulator", regulator)
        if "no_comment" in groups:
            return None
        if "filing" in groups:
            return Attribution("filing", self._speaker(text, hits))
        return self._company_or_person(text, hits, groups) or self._by_form(text, position)

    def _by_form(self, text: str, position: Position) -> Attribution | None:
        """Return what the form of a headline shows: "Halden: we are not for sale", "…, chairman says"."""
        if position != "title":
            return None
        about_itself = _SPEAKS_ABOUT_ITSELF.match(text)
        if about_itself:
            name = self._clean(about_itself.group(1))
            return Attribution("company", name) if name else None
        return Attribution("person") if _OFFICE.search(text) else None

    def _company_or_person(self, text: str, hits: list[PhraseHit], groups: set[str]) -> Attribution | None:
        speaker = self._speaker(text, hits)
        if "company" in groups:
            return Attribution("company", speaker)
        if speaker is None:
            return None
        if "roles" in groups or " told " in text:
            return Attribution("person", speaker)
        return Attribution("company", speaker)

    def _speaker(self, text: str, hits: list[PhraseHit]) -> str | None:
        """Return the capitalized name before the first verb of saying, or after "according to"."""
        for hit in hits:
            verb = text.startswith(_VERBS, hit.start)  # "said in a statement" is one phrase and has a subject too
            if hit.label[0] in ("says", "reports") or (verb and hit.label[0] in ("company", "filing")):
                before = _NAME_BEFORE.search(text[max(0, hit.start - 110) : hit.start])
                name = self._clean(before.group(1)) if before else None
            elif hit.label[0] == "after":
                after = _NAME_AFTER.match(text[hit.end + 1 : hit.end + 80])
                name = self._clean(after.group(1)) if after else None
            else:
                continue
            if name:
                return name
        return None

    def _clean(self, name: str) -> str | None:
        while (shorter := _LEADING.sub("", name)) != name:
            name = shorter
        name = name.strip(" ,.")
        words = name.split()
        if not words or len(words) > 6 or words[0].lower() in self._not_a_name or not words[0][0].isupper():
            return None
        return name


def _named(text: str, hits: list[PhraseHit], group: str, position: Position) -> str | None:
    """Return the known outlet or regulator that speaks: beside a verb, or at the start or end of a headline."""
    for number, hit in enumerate(hits):
        if hit.label[0] != group or not text[hit.start].isupper():
            continue
        if number and hits[number - 1].label[0] in ("after", "outlet") and hit.start - hits[number - 1].end <= 6:
            return text[hit.start : hit.end]
        following = hits[number + 1] if number + 1 < len(hits) else None
        if following and following.label[0] in ("says", "reports") and following.start - hit.end <= NEAR_CHARS:
            return text[hit.start : hit.end]
        if group == "regulator" and hit.start <= 4 and position != "rest":
            return text[hit.start : hit.end]  # "FTC sues …": a regulator that acts also says so
        if position == "title" and _opens_or_closes(text, hit):
            return text[hit.start : hit.end]
    return None


def _opens_or_closes(text: str, hit: PhraseHit) -> bool:
    """Return whether a headline opens with the name and a colon, or closes with the name after a dash."""
    suffix = _TITLE_SUFFIX.search(text)
    if suffix and suffix.start(1) <= hit.start and hit.end <= suffix.end():
        return True
    prefix = _TITLE_COLON.match(text)
    return prefix is not None and prefix.start(1) <= hit.start and hit.end <= prefix.end(1)
