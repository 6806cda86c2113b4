from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.items import Item
from services.matcher.reading.old_dates import old_date_in

SEEN_AT = datetime(2026, 3, 10, tzinfo=UTC)
AGE = timedelta(hours=72)
TITLE = "Halden Energy cuts its dividend by half"


def old(title: str, summary: str | None = None, *, dated: bool = False) -> datetime | None:
    return old_date_in(Item(id="i", title=title, summary=summary), SEEN_AT, AGE, dated=dated)


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize(
    ("title", "summary", "date"),
    [
        (f"{TITLE} (2019)", None, datetime(2020, 1, 1, tzinfo=UTC)),
        (f"{TITLE} [March 2019]", None, datetime(2019, 4, 1, tzinfo=UTC)),
        (TITLE, "LONDON, March 5, 2019 /PRNewswire/ -- Halden Energy said so.", datetime(2019, 3, 6, tzinfo=UTC)),
        (TITLE, "LONDON (Reuters) - 5 March 2019 - Halden Energy said so.", datetime(2019, 3, 6, tzinfo=UTC)),
        (TITLE, "NEW YORK, NY, Aug. 5th, 2025 -- Halden Energy said so.", datetime(2025, 8, 6, tzinfo=UTC)),
        (TITLE, "Published: 2019-03-05. Halden Energy said so.", datetime(2019, 3, 6, tzinfo=UTC)),
        (TITLE, "5 March 2026 - Halden Energy said so.", datetime(2026, 3, 6, tzinfo=UTC)),
    ],
)
def test_a_date_of_the_text_itself_outweighs_the_feeds(
    title: str, summary: str | None, date: datetime, dated: bool
) -> None:
    assert old(title, summary, dated=dated) == date


@pytest.mark.parametrize(
    ("title", "summary", "date"),
    [
        ("Halden Energy cut its dividend by half in 2019", "It paid less.", datetime(2020, 1, 1, tzinfo=UTC)),
        (TITLE, "Halden Energy cut its dividend in the third quarter of 2019.", datetime(2020, 1, 1, tzinfo=UTC)),
        (TITLE, "Halden Energy cut its dividend on March 5, 2019.", datetime(2019, 3, 6, tzinfo=UTC)),
        (TITLE, "Halden Energy cut its dividend in early May 2019.", datetime(2019, 6, 1, tzinfo=UTC)),
    ],
)
def test_when_it_happened_counts_only_without_a_date(title: str, summary: str, date: datetime) -> None:
    assert old(title, summary) == date
    assert old(title, summary, dated=True) is None


@pytest.mark.parametrize(
    ("path", "date"),
    [
        ("/2019/03/05/dividend", datetime(2019, 3, 6, tzinfo=UTC)),
        ("/news/2019-03-05-dividend", datetime(2019, 3, 6, tzinfo=UTC)),
        ("/news/2025/12/dividend", datetime(2026, 1, 1, tzinfo=UTC)),
        ("/2026/03/09/dividend", None),
        ("/2019/13/05/dividend", None),
        ("/a/2019/dividend?on=/2019/03/05/", None),
    ],
)
def test_a_date_in_the_address_counts_only_without_a_date(path: str, date: datetime | None) -> None:
    item = Item(id="i", title=TITLE, url=f"https://news.example{path}")
    assert old_date_in(item, SEEN_AT, AGE, dated=False) == date
    assert old_date_in(item, SEEN_AT, AGE, dated=True) is None


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        (TITLE, None),
        (TITLE, "LONDON, March 9, 2026 /PRNewswire/ -- Halden Energy recalled what it did on March 5, 2019."),
        (TITLE, "LONDON, February 31, 2019 /PRNewswire/ -- Halden Energy said so."),
        (TITLE, "Halden Energy cut its dividend, its first cut in 2019, it said on Tuesday."),
        (
            TITLE,
            "LONDON, March 9, 2025 /PRNewswire/ -- Halden Energy said so in a new year, with the old one's number.",
        ),
        (TITLE, "The headquarters of Halden Energy on March 3, 2019."),
        (TITLE, "In 2019, the owners had hoped for more."),
        (TITLE, "Halden Energy, which also cut it in 2019, did so again."),
        (f"{TITLE}, the lowest since 2019", "It is the lowest since March 2019."),
        ("Orvane, which Halden Energy bought in 2019, files for bankruptcy", "It failed."),
        ("Halden Energy settles a 2019 spill case", "The case is over."),
        ("Halden Energy results (2025)", "Profit fell by a third in 2025."),
        ("Halden Energy to close its plant in 2019 Street", "It will close this year."),
    ],
)
def test_other_dates_say_nothing(title: str, summary: str | None) -> None:
    assert old(title, summary) is None
