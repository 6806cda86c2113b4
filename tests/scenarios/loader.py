"""Load the scenarios in this folder: timed items, with the alerts that each must raise.

README.md describes the format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from schemas.base import content_id, event
from schemas.clients import Client, ClientChanged, ClientRemoved, Firm, Manager, Watch
from schemas.items import Item, ItemIngested, Source
from schemas.mentions import SourceGrade, SourceGraded
from services.common.processing import AnyEvent
from services.common.yaml_table import load_yaml

__all__ = ["BEGINNING", "Expected", "Scenario", "Step", "load_scenarios", "parse_scenarios"]

HERE = Path(__file__).parent
#: The start of every scenario; any moment would do.
BEGINNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FIRM = Firm(name="Harbour & Vane")
MANAGER = Manager(id="mara", name="Mara Lindqvist")
PRODUCER = "firstword/scenario"


@dataclass(frozen=True)
class Expected:
    """An expected alert; fields that are None match anything. ``because`` is a rule among its reasons."""

    client: str
    verdict: str
    because: str | None = None
    grade: str | None = None
    origins: int | None = None
    direction: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Step:
    """A moment: an event, or None if only time passes, and the alerts that it must raise, in any order."""

    at: datetime
    event: AnyEvent | None
    expected: tuple[Expected, ...]


@dataclass(frozen=True)
class Scenario:
    """A scenario. ``setting`` are the events before its steps: source grades and clients."""

    name: str
    file: str
    setting: tuple[AnyEvent, ...]
    steps: tuple[Step, ...]


def load_scenarios() -> list[Scenario]:
    """Return all scenarios, ordered by file name and by position in the file."""
    return list(_scenarios())


def parse_scenarios(text: str, file: str, publishers: dict[str, SourceGrade]) -> list[Scenario]:
    """Return the scenarios in ``text``; ``publishers`` are the values that ``by:`` may have, by key."""
    return [_scenario(file, raw, publishers) for raw in load_yaml(text)]


def _scenarios() -> Iterator[Scenario]:
    publishers = {key: SourceGrade(**entry) for key, entry in _read(HERE / "publishers.yaml").items()}
    for path in sorted(HERE.glob("*.yaml")):
        if path.name == "publishers.yaml":
            continue
        for raw in _read(path):
            yield _scenario(path.name, raw, publishers)


def _read(path: Path) -> Any:
    return load_yaml(path.read_text(encoding="utf-8"))


def _scenario(file: str, raw: dict[str, Any], publishers: dict[str, SourceGrade]) -> Scenario:
    clients = [_client(entry) for entry in raw["clients"]]
    alone = clients[0].id if len(clients) == 1 else None
    setting = [_graded(grade) for grade in publishers.values()] + [_changed(client) for client in clients]
    steps = [_step(raw["name"], entry, publishers, alone) for entry in raw["items"]]
    return Scenario(raw["name"], file, tuple(setting), tuple(steps))


def _client(raw: dict[str, Any]) -> Client:
    watches = [_watch(entry) for entry in raw["watches"]]
    return Client(
        id=raw.get("id", "client"),
        name=raw.get("name", "A Client"),
        manager_id=MANAGER.id,
        trade=raw.get("trade", "wealth"),
        assets=tuple(watch for watch in watches if watch.is_asset),
        interests=tuple(watch for watch in watches if not watch.is_asset),
    )


def _watch(raw: dict[str, Any]) -> Watch:
    return Watch(**{"entity_id": raw["name"].lower().replace(" ", "-"), **raw})


def _step(name: str, raw: dict[str, Any], publishers: dict[str, SourceGrade], alone: str | None) -> Step:
    at = BEGINNING + timedelta(hours=raw["at"])
    then = raw.get("then") or []
    expected = tuple(_expected(entry, alone) for entry in (then if isinstance(then, list) else [then]))
    if "title" in raw:
        return Step(at, _ingested(name, raw, publishers, at), expected)
    if "remove" in raw:
        return Step(at, _removed(raw["remove"], at), expected)
    if "client" in raw:
        return Step(at, _changed(_client(raw["client"]), at), expected)
    return Step(at, None, expected)


def _expected(raw: dict[str, Any], alone: str | None) -> Expected:
    return Expected(**{"client": alone, **raw})


def _ingested(name: str, raw: dict[str, Any], publishers: dict[str, SourceGrade], at: datetime) -> AnyEvent:
    by = publishers.get(raw["by"])
    host = by.domain if by else raw["by"]
    feed = raw.get("feed", raw["by"])
    channel = publishers[feed].domain if feed in publishers else feed
    guid = str(raw.get("id", raw["title"]))
    revision = int(raw.get("revision", 0))
    item = Item(
        id=content_id("itm", name, channel, guid),
        url=f"https://{host}/{content_id('n', guid)}",
        title=raw["title"],
        summary=raw.get("summary"),
        body=raw.get("body"),
        language=raw.get("language"),
        published_at=_moment(raw.get("published", raw["at"])),
        updated_at=_moment(raw.get("updated")),
        fetched_at=at,
        source=Source(
            feed_url=f"https://{channel}/feed" if channel else None, host=host, publisher=by.publisher if by else None
        ),
    )
    data = ItemIngested(
        item=item,
        revision=revision,
        change="revised" if revision else "new",
        background=raw.get("background", False),
    )
    identity = content_id("evt", item.id, revision)
    return cast("AnyEvent", event(data, key=item.id, id=identity, source=PRODUCER, time=at))


def _moment(hours: float | None) -> datetime | None:
    return None if hours is None else BEGINNING + timedelta(hours=hours)


def _graded(grade: SourceGrade) -> AnyEvent:
    data = SourceGraded(source=grade)
    identity = content_id("evt", grade.domain)
    return cast("AnyEvent", event(data, key=grade.domain, id=identity, source=PRODUCER, time=BEGINNING))


def _changed(client: Client, at: datetime = BEGINNING) -> AnyEvent:
    data = ClientChanged(client=client, firm=FIRM, manager=MANAGER)
    identity = content_id("evt", client.id, at.isoformat())
    return cast("AnyEvent", event(data, key=client.id, id=identity, source=PRODUCER, time=at))


def _removed(client_id: str, at: datetime) -> AnyEvent:
    data = ClientRemoved(client_id=client_id)
    identity = content_id("evt", client_id, "removed", at.isoformat())
    return cast("AnyEvent", event(data, key=client_id, id=identity, source=PRODUCER, time=at))
