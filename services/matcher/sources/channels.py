"""Decides who published an item: its channel, and never what the item says of itself.

The channel is the feed through which the item came (``source.feed_url``). Its publisher is the one to which the feed's
own host belongs, one for which somebody vouched when the feed was added (``source.speaks_for``), or, if the feed is an
aggregator's, one that this aggregator is listed as carrying. The item's link, publisher, authors and credits are
claims: they are shown, and followed to find that two reports have one origin, but they never raise a grade.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple
from unicodedata import category
from urllib.parse import urlsplit

from schemas.items import Item
from schemas.mentions import Provenance, SourceGrade, SourceLetter
from services.common.hosts import is_within
from services.matcher.lexicon import read_sections, read_table
from services.matcher.sources.publishers import SourceTable, slug
from services.matcher.sources.sections import find_section, graded_section
from services.matcher.text.normalize import fold_case

__all__ = [
    "RELAYS",
    "UNKNOWN_DOMAIN",
    "Attributed",
    "attribute",
    "host_of_feed",
    "is_same_publisher",
    "publisher_id",
    "trust_source",
]

#: Grades, as set by a person or the package, with which a source relays the words of others reliably.
RELAYS: frozenset[SourceLetter] = frozenset(("A", "B"))
#: Kinds of sources that others link to without being from there.
NOT_CLAIMED = frozenset(("aggregator", "social"))
UNKNOWN_DOMAIN = "unknown"
ANY_PUBLISHER = "*"
#: Words of a name that may together be the name of a known publisher.
NAME_WORDS = 4
#: Characters at the start of the summary or body that may hold a dateline or credit.
CREDIT_CHARS = 160

_CREDIT = re.compile(
    r"\(([A-Z][\w.&' ]{1,40})\) ?[-–—:]"  # OSLO (Northgate Wire) -
    r"|^(?:By|Source:|Credit:) ([A-Z][\w.&' ]{1,40}?)(?:[.,;\n]|$)"
)
_WORD = re.compile(r"[^\W_]+")


class Attributed(NamedTuple):
    """The publisher of an item with the grade of its channel, and how it is known.

    ``name`` is what the publisher is called, without the host that stands beside it for people. ``claimed`` is the
    known publisher that the link or the name of the item claims without proof; ``credited`` is the newsroom in its
    credit line, dateline or authors.
    """

    source: SourceGrade
    provenance: Provenance
    name: str
    claimed: SourceGrade | None = None
    credited: SourceGrade | None = None


def attribute(item: Item, table: SourceTable) -> Attributed:
    """Return who published ``item``, judged by its channel."""
    host = host_of_feed(item.source.feed_url)
    own = _own_grade(item.source.feed_url, host, table)
    claims = list(_claims(item, own, table))
    source = _entitled(item, own, claims, table)
    claimed = next((claim for claim in claims if not is_same_publisher(claim, source)), None)
    credited = _credited_newsroom(item, table)
    if credited is not None and is_same_publisher(credited, source):
        credited = None
    imitated = _imitated(item, host, source, table)
    if imitated is not None:
        ground = f"Its address or name imitates that of {imitated.publisher}."
        source = source.model_copy(update={"grade": "E", "set_grade": "E", "kind": "other", "ground": ground})
    known = host is not None or bool(item.source.speaks_for)
    named = _claimed_name(item, source, claimed, credited, known=known)
    name = source.publisher
    if known and claimed is None and imitated is None and name == source.domain and item.source.publisher:
        name = item.source.publisher
        source = _with_name(source, name, item)
    section = find_section(item, source)
    if section is not None and imitated is None:
        named, source = source.publisher, graded_section(source, section)
        name = source.publisher
    provenance = Provenance(
        channel=publisher_id(source),
        verified=known and claimed is None and imitated is None and section is None,
        claimed=named,
        imitates=imitated.publisher if imitated else None,
    )
    return Attributed(source, provenance, name, claimed, credited)


def publisher_id(source: SourceGrade) -> str:
    """Return the id of a publisher: the same for all publishers of one owner."""
    return f"owner:{slug(source.owner)}" if source.owner else f"source:{source.domain}"


def is_same_publisher(one: SourceGrade, other: SourceGrade) -> bool:
    """Return whether two entries are one publisher, or belong to one owner."""
    return one.domain == other.domain or publisher_id(one) == publisher_id(other)


def trust_source(item: Item, table: SourceTable) -> Item:
    """Return ``item`` as if it came through its publisher's own channel: that of its host, else of its name.

    For archives whose origin somebody vouches for.
    """
    stated = item.source
    named = table.named(stated.publisher) if stated.publisher else None
    if named is not None and (stated.host is None or table.lookup(stated.host).kind == "aggregator"):
        domain = named.domain
    elif stated.host:
        domain = stated.host
    elif stated.publisher:
        domain = f"{slug(stated.publisher)}.invalid"  # a name that no table knows: a channel of its own
    else:
        return item
    source = stated.model_copy(update={"feed_url": f"https://{domain}/", "host": domain, "speaks_for": (domain,)})
    return item.model_copy(update={"source": source})


def _own_grade(feed_url: str | None, host: str | None, table: SourceTable) -> SourceGrade:
    """Return the grade of the feed's own host. A tenant of a platform gets nothing from the platform's grade."""
    if host is None:
        return _unknown(feed_url or UNKNOWN_DOMAIN)
    platform = _platform(host)
    if platform is None:
        return table.lookup(host)
    tenant = _tenant(feed_url or "", host, platform)
    exact = table.get(tenant) if tenant not in _platforms() else None
    if exact is not None:
        return exact
    above = table.lookup(platform)
    return _unknown(tenant).model_copy(
        update={
            "publisher": above.publisher if tenant == above.domain else tenant,
            "grade": "E" if above.grade == "E" else "F",
            "kind": "social" if above.kind == "social" else "blog",
            "ground": "Anyone can publish on this platform.",
        }
    )


def _unknown(domain: str) -> SourceGrade:
    return SourceGrade.model_construct(
        domain=domain, publisher="unknown publisher", kind="other", ground="The channel is not known."
    )


def _entitled(item: Item, own: SourceGrade, claims: list[SourceGrade], table: SourceTable) -> SourceGrade:
    """Return the publisher that may be taken as the item's: of those the channel may speak for, the one it names."""
    vouched = [_own_grade(f"https://{domain}/", domain, table) for domain in item.source.speaks_for]
    for domain, speaker in zip(item.source.speaks_for, vouched, strict=True):
        if any(claim.domain == speaker.domain for claim in claims) or is_within(item.source.host, domain):
            return speaker
    if len(vouched) == 1:
        return vouched[0]
    carried = _carriers().get(own.domain, frozenset()) if own.kind == "aggregator" else frozenset()
    if len({publisher_id(claim) for claim in claims}) > 1:
        return own  # the link and the name contradict each other
    listed = next((claim for claim in claims if ANY_PUBLISHER in carried or claim.domain in carried), None)
    if ANY_PUBLISHER not in carried:
        return listed or own
    return _linked(item, own, claims, table) or listed or _named(item, own, table) or own


