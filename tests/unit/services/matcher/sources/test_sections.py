"""Posts of readers and advertisers get nothing of the newsroom's grade; what it writes itself keeps it."""

from __future__ import annotations

import pytest

from schemas.items import Item, Source
from schemas.mentions import SourceGrade, SourceKind
from services.matcher.sources.channels import attribute
from services.matcher.sources.publishers import SourceTable
from services.matcher.sources.sections import Section, find_section, graded_section

LEDGER = SourceGrade(domain="ledger.example", publisher="The Ledger", owner="Ledger Media", grade="A")


def item(
    title: str = "Halden cuts its dividend",
    *,
    path: str = "halden",
    feed: str = "feed",
    summary: str | None = None,
    authors: tuple[str, ...] = (),
    categories: tuple[str, ...] = (),
) -> Item:
    return Item(
        id="i",
        title=title,
        url=f"https://ledger.example/{path}",
        summary=summary,
        authors=authors,
        categories=categories,
        source=Source(feed_url=f"https://ledger.example/{feed}", host="ledger.example"),
    )


@pytest.mark.parametrize(
    ("found", "section"),
    [
        (item(path="halden#comment-12"), "readers"),
        (item("By: Jim"), "readers"),
        (item("Comment on Halden cuts its dividend by Jim"), "readers"),
        (item(feed="halden/comments/feed"), "readers"),
        (item(path="forums/topic/halden"), "readers"),
        (item("Letter: Halden has hidden losses"), "readers"),
        (item(path="Sponsored/halden"), "paid"),
        (item("[Sponsored] Halden wins contract"), "paid"),
        (item(categories=("Partner Content",)), "paid"),
        (item(authors=("Halden BrandVoice",)), "paid"),
        (item(summary="Halden has won a contract. This is a paid post."), "paid"),
        (item(path="press-releases/halden"), "release"),
        (item(categories=("Press Release",)), "release"),
        (item(), None),
        (item(path="business/halden-sponsored"), None),
        (item(path="halden#top"), None),
        (item("Comment: Halden should cut its dividend"), None),
        (item(summary="Halden declined to comment on the letter of a reader."), None),
        (item(categories=("Companies", "Press")), None),
    ],
)
def test_the_section_follows_from_what_newsrooms_and_their_systems_write(found: Item, section: Section | None) -> None:
    assert find_section(found, LEDGER) == section


@pytest.mark.parametrize("kind", ["company", "regulator", "newswire"])
def test_who_issues_releases_may_publish_them(kind: SourceKind) -> None:
    source = LEDGER.model_copy(update={"kind": kind})
    assert find_section(item(path="press-releases/halden", categories=("Press Release",)), source) is None


def test_where_there_is_nothing_to_gain_nothing_is_looked_for() -> None:
    assert find_section(item("By: Jim"), LEDGER.model_copy(update={"grade": "F"})) is None


def test_an_address_that_cannot_be_read_is_no_section() -> None:
    assert find_section(item().model_copy(update={"url": "https://[ledger.example/comments/1"}), LEDGER) is None


@pytest.mark.parametrize(("section", "grade"), [("readers", "E"), ("paid", "E"), ("release", "F")])
def test_a_section_is_a_source_of_its_own_that_says_so(section: Section, grade: str) -> None:
    source = graded_section(LEDGER, section)
    assert (source.grade, source.owner, source.domain) == (grade, None, f"ledger.example/{section}")
    assert "ledger.example" in source.publisher
    assert "The Ledger" in source.ground


def test_a_comment_does_not_come_through_the_newsrooms_channel() -> None:
    found = attribute(item("By: Jim"), SourceTable().with_grades([LEDGER]))
    assert found.source.publisher == found.name == "a reader's post on ledger.example"
    assert (found.provenance.channel, found.provenance.verified) == ("source:ledger.example/readers", False)
    assert found.provenance.claimed == "The Ledger"
