"""Recognizes findings and figures that a report calls preliminary, lest a draft tell them as settled. Pure."""

from __future__ import annotations

import re

__all__ = ["is_preliminary"]

_FOUND = (
    r"(?:findings?|results?|data|stud(?:y|ies)|analys[ei]s|evidence|estimates?|figures|numbers|research|tests?"
    r"|(?:clinical )?trials?|reports?|assessments?|views?|conclusions?|investigations?|inquir(?:y|ies)|probes?"
    r"|readings?|reviews?|decisions?)"
)
_DECIDED = r"(?:finds?|found|concludes?|concluded|rule[sd]?|decide[sd]?|estimate[sd]?)"
_PRELIMINARY = re.compile(
    rf"\b(?:preliminary|provisional|early|initial) (?:[\w-]+ ){{0,2}}?{_FOUND}\b"
    r"|\binterim (?:[\w-]+ )?(?:analys[ei]s|findings?|data|report)\b"
    r"|\bearly[- ]stage (?:[\w-]+ ){0,2}?(?:trial|study|studies|trials|data)\b|\bpilot (?:study|trial)\b"
    rf"|\b(?:provisionally|preliminarily|tentatively) {_DECIDED}\b"
    r"|\bpre-?print\b|\b(?:not (?:yet )?(?:been )?|yet to be )(?:peer[- ]reviewed|replicated)\b"
    r"|\b(?:in|on) (?:mice|rats|monkeys|animals|the lab|(?:animal|small|lab) (?:study|studies|trials?|tests?))\b",
    re.IGNORECASE,
)


def is_preliminary(text: str) -> bool:
    """Return whether ``text`` says that what it tells was found in a first, small or unfinished study or count."""
    return _PRELIMINARY.search(text) is not None
