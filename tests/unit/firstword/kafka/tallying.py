"""A small processor with state and a timer, keyed by subject as Kafka requires."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from schemas.base import content_id, event
from schemas.interactions import InteractionLogged
from schemas.items import ItemIngested
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent, Processor

__all__ = ["Tally", "TallyState"]

#: Subject, count, and the due time of the timer.
TallyState = tuple[str, int, str | None]


class Tally(Processor[TallyState]):
    """Counts items per subject. Publishes each count, and "quiet" an hour after the last item."""

    name = "tally"
    inputs = ("items",)
    references = ("clients",)
    outputs = ("interactions",)

    def __init__(self) -> None:
        self.known_clients = 0

    def update_reference(self, event: AnyEvent) -> None:
        self.known_clients += 1

    def initial(self, key: str) -> TallyState:
        return (key, 0, None)

    def process(self, state: TallyState, event: AnyEvent, now: datetime) -> tuple[TallyState, Sequence[AnyEvent]]:
        assert isinstance(event.data, ItemIngested)
        title = event.data.item.title
        if title == "bad":
            raise KnownBadEvent(f"{event.subject}: a title that can't be worked with.")
        if title == "poison":
            raise ZeroDivisionError("a bug")
        subject, count, _ = state
        due = (now + timedelta(hours=1)).isoformat()
        text = (
            f"count {count + 1} with {self.known_clients} clients" if title.startswith("who") else f"count {count + 1}"
        )
        return (subject, count + 1, due), [_say(subject, text, now)]

    def next_tick(self, state: TallyState) -> datetime | None:
        return datetime.fromisoformat(state[2]) if state[2] else None

    def tick(self, state: TallyState, now: datetime) -> tuple[TallyState, Sequence[AnyEvent]]:
        subject, count, _ = state
        return (subject, count, None), [_say(subject, f"quiet after {count}", now)]

    def dump(self, state: TallyState) -> bytes:
        return json.dumps(state).encode()

    def load(self, raw: bytes) -> TallyState:
        subject, count, due = json.loads(raw)
        return (subject, count, due)


def _say(subject: str, text: str, now: datetime) -> AnyEvent:
    data = InteractionLogged(
        interaction_id=content_id("int", subject, text),
        client_id=subject,
        manager_id="m",
        at=now,
        channel="test",
        summary=text,
    )
    made = content_id("evt", subject, text, now.isoformat())
    return event(data, key=subject, id=made, source="test", time=now)
