"""Reads a file that was put into an inlet's folder, by its kind. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from email.parser import BytesParser
from email.policy import compat32
from hashlib import blake2b
from pathlib import PurePath

from schemas.feeds import Feed
from schemas.items import Item
from services.common.errors import FirstwordError
from services.ingest.inlets.lines import read_lines
from services.ingest.inlets.mail import read_mail
from services.ingest.inlets.mail_sender import verified_domain
from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import Unreadable, parse_feed, read_entries
from services.ingest.parse.notes import Notes

__all__ = ["KINDS", "ReadFile", "read_file", "read_message"]

LINES, FEEDS, MAIL = (".jsonl", ".ndjson"), (".xml", ".rss", ".atom", ".rdf", ".json"), (".eml",)
#: The kinds of files that are read, for people.
KINDS = "JSON lines (.jsonl), feeds (.xml, .rss, .atom, .json) and messages (.eml)"


@dataclass(frozen=True)
class ReadFile:
    """The items of a file, in batches without repeats; ``problems`` are sentences on what can't be used, and why."""

    batches: tuple[tuple[Item, ...], ...] = ()
    problems: tuple[str, ...] = ()


def read_file(raw: bytes, name: str, inlet: Feed, now: datetime) -> ReadFile:
    """Return the items of the file called ``name``. What can be used is returned even if the rest can't.

    The channel of every item is the inlet; what a feed or a message says of its publisher is a claim.
    """
    ending = PurePath(name).suffix.lower()
    try:
        if ending in LINES:
            lines = read_lines(raw, name, inlet, now)
            return ReadFile(lines.batches, tuple(map(str, lines.problems)))
        if ending in FEEDS:
            return _feed(raw, name, inlet, now)
        if ending in MAIL:
            return _mail(raw, name, inlet, now)
    except FirstwordError as error:
        return ReadFile(problems=(f"{name}: {error}",))
    return ReadFile(problems=(f"{name}: This kind of file is not read. Put in {KINDS}.",))


def read_message(raw: bytes, inlet: Feed, server: str | None, now: datetime) -> ReadFile:
    """Return the item of a message that came into an inlet's mailbox.

    It speaks for the domain from which the own mail ``server`` says that it came: any, or of those for which somebody
    vouched. Everything else that it says of its sender is a claim. Only what comes from one domain is the same message,
    so that nobody revises another's.

    Raises:
        NotAFeed: it is not a message, or has no text.
    """
    entry = read_mail(raw)
    domain = verified_domain(BytesParser(policy=compat32).parsebytes(raw, headersonly=True), server)
    speaks = () if domain is None else tuple(
        vouched for vouched in inlet.speaks_for or (domain,) if f".{domain}".endswith(f".{vouched}")
    )  # fmt: skip
    id = entry.guid or blake2b(raw, digest_size=16).hexdigest()
    found = _entry(
        replace(entry, guid=f"{domain or 'unverified'} {id}"), inlet.model_copy(update={"speaks_for": speaks}), now
    )
    if found is None:
        raise NotAFeed("It has no text that people can read.", fix="It is still in the mailbox.")
    return ReadFile(((found,),))


def _feed(raw: bytes, name: str, inlet: Feed, now: datetime) -> ReadFile:
    parsed = parse_feed(raw, feed_url=inlet.url, fetched_url="", speaks_for=inlet.speaks_for, fetched_at=now)
    items = tuple(parsed_item.item for parsed_item in parsed.items)
    problems = (f"{name}: {parsed.first_unreadable}",) if parsed.first_unreadable else ()
    return ReadFile((items,) if items else (), problems)


def _mail(raw: bytes, name: str, inlet: Feed, now: datetime) -> ReadFile:
    found = _entry(read_mail(raw), inlet, now)
    if found is None:
        return ReadFile(problems=(f"{name}: This message has no text that people can read.",))
    return ReadFile(((found,),))


def _entry(entry: RawEntry, inlet: Feed, now: datetime) -> Item | None:
    unreadable: list[Unreadable] = []
    found = read_entries(
        RawFeed("mail", title=None if inlet.speaks_for else inlet.title, entries=(entry,)),
        feed_url=inlet.url,
        base="",
        publisher=None,
        speaks_for=inlet.speaks_for,
        fetched_at=now,
        notes=Notes(),
        unreadable=unreadable,
    )
    return found[0].item if found else None
