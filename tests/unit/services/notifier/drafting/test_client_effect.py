from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.clients import Watch
from schemas.mentions import Span
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.client_effect import meaning_text, named_date, other_name, question_text
from services.notifier.drafting.dry_run import DryRunCase, brief_for
from services.notifier.drafting.opinion import opinion_part
from services.notifier.drafting.playbooks import Playbooks

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
SHIPPED = Playbooks.shipped()


def meaning(brief: Brief) -> str:
    return meaning_text(brief, opinion_part(brief, SHIPPED), in_full=True)


def with_holdings(brief: Brief, *weights: float) -> Brief:
    others = tuple(
        Watch(entity_id=f"other-{number}", name=f"Other {number}", kind="holding", weight=weight)
        for number, weight in enumerate(weights)
    )
    return replace(brief, client=brief.client.model_copy(update={"assets": (*brief.client.assets, *others)}))


def test_a_holding_is_called_large_or_small_only_beside_others() -> None:
    brief = brief_for(DryRunCase("wealth", "fine", "holds", role="object"), NOW)
    assert "about 12% of your portfolio" in meaning(brief)
    assert "larger holdings" not in meaning(brief)
    assert "one of your larger holdings" in meaning(with_holdings(brief, 0.03, 0.04, 0.05))
    assert "one of your smaller holdings" in meaning(with_holdings(brief, 0.3, 0.25, 0.3))
    assert "A fine is paid once" in meaning(brief)


def test_a_sentence_on_client_and_asset_needs_no_introduction() -> None:
    outage = meaning(brief_for(DryRunCase("it", "outage", "uses", role="actor"), NOW))
    assert outage.startswith("What your people do with Quillon Cloud stands still")
    followed = meaning(brief_for(DryRunCase("it", "regulation", "follows", role="actor"), NOW))
    assert followed.startswith("You asked me to follow news about Nordmark shipping.")


def test_an_unconfirmed_report_is_told_under_its_condition() -> None:
    sued = meaning(brief_for(DryRunCase("wealth", "lawsuit", "holds", verdict="warn", role="object"), NOW))
    assert "I am telling you now because you hold Halden Energy" in sued
    assert "If the report is right" in sued or "nothing" in sued
    plain = meaning_text(
        brief_for(DryRunCase("wealth", "event", "holds", verdict="warn", role="object"), NOW),
        opinion_part(brief_for(DryRunCase("wealth", "event", "holds", verdict="warn", role="object"), NOW), SHIPPED),
        in_full=True,
    )
    assert "this could move its value" in plain


def test_a_date_to_act_by_is_named_if_it_is_still_to_come() -> None:
    def named(news: str) -> str | None:
        return named_date(brief_for(DryRunCase("it", "regulation", "follows", role="actor", says=news), NOW))

    assert named("The rules for {name} apply from 1 July 2027.") == "1 July 2027"
    assert named("The rules for {name} applied from 1 July 2020.") is None
    assert named("The rules for {name} were adopted on 1 July 2027.") is None
    brief = brief_for(DryRunCase("it", "fine", "follows", says="{name} has to pay by 1 July 2027."), NOW)
    assert named_date(brief) is None


@pytest.mark.parametrize("view", [None, "Nordmark shipping is too expensive"])
def test_the_question_is_about_the_clients_view_or_else_the_event(view: str | None) -> None:
    brief = brief_for(DryRunCase("it", "regulation", "follows", role="actor", view=view), NOW)
    question = question_text(brief, opinion_part(brief, SHIPPED))
    assert question.endswith("?")
    assert ("too expensive" in question) == (view is not None)


def test_a_quite_different_name_of_what_the_client_has_is_shown() -> None:
    brief = brief_for(DryRunCase("wealth", "fine", "holds", role="object"), NOW)
    item = brief.alert.evidence[0].model_copy(
        update={
            "title": "Orvix has been fined",
            "quote": "Orvix has been fined.",
            "spans": (Span(field="title", start=0, end=5, text="Orvix"),),
        }
    )
    other = replace(brief, alert=brief.alert.model_copy(update={"evidence": (item,)}))
    assert other_name(brief) is None
    assert other_name(other) == "Orvix"
    assert f"{brief.asset} (Orvix)" in meaning(other)
    span = Span(field="summary", start=0, end=len(brief.asset), text=brief.asset)
    same = item.model_copy(update={"title": "O&X has been fined", "quote": "O&X has been fined.", "spans": (span,)})
    assert other_name(replace(brief, alert=brief.alert.model_copy(update={"evidence": (same,)}))) is None


def test_what_a_central_bank_does_with_its_rate_is_no_rule_that_applies_to_the_client() -> None:
    rate = brief_for(DryRunCase("accounting", "rate_change", "regulated_by", role="actor"), NOW)
    rule = brief_for(DryRunCase("accounting", "regulation", "regulated_by", role="actor"), NOW)
    assert "apply to you" not in meaning(rate)
    assert "apply to you" in meaning(rule)
