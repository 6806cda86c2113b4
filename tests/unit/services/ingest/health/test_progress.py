"""Polling moves on, or readiness says what stalls."""

from __future__ import annotations

from services.ingest.health.progress import PollProgress


def test_nothing_is_expected_before_the_start_and_after_the_end() -> None:
    progress = PollProgress(180)
    assert progress.problem(1_000) is None
    progress.start(1_000)
    progress.poll_began(1_000)
    progress.stop()
    assert progress.problem(9_999) is None


def test_polls_of_which_none_ends_are_a_stall_and_one_that_ends_is_progress() -> None:
    progress = PollProgress(180)
    progress.start(0)
    for second in range(0, 400, 5):
        progress.looked(second, idle=False)
    progress.poll_began(200)
    progress.poll_began(201)
    assert progress.problem(380) is None
    assert progress.problem(381) == "ingest: feeds are due, and no poll of one has ended for 181 s"
    progress.poll_ended(382, failed=False)
    assert progress.problem(400) is None


def test_polls_that_fail_by_our_own_error_are_a_stall_though_they_end() -> None:
    progress = PollProgress(180)
    progress.start(0)
    for second in range(0, 240, 60):
        progress.looked(second, idle=False)
        progress.poll_began(second)
        progress.poll_ended(second + 1, failed=True)
    progress.looked(239, idle=False)
    assert "no poll of one has ended for 239 s" in (progress.problem(239) or "")
    progress.looked(240, idle=True)  # the feed was paused or removed
    assert progress.problem(241) is None


def test_a_list_that_cannot_be_read_is_a_stall() -> None:
    progress = PollProgress(60)
    progress.start(0)
    progress.looked(10, idle=True)
    assert progress.problem(70) is None
    assert progress.problem(71) == "ingest: the list of feeds could not be read for 61 s"
