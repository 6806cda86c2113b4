"""A small processor with state and a timer, to test runtimes without news."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from schemas.base import content_id, event
from schemas.interactions import InteractionLogged
from schemas.items import Item, ItemIngested
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent, Processor

State = tuple[int, str | None]


def item_event(number: int, at: datetime, title: str = "news") -> AnyEvent:
    item = Item(id=f"itm_{number}", title=title, url=f"https://news.example/{number}")
    return event(ItemIngested(item=item), key=item.id, id=content_id("evt", number, title), source="test", time=at)


class Counter(Processor[State]):
    """Counts items per key (number modulo 3). Publishes each count, and "quiet" an hour after the last item."""

    name = "counter"
    inputs: ClassVar[tuple[str, ...]] = ("items",)
    references: ClassVar[tuple[str, ...]] = ("clients",)
    outputs: ClassVar[tuple[str, ...]] = ("interactions",)

    def __init__(self) -> None:
        self.known_clients = 0

    def key(self, event: AnyEvent) -> str:
        return str(int(event.subject.removeprefix("itm_")) % 3)

    def update_reference(self, event: AnyEvent) -> None:
        self.known_clients += 1

    def initial(self, key: str) -> State:
        return (0, None)

    def process(self, state: State, event: AnyEvent, now: datetime) -> tuple[State, Sequence[AnyEvent]]:
        assert isinstance(event.data, ItemIngested)
        if event.data.item.title == "bad":
            raise KnownBadEvent(f"{event.subject}: a title that can't be worked with.")
        count = state[0] + 1
        return (count, (now + timedelta(hours=1)).isoformat()), [self._say(self.key(event), f"count {count}", now)]

    def next_tick(self, state: State) -> datetime | None:
        return datetime.fromisoformat(state[1]) if state[1] else None

    def tick(self, state: State, now: datetime) -> tuple[State, Sequence[AnyEvent]]:
        return (state[0], None), [self._say("?", f"quiet after {state[0]}", now)]

    def dump(self, state: State) -> bytes:
        return json.dumps(state).encode()

    def load(self, raw: bytes) -> State:
        count, due = json.loads(raw)
        return (count, due)

    def _say(self, key: str, text: str, now: datetime) -> AnyEvent:
        data = InteractionLogged(
            interaction_id=text, client_id=key, manager_id="m", at=now, channel="test", summary=f"{text}/{key}"
        )
        return event(data, key=key, id=content_id("evt", key, text, now.isoformat()), source="test", time=now)
