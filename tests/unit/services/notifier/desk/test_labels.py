from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from schemas.alerts import InformationGrade, Verdict
from schemas.clients import Stance
from schemas.drafts import DismissReason
from schemas.mentions import ClaimBasis, ClaimStatus, SourceLetter
from services.notifier.desk import labels

NOW = datetime(2026, 3, 5, 22, 30, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (NOW, "today 23:30 CET"),
        (NOW + timedelta(hours=1), "tomorrow 00:30 CET"),
        (NOW - timedelta(days=1), "yesterday 23:30 CET"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "Sun 29 Mar 03:00 CEST"),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "Thu 1 Jan 00:30 CET"),
        (datetime(2025, 6, 1, tzinfo=UTC), "Sun 1 Jun 2025 02:00 CEST"),
        (None, "never"),
    ],
)
def test_a_moment_is_formatted_in_the_readers_zone(moment: datetime | None, said: str) -> None:
    assert labels.moment(moment, STOCKHOLM, NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (20, "a moment"),
        (60, "1 minute"),
        (3_540, "59 minutes"),
        (3_599, "1 hour"),
        (10_790, "3 hours"),
        (93_600, "26 hours"),
        (172_800, "2 days"),
        (500_000, "6 days"),
    ],
)
def test_a_duration_is_rounded(seconds: int, said: str) -> None:
    assert labels.span(timedelta(seconds=seconds)) == said


def test_a_deadline_shows_the_time_left_or_passed() -> None:
    assert labels.deadline(NOW + timedelta(hours=3), NOW) == "3 hours left"
    assert labels.deadline(NOW - timedelta(hours=3), NOW) == "3 hours past deadline"
    assert labels.ago(NOW - timedelta(hours=3), NOW) == "3 hours ago"
    assert labels.ago(NOW + timedelta(hours=3), NOW) == "in 3 hours"


def test_an_unknown_zone_is_utc() -> None:
    assert labels.zone("Mars/Olympus").key == "UTC"
    assert labels.zone("../../etc/passwd").key == "UTC"


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (labels.VERDICT, Verdict),
        (labels.SOURCE, SourceLetter),
        (labels.INFORMATION, InformationGrade),
        (labels.STATUS, ClaimStatus),
        (labels.BASIS, ClaimBasis),
        (labels.STANCE, Stance),
        (labels.DISMISS_REASONS, DismissReason),
    ],
)
def test_every_code_has_a_label(table: dict[object, str], codes: object) -> None:
    assert set(table) == set(get_args(codes))