def _linked(item: Item, own: SourceGrade, claims: list[SourceGrade], table: SourceTable) -> SourceGrade | None:
    """Return the publisher without a grade to whose site an aggregator of any publisher links."""
    host = item.source.host
    if host is None or is_within(host, own.domain):
        return None
    publisher = table.lookup(host)
    if publisher.domain in table:
        return None
    return own if claims else publisher  # a known name over an unknown link is no proof


def _named(item: Item, own: SourceGrade, table: SourceTable) -> SourceGrade | None:
    """Return the publisher without a grade that an aggregator of any publisher names."""
    name = item.source.publisher
    if not name or table.named(name) is not None or _contained(name, table) is not None:
        return None
    ground = f"Not in the table of sources; carried by {own.publisher}."
    return _unknown(f"{slug(name)}.{own.domain}").model_copy(update={"publisher": name, "ground": ground})


def _claims(item: Item, own: SourceGrade, table: SourceTable) -> Iterator[SourceGrade]:
    """Yield the known publishers that the item's link and name claim."""
    host, name = item.source.host, item.source.publisher
    if host and _platform(host) is None:
        by_host = table.lookup(host)
        if by_host.domain in table and by_host.kind not in NOT_CLAIMED:
            yield by_host
    by_name = table.named(name) if name else None
    if by_name is None and name and own.domain not in table:
        by_name = _contained(name, table)
    if by_name is not None and by_name.kind not in NOT_CLAIMED:
        yield by_name


