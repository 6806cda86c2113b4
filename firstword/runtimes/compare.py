"""What another book or other thresholds would have changed: two replays of the same items, compared alert by alert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from schemas.alerts import Alert, Verdict
from schemas.base import Model, Utc

__all__ = ["Difference", "differences"]


class Difference(Model):
    """One story for one client that comes out otherwise. ``before`` and ``after`` are the verdicts in their order.

    ``because`` is the decisive reason of the last alert after the change, or where there is none, before it.
    """

    type: Literal["difference"] = "difference"
    change: Literal["added", "gone", "changed"]
    client_id: str
    entity_id: str
    story_id: str
    headline: str
    before: tuple[Verdict, ...]
    after: tuple[Verdict, ...]
    rule: str
    because: str
    raised_at: Utc


_Key = tuple[str, str, str]


def differences(before: Iterable[Alert], after: Iterable[Alert]) -> Iterator[Difference]:
    """What differs, in the order of the time at which the alerts concerned were first raised."""
    old, new = _by_story(before), _by_story(after)
    keys = sorted({*old, *new}, key=lambda key: ((old.get(key) or new[key])[0].raised_at, key))
    for key in keys:
        was, is_now = old.get(key, []), new.get(key, [])
        verdicts = tuple(alert.verdict for alert in was), tuple(alert.verdict for alert in is_now)
        if verdicts[0] == verdicts[1]:
            continue
        last = (is_now or was)[-1]
        yield Difference(
            change="changed" if was and is_now else "added" if is_now else "gone",
            client_id=last.client_id,
            entity_id=last.entity_id,
            story_id=last.story_id,
            headline=last.headline,
            before=verdicts[0],
            after=verdicts[1],
            rule=last.reasons[0].rule,
            because=last.reasons[0].text,
            raised_at=last.raised_at,
        )


def _by_story(alerts: Iterable[Alert]) -> dict[_Key, list[Alert]]:
    found: dict[_Key, list[Alert]] = {}
    for alert in alerts:
        found.setdefault((alert.client_id, alert.entity_id, alert.story_id), []).append(alert)
    return found
