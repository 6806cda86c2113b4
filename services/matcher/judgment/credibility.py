"""How far to believe a story, from the evidence so far: Admiralty grades of source and information, with reasons.

Each axis by itself: a good source may be denied, a poor one confirmed. Independence is counted over origins, never
over items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.alerts import InformationGrade, Reason
from schemas.mentions import ClaimStatus, SourceLetter
from services.matcher.judgment.reasons import reason
from services.matcher.stories.evidence import Witness
from services.matcher.text.humanize import capitalize_first, join_names, number_word

__all__ = ["Assessment", "assess"]

#: Origins whose plain word makes a thing probable, and of which two confirm it.
GOOD: frozenset[SourceLetter] = frozenset(("A", "B"))
#: Not good, but no reason for doubt either. F is unknown, not bad.
FAIR: frozenset[SourceLetter] = frozenset(("C", "F"))


class Assessment(NamedTuple):
    """The two grades, how many independent origins speak for the story, and why.

    ``disputed``: somebody doubts, denies or takes it back; a rumor, not merely a report by a lesser source.
    """

    source: SourceLetter
    information: InformationGrade
    origins: int
    reasons: tuple[Reason, ...]
    disputed: bool = False


@dataclass(slots=True)
class Voice:
    """Where one origin stands, after all that it has said."""

    origin_id: str
    name: str
    grade: SourceLetter
    status: ClaimStatus
    primary: bool
    regulator: bool
    own_sources: bool
    record: str | None
    speculative: bool

    @property
    def speaks_for(self) -> bool:
        """Whether it says, plainly or with doubt, that the thing is so."""
        return self.status in ("asserted", "hedged")


class _Hearing(NamedTuple):
    """All voices, sorted into those who assert, doubt, deny, and took it back."""

    asserting: list[Voice]
    hedging: list[Voice]
    denying: list[Voice]
    withdrawn: list[Voice]


def assess(testimonies: Sequence[Witness]) -> Assessment:
    """Grade a story by its ``testimonies``. They are heard in the order in which they were said, not arrived."""
    heard = sorted((each for each in testimonies if each.counts), key=lambda each: each.said_at)
    if not heard:
        return _nothing_to_judge(testimonies)
    judged = [each for each in heard if each.judged]
    if not judged:
        text = f"{join_names(e.publisher for e in heard)} wrote in a language that is not judged here."
        why = reason("language", f"{len(heard)} item(s) not in English", "cannot be judged", text)
        return Assessment(_best(e.origin_grade for e in heard), 6, len({e.origin_id for e in heard}), (why,))
    voices = _voices(judged)
    hearing = _Hearing(
        asserting=[voice for voice in voices if voice.status == "asserted"],
        hedging=[voice for voice in voices if voice.status == "hedged"],
        denying=[voice for voice in voices if voice.status == "denied"],
        withdrawn=[voice for voice in voices if voice.status == "retracted"],
    )
    speaking = [voice for voice in voices if voice.speaks_for]
    letter = _best(voice.grade for voice in speaking or voices)
    for rule in _RULES:
        found = rule(hearing)
        if found is not None:
            information, why = found
            disputed = len(hearing.asserting) < len(voices)
            return Assessment(
                letter,
                information,
                len(speaking),
                (why, *_company_silent(voices, information), *_records(voices)),
                disputed,
            )
    raise AssertionError("the last rule always speaks")


def _voices(testimonies: Sequence[Witness]) -> list[Voice]:
    """One voice for each origin; its newest word counts, but doubt after a plain statement takes nothing back."""
    voices: dict[str, Voice] = {}
    for each in testimonies:
        voice = voices.get(each.origin_id)
        if voice is None:
            voices[each.origin_id] = Voice(
                origin_id=each.origin_id,
                name=each.origin_name,
                grade=each.origin_grade,
                status=each.status,
                primary=each.primary,
                regulator=each.by_regulator,
                own_sources=each.basis == "unnamed",
                record=each.origin_record,
                speculative=each.speculative,
            )
            continue
        if not (voice.status == "asserted" and each.status == "hedged"):
            voice.status = each.status
        voice.grade = min(voice.grade, each.origin_grade)
        voice.primary = voice.primary or each.primary
        voice.record = each.origin_record or voice.record
        voice.regulator = voice.regulator or each.by_regulator
        voice.speculative = voice.speculative and each.speculative
        voice.own_sources = voice.own_sources or each.basis == "unnamed"
    return list(voices.values())


_Found = tuple[InformationGrade, Reason] | None


def _regulator_confirms(hearing: _Hearing) -> _Found:
    names = [voice.name for voice in hearing.asserting if voice.regulator]
    if not names:
        return None
    text = f"{join_names(names)} says so, whose own act or finding it is."
    if hearing.denying:
        text = f"{text[:-1]}; that outweighs the denial of {join_names(v.name for v in hearing.denying)}."
    return 1, reason("regulator", join_names(names), "confirmed by the primary source", text)


def _primary_denies(hearing: _Hearing) -> _Found:
    names = [voice.name for voice in hearing.denying if voice.primary]
    if not names or any(voice.primary for voice in hearing.asserting):
        return None  # one party against another: a contradiction, see below
    text = f"{join_names(names)} denies it, and must know."
    return 5, reason("primary-denial", join_names(names), "denied by the primary source", text)


def _all_withdrawn(hearing: _Hearing) -> _Found:
    if not hearing.withdrawn or hearing.asserting or hearing.hedging:
        return None
    names = join_names(voice.name for voice in hearing.withdrawn)
    text = f"{names} withdrew the report, and nobody else stands by it."
    return 5, reason("retraction", names, "withdrawn by its source", text)


def _primary_confirms(hearing: _Hearing) -> _Found:
    names = join_names(voice.name for voice in hearing.asserting if voice.primary)
    if not names or any(voice.primary for voice in hearing.denying):
        return None
    return 1, reason("primary", names, "confirmed by the primary source", f"{names} itself says so.")


def _contradicted(hearing: _Hearing) -> _Found:
    if not hearing.denying:
        return None
    deniers = join_names(voice.name for voice in hearing.denying)
    speakers = join_names(voice.name for voice in hearing.asserting + hearing.hedging)
    if not speakers:
        return 4, reason("denial", deniers, "doubtful", f"{deniers} reports that it is not so.")
    text = f"{speakers} reports it, {deniers} contradicts it."
    return 4, reason("contradiction", f"{speakers} against {deniers}", "doubtful", text)


def _independent_confirm(hearing: _Hearing) -> _Found:
    names = [voice.name for voice in hearing.asserting if voice.grade in GOOD]
    if len(names) < 2:
        return None
    listed = join_names(names)
    text = f"{capitalize_first(number_word(len(names)))} independent newsrooms, {listed}, report it."
    return 1, reason("independent-origins", listed, "confirmed by independent origins", text)


def _good_source(hearing: _Hearing) -> _Found:
    names = join_names(voice.name for voice in hearing.asserting if voice.grade in GOOD)
    if not names:
        return None
    text = f"{names}, a reliable source, states it as a fact, and nothing contradicts it."
    return 2, reason("good-source", names, "probably true", text)


def _two_with_own_sources(hearing: _Hearing) -> _Found:
    good = [voice.name for voice in hearing.hedging if voice.grade in GOOD and voice.own_sources]
    if len(good) < 2:
        return None
    listed = join_names(good)
    text = f"{listed} report it, each from sources of their own, and nothing contradicts it."
    return 2, reason("two-rumors", listed, "probably true", text)


def _fair_sources(hearing: _Hearing) -> _Found:
    fair = [voice.name for voice in hearing.asserting if voice.grade == "C"]
    if len(fair) >= 2 or (fair and any(v.grade in GOOD and v.own_sources for v in hearing.hedging)):
        listed = join_names(fair + [v.name for v in hearing.hedging if v.grade in GOOD])
        text = f"{listed} report it independently of each other, and nothing contradicts it."
        return 2, reason("fair-sources", listed, "probably true", text)
    names = join_names(voice.name for voice in hearing.asserting if voice.grade in FAIR)
    if not names:
        return None
    text = f"Only {names} states it so far; that is one source, and not one that stands for it alone."
    return 3, reason("single-fair-source", names, "possibly true", text)


def _speculation(hearing: _Hearing) -> _Found:
    if hearing.withdrawn or not hearing.hedging or not all(voice.speculative for voice in hearing.hedging):
        return None
    names = join_names(voice.name for voice in hearing.hedging)
    text = f"{names} only wonders about it or thinks it possible; nobody is said to know."
    return 6, reason("speculation", names, "cannot be judged", text)


def _rumor(hearing: _Hearing) -> _Found:
    names = join_names(v.name for v in hearing.hedging if v.grade in GOOD or v.grade == "C")
    if not names:
        return None
    text = f"{names} reports it as unconfirmed; no second independent source has said so."
    return 3, reason("rumor", names, "possibly true", text)


def _doubtful(hearing: _Hearing) -> _Found:
    names = join_names(voice.name for voice in hearing.asserting + hearing.hedging + hearing.withdrawn)
    text = f"Only {names or 'nobody known'} says so, which is no source to rely on alone."
    return 4, reason("weak-source", names, "doubtful", text)


_RULES: tuple[Callable[[_Hearing], _Found], ...] = (
    _regulator_confirms,
    _primary_denies,
    _primary_confirms,
    _all_withdrawn,
    _contradicted,
    _independent_confirm,
    _good_source,
    _two_with_own_sources,
    _fair_sources,
    _speculation,
    _rumor,
    _doubtful,
)


def _company_silent(voices: list[Voice], information: InformationGrade) -> tuple[Reason, ...]:
    if information in (5, 6) or any(voice.primary for voice in voices):
        return ()
    return (reason("no-comment", "no statement of the party itself", "open", "The company itself has not commented."),)


def _records(voices: list[Voice]) -> tuple[Reason, ...]:
    """What the track record of those who are heard did to their grades."""
    told = [voice for voice in voices if voice.record is not None]
    return tuple(reason("track-record", voice.name, voice.grade, voice.record or "") for voice in told)


def _nothing_to_judge(testimonies: Sequence[Witness]) -> Assessment:
    publishers = join_names(each.publisher for each in testimonies)
    text = f"{publishers} published it, but not as news." if publishers else "Nothing is known of it."
    why = reason("no-news", publishers, "cannot be judged", text)
    return Assessment(_best(each.source_grade for each in testimonies), 6, 0, (why,))


def _best(grades: Iterable[SourceLetter]) -> SourceLetter:
    return min(grades, default="F")