def _contained(name: str, table: SourceTable) -> SourceGrade | None:
    """Return the publisher whose name is part of ``name``: Reuters in "Reuters Business News", BBC in "BBC Today"."""
    words = _WORD.findall(name)[: 3 * NAME_WORDS]
    for length in range(min(NAME_WORDS, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            part = words[start : start + length]
            if table.lookalikes().is_distinctive("".join(part)) or (length == 1 and _is_acronym(part[0])):
                known = table.named(" ".join(part))
                if known is not None:
                    return known
    return None


def _is_acronym(word: str) -> bool:
    return len(word) > 1 and word.isupper()


def _imitated(item: Item, host: str | None, source: SourceGrade, table: SourceTable) -> SourceGrade | None:
    """Return the publisher that the channel's host, the link's host or the name imitates."""
    lookalikes = table.lookalikes()
    hosts = (host, item.source.host) if item.source.host != host else (host,)
    for named_host in hosts:
        if named_host is not None and (
            _platform(named_host) is not None or table.lookup(named_host).domain not in table
        ):
            imitated = lookalikes.of_host(named_host)
            if imitated is not None and not is_same_publisher(imitated, source):
                return imitated
    name = item.source.publisher
    if name and table.named(name) is None and (source.domain not in table or not name.isascii()):
        imitated = lookalikes.of_name(name)
        if imitated is not None and not is_same_publisher(imitated, source):
            return imitated
    return None


def _credited_newsroom(item: Item, table: SourceTable) -> SourceGrade | None:
    """Return the newsroom credited as an author, in a dateline or in the first words."""
    for author in item.authors:
        known = table.named(author)
        if known is not None:
            return known
    for text in (item.summary, item.body):
        credit = _CREDIT.search(text[:CREDIT_CHARS]) if text else None
        if credit:
            known = table.named(credit.group(1) or credit.group(2))
            if known is not None:
                return known
    return None


def _claimed_name(
    item: Item, source: SourceGrade, claimed: SourceGrade | None, credited: SourceGrade | None, *, known: bool
) -> str | None:
    """Return the name of the publisher that the item says it is from, if its channel doesn't prove it."""
    if claimed is not None:
        return claimed.publisher
    if not known:
        return item.source.publisher or item.source.host
    return credited.publisher if credited is not None and source.granted not in RELAYS else None


def _with_name(source: SourceGrade, name: str, item: Item) -> SourceGrade:
    """Return a publisher that no table names by the name its feed gives, beside its host if nobody vouched for it."""
    if item.source.speaks_for:
        return source.model_copy(update={"publisher": name, "owner": source.owner or item.source.owner})
    shown = _visible(name)
    if not shown or fold_case(shown) == source.domain:
        return source
    return source.model_copy(update={"publisher": f"{shown} ({source.domain})"})


def _visible(name: str) -> str:
    """Return ``name`` without letters that nobody sees, such as those that turn the direction of the text."""
    shown = (" " if category(letter) == "Cc" else letter for letter in name if category(letter) != "Cf")
    return " ".join("".join(shown).split())


@lru_cache(maxsize=4_096)
def host_of_feed(url: str | None) -> str | None:
    """Return the host of an http(s) URL in lower case, without a leading ``www.``; None if it has none."""
    if "\\" in (url or ""):
        return None  # programs disagree on where its host ends
    try:
        parts = urlsplit(url or "")
        host = parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None
    return host.removeprefix("www.").rstrip(".") or None if host else None


@lru_cache(maxsize=4_096)
def _platform(host: str) -> str | None:
    """Return the platform on which anybody can publish that ``host`` belongs to, or None."""
    domain = host
    while domain:
        if domain in _platforms():
            return domain
        _, _, domain = domain.partition(".")
    return host if host.partition(".")[0] in _user_labels() else None


def _tenant(feed_url: str, host: str, platform: str) -> str:
    """Return what identifies a tenant of a platform: its subdomain, or host and path."""
    if not _platforms().get(platform):
        return host
    parts = urlsplit(feed_url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path.rstrip('/')}{query}"


@cache
def _platforms() -> dict[str, bool]:
    """Return the platforms, and whether their tenants have paths instead of subdomains."""
    sections = read_sections("hosted_platforms.txt")
    return {domain: section == "path" for section in ("subdomain", "path") for domain in sections[section]}


@cache
def _user_labels() -> frozenset[str]:
    """Return the first labels of hosts where users write, on whatever domain."""
    return frozenset(read_sections("hosted_platforms.txt")["label"])


@cache
def _carriers() -> dict[str, frozenset[str]]:
    """Return the domains of the publishers that each aggregator carries, ``*`` for any."""
    return {row["aggregator"]: frozenset(row["carries"].split()) for row in read_table("carriers.csv")}
