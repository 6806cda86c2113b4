"""The sample newswire: invented publishers and stories, played to an empty system so that there is something to see.

Each story runs through the very services that real news runs through: it is written as an RSS feed, polled, parsed,
judged and drafted, at times that lie hours before now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Literal, Self
from xml.sax.saxutils import escape

from pydantic import ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from schemas.base import Model
from schemas.mentions import SourceGrade, SourceKind, SourceLetter
from services.common.errors import BadInput

__all__ = ["Newswire", "Publisher", "Story", "read_newswire", "render_feed"]


class _Strict(Model):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Publisher(_Strict):
    """Who publishes; ``kind`` and ``grade`` are set as this publisher's standing."""

    domain: str
    name: str
    kind: SourceKind
    grade: SourceLetter
    owner: str | None = None

    def standing(self) -> SourceGrade:
        """The publisher as the matcher knows sources."""
        ground = "Invented for the sample newswire."
        return SourceGrade(
            domain=self.domain, publisher=self.name, owner=self.owner, kind=self.kind, grade=self.grade, ground=ground
        )


class Story(_Strict):
    """One item, ``at`` hours from the start (negative: before it)."""

    at: float = Field(le=0)
    by: str
    title: str
    summary: str
    body: str | None = None


class Action(_Strict):
    """Something that the account manager did: sent the draft to this client about that company."""

    at: float = Field(le=0)
    send: str
    about: str
    how: Literal["by hand"] = "by hand"


class Newswire(_Strict):
    """Publishers, what they wrote, and what the account manager did in between."""

    publishers: dict[str, Publisher]
    items: tuple[Story, ...]
    actions: tuple[Action, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        for story in self.items:
            if story.by not in self.publishers:
                raise ValueError(f"{story.title!r} is by {story.by!r}, which is no publisher here")
        return self


def read_newswire(path: Path) -> Newswire:
    """Read a newswire file.

    Raises:
        BadInput: when it can't be read or misses something; the message names the field.
    """
    try:
        return Newswire.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except (OSError, YAMLError) as error:
        raise BadInput(f"{path}: can't be read: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise BadInput(f"{path}: {where}: {first['msg']}.", fix="Fix that field.") from None


@dataclass(frozen=True)
class Dated:
    """A story with its number in the newswire and its moment."""

    number: int
    story: Story
    at: datetime


def dated(newswire: Newswire, start: datetime) -> list[Dated]:
    """The stories in the order of their times, hours counted from ``start``."""
    found = [
        Dated(number, story, start + timedelta(hours=story.at)) for number, story in enumerate(newswire.items, start=1)
    ]
    return sorted(found, key=lambda one: (one.at, one.number))


def render_feed(publisher: Publisher, stories: list[Dated]) -> str:
    """The publisher's feed (RSS 2.0) with these stories, newest first."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>',
        f"<title>{escape(publisher.name)}</title><link>https://{publisher.domain}/</link>",
        "<description>Sample: invented news</description><language>en</language>",
    ]
    for one in reversed(stories):
        link = f"https://{publisher.domain}/{one.number}"
        body = f"<content:encoded>{escape(one.story.body)}</content:encoded>" if one.story.body else ""
        lines.append(
            f'<item><title>{escape(one.story.title)}</title><link>{link}</link><guid isPermaLink="true">{link}</guid>'
            f"<pubDate>{format_datetime(one.at)}</pubDate>"
            f"<description>{escape(one.story.summary)}</description>{body}</item>"
        )
    return "\n".join([*lines, "</channel></rss>", ""])
