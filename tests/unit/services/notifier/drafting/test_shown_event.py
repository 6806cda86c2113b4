from __future__ import annotations

import pytest

from schemas.readings import EventFamily
from services.notifier.drafting.news import subject_line
from services.notifier.drafting.shown_event import shows_event
from tests.unit.services.notifier.drafting.test_news import brief
from tests.unit.services.notifier.samples import an_alert, an_item


@pytest.mark.parametrize(
    ("text", "family", "shown"),
    [
        ("Halden lays off 300 people", "cutback", True),
        ("Halden's chief says he is accountable", "cutback", False),
        ("Keys of Halden weren’t secrets", "vulnerability", False),
        ("Halden closes the hole in its pumps", "vulnerability", True),
        ("Halden is up 4%", "earnings", True),
        ("Halden’s chief speaks of a new age", "earnings", False),
        ("Halden’s chief speaks of a new age", "other", True),
    ],
)
def test_some_words_tell_of_an_event(text: str, family: EventFamily, shown: bool) -> None:
    assert shows_event(text, family) == shown


def test_what_tells_of_the_event_is_not_cut_from_the_subject() -> None:
    title = "Halden Energy’s founder Ilse Brandt says that she is accountable as company prepares for mass layoffs"
    item = an_item(title=title, quote=title)
    assert "layoffs" in subject_line(brief(an_alert(headline=title, kind="layoffs", evidence=(item,))))
