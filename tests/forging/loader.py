"""Load the forging cases in this folder: what a hostile feed tries, and the verdicts that a careful adviser accepts.

README.md describes the format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from schemas.base import content_id
from schemas.clients import Client, Trade, Watch
from schemas.items import Item, Source
from schemas.mentions import SourceGrade
from services.common.yaml_table import load_yaml
from services.ingest.identity.urls import host_of
from services.matcher.sources.publishers import default_sources
from tests.scenarios.loader import BEGINNING, MANAGER

__all__ = [
    "ATTACK_VERDICTS",
    "HONEST_VERDICTS",
    "Case",
    "Document",
    "Step",
    "load_cases",
    "load_publishers",
    "parse_case",
]

HERE = Path(__file__).parent
SCENARIO_PUBLISHERS = HERE.parent / "scenarios" / "publishers.yaml"
#: An outcome of a step for a client: an alert's verdict, or that no alert was raised.
NOTHING = "none"
#: What an attacker's item may lead to: nothing that states it as a fact, and no correction.
ATTACK_VERDICTS = frozenset((NOTHING, "ignore", "hold", "warn"))
#: What an honest item may lead to where a case does not say.
HONEST_VERDICTS = frozenset((NOTHING, "ignore", "hold", "warn", "tell", "information"))
#: The clients of a case that names no others: one for each kind of watch.
KINDS = ("holding", "competitor", "topic")
#: Its clients are those to whom all matters that matters to an owner, so that nothing but the sources decides.
TRADE: Trade = "wealth"

#: The weight of holdings, and a scope for subjects, which need one.
LIMITS: Mapping[str, dict[str, Any]] = {
    "holding": {"weight": 0.12},
    "topic": {"scope": {}},
    "regulation": {"scope": {}},
    "place": {"scope": {}},
    "industry": {"scope": {}},
}


@dataclass(frozen=True)
class Document:
    """A feed's bytes, as a poll of ``feed_url`` fetches them. ``speaks_for`` is set when the feed is added."""

    feed_url: str
    raw: bytes
    speaks_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A moment: an item or a document, or neither if only time passes.

    ``channel`` is the host of the feed, None if it has none. ``attack``: the content is forged, or else ``accurate``:
    then a message may say that it is confirmed. ``accepted`` are the outcomes that are right for each client, by client
    id.
    """

    at: datetime
    channel: str | None
    attack: bool
    accepted: Mapping[str, frozenset[str]]
    item: Item | None = None
    document: Document | None = None
    accurate: bool = False


@dataclass(frozen=True)
class Case:
    """A case. ``family`` is the sort of attack; a control is an honest course of events.

    ``finally_`` are the acceptable last outcomes for each client whom the case restricts.
    """

    name: str
    family: str
    control: bool
    clients: tuple[Client, ...]
    steps: tuple[Step, ...]
    finally_: Mapping[str, frozenset[str]]


def load_cases(folder: Path = HERE) -> list[Case]:
    """Return the cases in ``folder``, ordered by file name and by position in the file."""
    return [
        parse_case(raw, path.stem.replace("_", " ")) for path in sorted(folder.glob("*.yaml")) for raw in _read(path)
    ]


@cache
def load_publishers() -> Mapping[str, SourceGrade]:
    """Return the invented publishers of the scenarios, by the key that cases use."""
    return {key: SourceGrade(**entry) for key, entry in _read(SCENARIO_PUBLISHERS).items()}


def _read(path: Path) -> Any:
    return load_yaml(path.read_text(encoding="utf-8"))


def parse_case(raw: Mapping[str, Any], family: str) -> Case:
    """Return the case that ``raw`` describes, in the format of the files."""
    publishers = load_publishers()
    clients = (
        (_reader(raw["book"]),)
        if "book" in raw
        else tuple(_client(raw["watch"], kind) for kind in raw.get("for", KINDS))
    )
    ids = [client.id for client in clients]
    steps = tuple(step for entry in raw["steps"] for step in _steps(raw["name"], entry, publishers, ids))
    finally_ = _accepted(raw.get("finally"), ids, {})
    return Case(raw["name"], family, "control" in family, clients, steps, finally_)


def _reader(raw: Mapping[str, Any]) -> Client:
    """Return the one client of a case, who has all its watches."""
    watches = [_watch(fields, fields["kind"]) for fields in raw["watches"]]
    return Client(
        id="client",
        name="The client",
        manager_id=MANAGER.id,
        trade=raw["trade"],
        assets=tuple(watch for watch in watches if watch.is_asset),
        interests=tuple(watch for watch in watches if not watch.is_asset),
    )


def _watch(raw: Any, kind: str) -> Watch:
    fields: dict[str, Any] = raw if isinstance(raw, dict) else {"name": raw}
    entity_id = fields["name"].lower().replace(" ", "-")
    return Watch(**{"entity_id": entity_id, "kind": kind, **LIMITS.get(kind, {}), **fields})


def _client(raw: Any, kind: str) -> Client:
    watch = _watch(raw, kind)
    return Client(
        id=kind,
        name=f"The {kind} client",
        manager_id=MANAGER.id,
        trade=TRADE,
        assets=(watch,) if watch.is_asset else (),
        interests=() if watch.is_asset else (watch,),
    )


def _steps(case: str, raw: dict[str, Any], publishers: Mapping[str, SourceGrade], clients: list[str]) -> Iterator[Step]:
    """Yield the step, or one for each value of ``each``, ``every`` hours apart, with the value for ``{}``."""
    values = raw.get("each", [None])
    for place, value in enumerate(range(values) if isinstance(values, int) else values):
        filled = {key: _fill(entry, value) for key, entry in raw.items() if key not in ("each", "every")}
        filled["at"] = raw["at"] + place * raw.get("every", 0)
        yield _step(case, filled, publishers, clients)


def _fill(entry: Any, value: object) -> Any:
    return entry.replace("{}", str(value)) if isinstance(entry, str) and value is not None else entry


def _step(case: str, raw: dict[str, Any], publishers: Mapping[str, SourceGrade], clients: list[str]) -> Step:
    at = BEGINNING + timedelta(hours=raw["at"])
    attack = "attack" in raw
    usual = ATTACK_VERDICTS if attack else HONEST_VERDICTS
    accepted = _accepted(raw.get("then"), clients, dict.fromkeys(clients, usual))
    key = raw.get("attack") or raw.get("by")
    if key is None:
        return Step(at, None, False, accepted)
    publisher = publishers.get(key)
    host = publisher.domain if publisher else key
    feed_url = raw.get("feed", f"https://{host}/feed")
    speaks_for = tuple(raw.get("speaks_for", ()))
    if "document" in raw:
        document = Document(feed_url, raw["document"].encode(), speaks_for)
        return Step(at, host_of(feed_url), attack, accepted, document=document, accurate="accurate" in raw)
    name = publisher.publisher if publisher else _listed_name(host)
    item = _item(case, raw, host, name, feed_url, speaks_for)
    return Step(at, host_of(feed_url) if feed_url else None, attack, accepted, item=item, accurate="accurate" in raw)


def _listed_name(host: str) -> str | None:
    listed = default_sources().lookup(host)
    return listed.publisher if listed.domain == host else None


def _item(
    case: str, raw: dict[str, Any], host: str, name: str | None, feed_url: str | None, speaks_for: tuple[str, ...]
) -> Item:
    at = BEGINNING + timedelta(hours=raw["at"])
    guid = str(raw.get("id", raw["title"]))
    link = str(raw.get("link", host))
    url = link if "://" in link else f"https://{link}/{content_id('n', guid)}"
    published, updated = _moment(raw.get("published")), _moment(raw.get("updated"))
    if "undated" not in raw and published is None and updated is None:
        published = at
    return Item(
        id=content_id("itm", case, guid if "id" in raw else f"{feed_url} {guid} {raw['at'] if 'again' in raw else ''}"),
        url=url,
        title=raw["title"],
        summary=raw.get("summary"),
        body=raw.get("body"),
        language=raw.get("language"),
        published_at=published,
        updated_at=updated,
        fetched_at=at,
        authors=tuple(raw.get("authors", ())),
        categories=tuple(raw.get("categories", ())),
        source=Source(
            feed_url=feed_url,
            host=host_of(url),
            publisher=raw.get("claims", name),
            owner=raw.get("owner"),
            speaks_for=speaks_for,
        ),
    )


def _moment(hours: float | None) -> datetime | None:
    return None if hours is None else BEGINNING + timedelta(hours=hours)


def _accepted(raw: Any, clients: list[str], usual: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Return the accepted outcomes: ``raw`` is for all clients, or a mapping by client; ``usual`` fills the rest."""
    if raw is None:
        return dict(usual)
    if isinstance(raw, dict):
        return {**usual, **{client: _outcomes(entry) for client, entry in raw.items()}}
    return dict.fromkeys(clients, _outcomes(raw))


def _outcomes(raw: str | list[str]) -> frozenset[str]:
    return frozenset([raw] if isinstance(raw, str) else raw)
