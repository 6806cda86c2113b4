from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import Watch
from schemas.mentions import EventKind
from services.notifier.drafting.compose import Composed, compose
from services.notifier.drafting.dry_run import DryRunCase, brief_for
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.portfolio_effect import PortfolioEffect, portfolio_effect

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def effect(news: str, weight: float | None = 0.09, kind: EventKind = "share_move") -> PortfolioEffect | None:
    brief = brief_for(DryRunCase("wealth", kind, "holds", says=news), NOW)
    watch = brief.client.assets[0].model_copy(update={"weight": weight})
    return portfolio_effect(brief.alert, watch)


def test_a_move_is_weighed_with_the_share_of_the_holding() -> None:
    assert effect("{name} shares fall 8% after its report.") == PortfolioEffect("fall", "8%", "0.7%")
    assert effect("{name} jumps by about 12.5% in Nordmark.") == PortfolioEffect("rise", "12.5%", "1.1%")


@pytest.mark.parametrize(
    "news",
    [
        "{name} shares fall.",
        "{name} shares are down 30% this year.",
        "{name} could fall 8%, a broker says.",
        "Revenue of {name} falls 8%.",
        "Corvane shares fall 8% after the report of {name}.",
        "{name} shares fall as much as 8%.",
    ],
)
def test_only_a_move_of_the_holding_itself_within_the_day_counts(news: str) -> None:
    assert effect(news) is None


def test_no_weight_another_kind_or_too_small_an_effect_gives_none() -> None:
    assert effect("{name} shares fall 8%.", None) is None
    assert effect("{name} shares fall 8%.", kind="earnings") is None
    assert effect("{name} shares fall 2%.", 0.01) is None
    assert portfolio_effect(brief_for(DryRunCase("wealth", "share_move", "holds"), NOW).alert, None) is None


@given(weight=st.floats(0.01, 1), percent=st.integers(1, 99))
def test_the_effect_never_exceeds_the_move(weight: float, percent: int) -> None:
    found = effect(f"{{name}} falls {percent}%.", weight)
    assert found is None or float(found.of_whole.rstrip("%")) <= percent + 0.05


def test_the_computed_share_is_grounded_in_the_draft() -> None:
    brief = brief_for(DryRunCase("wealth", "share_move", "holds", role="actor", says="{name} shares fall 8%."), NOW)
    composed = compose(brief, Playbooks.shipped(), send_after=NOW)
    assert isinstance(composed, Composed)
    assert "comes to roughly 1.0% of the whole" in composed.draft.body
    assert [found.where for found in composed.draft.grounding if found.text == "1.0%"] == ["book"]


def test_a_watch_that_is_no_holding_has_no_effect() -> None:
    brief = brief_for(DryRunCase("it", "share_move", "uses", says="{name} falls 8%."), NOW)
    watch = Watch(entity_id="x", name=brief.asset, kind="product", weight=0.2)
    assert portfolio_effect(brief.alert, watch) is None
