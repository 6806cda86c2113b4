"""News of a story follows on what the client was told of stories that became part of it."""

from __future__ import annotations

from typing import Any

import pytest

from services.notifier.drafting.compose import Refusal
from services.notifier.outreach.follow_up import Attachment, FollowUp, follow_up
from tests.unit.services.notifier.samples import an_alert, an_item, drafted_story

TOLD = drafted_story(an_alert(story_id="itm_b", evidence=(an_item(),)), kind="dividend_cut")
LATER = an_item("Halden Energy", 7)


@pytest.mark.parametrize("merged", [True, False])
def test_a_correction_of_the_united_story_corrects_what_was_told_of_its_part(*, merged: bool) -> None:
    merged_stories = ("itm_b",) if merged else ()
    false = an_alert(
        story_id="itm_a",
        verdict="correct",
        revision=3,
        information_grade=5,
        evidence=(LATER,),
        related_stories=merged_stories,
        merged_stories=merged_stories,
    )
    found = follow_up(false, [TOLD])
    assert isinstance(found, FollowUp if merged else Refusal)


def test_an_update_of_the_united_story_is_news_to_who_was_told_of_its_part() -> None:
    fields: dict[str, Any] = {
        "story_id": "itm_a",
        "evidence": (LATER,),
        "related_stories": ("itm_b",),
        "merged_stories": ("itm_b",),
    }
    update = follow_up(an_alert(revision=1, **fields), [TOLD])
    assert isinstance(update, FollowUp)
    assert update.earlier == TOLD
    assert isinstance(follow_up(an_alert(revision=0, **fields), [TOLD]), Attachment)
