from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.mentions import EventKind
from schemas.readings import Firmness
from services.notifier.drafting.dry_run import DryRunCase, brief_for
from services.notifier.drafting.playbook_rules import Stage, names_any
from services.notifier.drafting.stage import event_text, goes_on, stage_of

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def stage(kind: EventKind, news: str, status: Firmness = "fact") -> Stage | None:
    case = DryRunCase("wealth", kind, "holds", role="object", status=status, says=news)
    return stage_of(brief_for(case, NOW).alert)


@pytest.mark.parametrize(
    ("kind", "news", "expected"),
    [
        ("takeover", "Corvane completes its purchase of {name}.", "completed"),
        ("takeover", "Corvane's chairman now owns {name}.", "completed"),
        ("deal", "The merger of {name} was completed on Monday.", "completed"),
        ("takeover", "Corvane agrees to buy {name}.", "announced"),
        ("regulation", "Norland has increased duties on {name}. Why it might help", "completed"),
        ("takeover", "If the deal closes, {name} will be larger, and Corvane plans to keep its name.", "announced"),
        ("takeover", "The purchase of {name} is expected to close in May.", "announced"),
        ("takeover", "Corvane walks away from {name}.", "called_off"),
        ("deal", "Talks of {name} and Corvane collapse.", "called_off"),
        ("takeover", "Corvane is weighing a bid for {name}.", "rumored"),
        ("deal", "{name} and Corvane are a pair.", None),
        ("lawsuit", "{name} is sued over its fees.", "announced"),
        ("legal", "{name} settles the case over its fees.", "completed"),
        ("regulation", "Nordmark warns {name} over its fees.", "announced"),
        ("regulation", "Nordmark bans a product of {name}.", "completed"),
        ("regulation", "Sanctions on {name} take effect in what is a heavy blow, analysts warn.", "completed"),
        ("outage", "{name} went down for many customers.", None),
        ("outage", "{name} went briefly down.", "completed"),
        ("regulation", "Nordmark delays its fees on {name}.", "called_off"),
        ("regulation", "Nordmark delays reviews for two pumps of {name}.", None),
        ("investigation", "Nordmark closes its inquiry into {name}.", "called_off"),
        ("insolvency", "Fears about the payments of {name} grow.", "rumored"),
        ("insolvency", "{name} files for bankruptcy.", "completed"),
        ("data_breach", "{name} foils an attack.", "called_off"),
        ("vulnerability", "A patch for {name} closes the gap.", "completed"),
        ("vulnerability", "A gap in {name} has no patch yet.", None),
        ("outage", "{name} is back online.", "completed"),
        ("strike", "The staff of {name} threaten to strike.", "announced"),
        ("product", "{name} completes its new product.", None),
    ],
)
def test_the_words_of_the_news_show_how_far_the_event_has_come(
    kind: EventKind, news: str, expected: Stage | None
) -> None:
    assert stage(kind, news) == expected


def test_without_words_a_plan_is_announced_and_a_rumor_rumored() -> None:
    assert stage("deal", "{name} and Corvane are a pair.", "plan") == "announced"
    assert stage("deal", "{name} and Corvane are a pair.", "rumor") == "rumored"
    assert stage("deal", "Corvane plans to buy {name}.", "rumor") == "rumored"


def test_words_match_whole_words_and_beginnings() -> None:
    text = event_text(
        brief_for(DryRunCase("it", "product", "uses", says="{name} adds chatbots to its CEO’s desk"), NOW).alert
    )
    assert names_any(text, ("ceo",))
    assert names_any(text, ("chatbot*",))
    assert not names_any(text, ("chatbot", "add"))


def test_an_outage_that_was_read_as_over_is_over_whatever_is_quoted() -> None:
    case = DryRunCase("it", "outage", "uses", role="object", says="{name} confirmed an outage that hit customers.")
    alert = brief_for(case, NOW).alert
    assert stage_of(alert.model_copy(update={"direction": "negative"})) is None
    assert stage_of(alert.model_copy(update={"direction": "neutral"})) == "completed"


def test_an_outage_that_goes_on_is_not_over_although_its_end_was_read() -> None:
    case = DryRunCase("it", "outage", "uses", role="object", says="{name} says its mail is experiencing an outage")
    alert = brief_for(case, NOW).alert.model_copy(update={"direction": "neutral"})
    assert goes_on(alert)
    assert stage_of(alert) is None


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        ("Shops must seek permission from {name}, watchdog says", None),
        ("Norland, the second country to ban it, bans {name}", "completed"),
        ("Norland is to ban {name}", "announced"),
    ],
)
def test_what_must_be_done_or_is_done_as_the_second_is_no_plan(news: str, expected: Stage | None) -> None:
    assert stage("regulation", news) == expected
