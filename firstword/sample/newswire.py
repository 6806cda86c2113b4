"""The sample newswire: invented publishers and stories that give an empty system something to show.

Each story passes through the same services as real news: it is written to an RSS feed, polled, parsed, judged and
drafted, at times some hours before now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Literal, Self
from xml.sax.saxutils import escape

from pydantic import ConfigDict, Field, ValidationError, model_validator
from yaml import YAMLError

from schemas.base import Model
from schemas.mentions import SourceGrade, SourceKind, SourceLetter
from services.common.errors import BadInput
from services.common.yaml_table import load_yaml

__all__ = ["Newswire", "Publisher", "Story", "read_newswire", "render_feed"]


class _Strict(Model):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Publisher(_Strict):
    """A publisher, with the kind and grade that the sample sets for it."""

    domain: str
    name: str
    kind: SourceKind
    grade: SourceLetter
    owner: str | None = None

    def source_grade(self) -> SourceGrade:
        """Return the publisher's grade."""
        ground = "Invented for the sample newswire."
        return SourceGrade(
            domain=self.domain, publisher=self.name, owner=self.owner, kind=self.kind, grade=self.grade, ground=ground
        )


class Story(_Strict):
    """An item. ``at`` is its time in hours relative to the start, so it is negative."""

    at: float = Field(le=0)
    by: str
    title: str
    summary: str
    body: str | None = None


class Action(_Strict):
    """An action of the account manager: the draft for this client about that company was sent."""

    at: float = Field(le=0)
    send: str
    about: str
    how: Literal["by hand"] = "by hand"


class Newswire(_Strict):
    """The publishers, their items, and the actions of the account manager between these."""

    publishers: dict[str, Publisher]
    items: tuple[Story, ...]
    actions: tuple[Action, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        for story in self.items:
            if story.by not in self.publishers:
                raise ValueError(f"{story.title!r} is by {story.by!r}, which is not among the publishers")
        return self


def read_newswire(path: Path) -> Newswire:
    """Read a newswire file.

    Raises:
        BadInput: the file can't be read or is invalid; the message names the field.
    """
    try:
        return Newswire.model_validate(load_yaml(path.read_text(encoding="utf-8")))
    except (OSError, YAMLError) as error:
        raise BadInput(f"{path} can't be read: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise BadInput(f"{path}: {where}: {first['msg']}.", fix="Correct that field.") from None


@dataclass(frozen=True)
class TimedStory:
    """A story with its number in the newswire and its time."""

    number: int
    story: Story
    at: datetime


def schedule(newswire: Newswire, start: datetime) -> list[TimedStory]:
    """Return the stories with their times relative to ``start``, in order of time."""
    stories = [
        TimedStory(number, story, start + timedelta(hours=story.at))
        for number, story in enumerate(newswire.items, start=1)
    ]
    return sorted(stories, key=lambda story: (story.at, story.number))


def render_feed(publisher: Publisher, stories: list[TimedStory]) -> str:
    """Return the publisher's feed (RSS 2.0) with these stories, newest first."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>',
        f"<title>{escape(publisher.name)}</title><link>https://{publisher.domain}/</link>",
        "<description>Sample: invented news</description><language>en</language>",
    ]
    for timed in reversed(stories):
        story, link = timed.story, f"https://{publisher.domain}/{timed.number}"
        body = f"<content:encoded>{escape(story.body)}</content:encoded>" if story.body else ""
        lines.append(
            f'<item><title>{escape(story.title)}</title><link>{link}</link><guid isPermaLink="true">{link}</guid>'
            f"<pubDate>{format_datetime(timed.at)}</pubDate>"
            f"<description>{escape(story.summary)}</description>{body}</item>"
        )
    return "\n".join([*lines, "</channel></rss>", ""])
