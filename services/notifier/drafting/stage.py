"""Reads from the words of the news how far an event has come: rumored, announced, completed or called off."""

from __future__ import annotations

import re
from functools import cache

from schemas.alerts import Alert
from schemas.mentions import FAMILY_OF
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.playbook_rules import BOUGHT, Stage

__all__ = ["event_text", "goes_on", "stage_of"]

#: So many items of the evidence are read besides the headline: the first ones state the event best.
MAX_ITEMS = 3
#: A clause on what has not happened: "if the deal closes", "once it is completed".
_CONDITION = re.compile(r"\b(?:if|once|until|before|unless|assuming)\b[^,.;:\n]*")
#: What a headline promises to explain: it says nothing on how far the event has come.
_PROMISED = re.compile(r"[.?!:;] (?:why|how|what|here's|is|are|will|could|should|does|can)\b.*$")
#: What a headline says of an outage that is not over.
_GOES_ON = re.compile(
    r"\b(?:suffering|experiencing|facing|investigating|ongoing|"
    r"(?:is|are|still|currently) (?:\w+ )?(?:down|offline|unavailable))\b"
)
#: On whose word the news is: what analysts warn of is not what an authority announces.
_COMMENT = re.compile(
    r",? (?:[\w'.-]+ ){0,4}"
    r"(?:analysts?|experts?|economists?|lawyers?|researchers?|critics|observers|campaigners|report|study) "
    r"(?:says?|said|warns?|warned|fears?|predicts?|claims?|finds?)\.?$"
)


def event_text(alert: Alert, *, titles_only: bool = False) -> str:
    """Return the words that say what happened, in lower case: the headline and the leading evidence.

    ``titles_only``: without sentences, which in politics recall what was decided before.
    """
    return "\n".join(_texts(alert, titles_only=titles_only))


def stage_of(alert: Alert) -> Stage | None:
    """Return how far the event of ``alert`` has come, or None where its words do not say.

    The headline decides before the evidence. Which words count for which kind of event is data (stages.yaml).
    """
    patterns = _patterns(FAMILY_OF[alert.kind])
    if not patterns:
        return None
    reading = alert.reading
    for text in _texts(alert):
        text = _CONDITION.sub(" ", _COMMENT.sub("", _PROMISED.sub("", text)))
        for stage, pattern in patterns:
            if pattern.search(text):
                return "rumored" if stage == "announced" and reading and reading.status == "rumor" else stage
    if reading is not None and reading.status in ("rumor", "plan"):
        return "rumored" if reading.status == "rumor" else "announced"
    if (
        FAMILY_OF[alert.kind] == "outage"
        and not goes_on(alert)
        and alert.direction == "neutral"
        and alert.stance in BOUGHT
    ):
        return "completed"  # judgment has read of its end, further down than what is quoted
    return None


def goes_on(alert: Alert) -> bool:
    """Return whether the headline says that an outage is not over."""
    return FAMILY_OF[alert.kind] == "outage" and _GOES_ON.search(alert.headline.casefold()) is not None


def _texts(alert: Alert, *, titles_only: bool = False) -> tuple[str, ...]:
    stating = [item for item in alert.evidence if item.supports in ("claim", "copy", None)] or list(alert.evidence)
    texts = [
        alert.headline,
        *(text for item in stating[:MAX_ITEMS] for text in (item.title, "" if titles_only else item.quote)),
    ]
    return tuple(dict.fromkeys(text.casefold().replace("’", "'") for text in texts))


@cache
def _patterns(family: str) -> tuple[tuple[Stage, re.Pattern[str]], ...]:
    """Return the stages of a broad kind in the order of the file, each with the words that show it."""
    stages = read_yaml("stages.yaml").get(family, {})
    return tuple((stage, re.compile("|".join(f"(?:{words})" for words in listed))) for stage, listed in stages.items())
