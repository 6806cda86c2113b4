"""Compare two replays of the same items, alert by alert: the effect of another book or other thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from schemas.alerts import Alert, Verdict
from schemas.base import Model, Utc

__all__ = ["Difference", "differences"]


class Difference(Model):
    """A story that has other verdicts for a client. ``before`` and ``after`` are the verdicts, in order of time.

    ``because`` is the decisive reason of the last alert after the change, or before it if there is none after it.
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
    """Yield the differences, ordered by when each story's first alert was raised."""
    old, new = _by_story(before), _by_story(after)
    keys = sorted({*old, *new}, key=lambda key: ((old.get(key) or new[key])[0].raised_at, key))
    for key in keys:
        old_alerts, new_alerts = old.get(key, []), new.get(key, [])
        old_verdicts = tuple(alert.verdict for alert in old_alerts)
        new_verdicts = tuple(alert.verdict for alert in new_alerts)
        if old_verdicts == new_verdicts:
            continue
        last = (new_alerts or old_alerts)[-1]
        yield Difference(
            change="changed" if old_alerts and new_alerts else "added" if new_alerts else "gone",
            client_id=last.client_id,
            entity_id=last.entity_id,
            story_id=last.story_id,
            headline=last.headline,
            before=old_verdicts,
            after=new_verdicts,
            rule=last.reasons[0].rule,
            because=last.reasons[0].text,
            raised_at=last.raised_at,
        )


def _by_story(alerts: Iterable[Alert]) -> dict[_Key, list[Alert]]:
    grouped: dict[_Key, list[Alert]] = {}
    for alert in alerts:
        grouped.setdefault((alert.client_id, alert.entity_id, alert.story_id), []).append(alert)
    return grouped
