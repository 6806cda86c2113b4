"""Tells reports of official acts from rumors: what a court, an authority or the company itself did can be looked up."""

from __future__ import annotations

import re

from schemas.alerts import Alert
from schemas.mentions import FAMILY_OF, ClaimBasis, SourceLetter
from schemas.readings import EventFamily
from services.notifier.drafting.stage import stage_of

__all__ = ["PUBLIC_RECORD", "UNCONFIRMED", "is_public_act", "subject_prefix", "without_prefix"]

#: The beginnings of subject lines.
UNCONFIRMED, REPORTED, CORRECTION = "Unconfirmed: ", "Reported: ", "Correction: "
#: The rule of judgment that passes on what anybody can look up (``services/matcher/judgment/verdict.py``).
PUBLIC_RECORD = "public-record"
#: Acts of these broad kinds are public once they are done.
_DONE_IN_PUBLIC: frozenset[EventFamily] = frozenset(("legal", "regulation", "earnings", "guidance"))
#: A notice of a weakness or a recall is public as well.
_NOTICED: frozenset[EventFamily] = frozenset(("vulnerability", "recall"))
_NOTICE = re.compile(
    r"\b(?:issue[sd]? (?:an? )?(?:\w+ )?(?:warning|alert|advisory|notice)|advisory|bulletin|cve-\d+|patch(?:es|ed)?|"
    r"fixe[sd]|recall(?:s|ed)?)\b"
)
#: The grades of sources that are unreliable or unknown: that they report an act shows nothing.
_NOBODYS_WORD: frozenset[SourceLetter] = frozenset(("E", "F"))
#: Who speaks on one of these bases does so in public.
_PUBLIC_BASES: frozenset[ClaimBasis] = frozenset(("regulator", "court", "filing", "company"))


def is_public_act(alert: Alert) -> bool:
    """Return whether ``alert`` is unconfirmed only because a weak source alone reports an act that is public.

    Each report must state it as a fact, nobody may deny it, and somebody known must report it. To call such an act
    "unconfirmed" would cast doubt on a ruling or a notice that anybody can look up.
    """
    claims = [item for item in alert.evidence if item.supports in ("claim", "copy", None)]
    stated = bool(claims) and all(item.status == "asserted" and item.basis != "unnamed" for item in claims)
    if alert.verdict != "warn" or alert.contested or not stated or alert.source_grade in _NOBODYS_WORD:
        return False
    if alert.reading is not None and alert.reading.status not in ("fact", "plan"):
        return False
    if any(item.basis in _PUBLIC_BASES for item in claims):
        return True
    family = FAMILY_OF[alert.kind]
    if family not in _NOTICED and any(why.rule == PUBLIC_RECORD for why in alert.reasons):
        return True
    if family in _NOTICED and _NOTICE.search(alert.headline.casefold()):
        return True
    is_decided = family in ("earnings", "guidance") or stage_of(alert) in ("announced", "completed")
    return family in _DONE_IN_PUBLIC and is_decided


def subject_prefix(alert: Alert) -> str:
    """Return what marks the subject line of ``alert``; empty for confirmed news."""
    if alert.verdict == "warn":
        return REPORTED if is_public_act(alert) else UNCONFIRMED
    return CORRECTION if alert.verdict == "correct" else ""


def without_prefix(subject: str) -> str:
    """Return ``subject`` without the word that marks it."""
    for prefix in (UNCONFIRMED, REPORTED, CORRECTION):
        subject = subject.removeprefix(prefix)
    return subject
