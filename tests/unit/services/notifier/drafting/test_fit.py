"""Every shipped rule against the readings that it must serve and must not serve."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import cast, get_args

import pytest

from schemas.clients import Stance, Trade
from schemas.mentions import FAMILY_OF, Direction, EventKind
from schemas.readings import EventFamily, Firmness, Role
from services.notifier.drafting.dry_run import DryRunCase, brief_for
from services.notifier.drafting.fit import (
    contradiction,
    doubts,
    fitting_phrasings,
    is_company,
    presuppositions,
    query_for,
)
from services.notifier.drafting.opinion import opinion_part
from services.notifier.drafting.playbook_files import parse_playbook
from services.notifier.drafting.playbook_rules import ANY, Rule, RuleQuery, Size, Stage
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.tokens import tokens
from services.notifier.drafting.tone import review
from services.notifier.trades.catalog import Trades
from tests.unit.services.notifier.samples import a_client

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
SHIPPED = Playbooks.shipped()
BOOKS = {book.name: book for book in SHIPPED.layers[0]}
ROLES: tuple[Role, ...] = get_args(Role)
STATUSES: tuple[Firmness, ...] = get_args(Firmness)


def _event_of(kind: str) -> EventKind:
    return cast("EventKind", kind) if kind in FAMILY_OF else "other"


def said(case: DryRunCase, playbooks: Playbooks = SHIPPED) -> str:
    return opinion_part(brief_for(case, NOW), playbooks).text or ""


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_each_rule_serves_the_readings_that_it_presupposes_and_no_other(name: str) -> None:
    book = BOOKS[name]
    for rule in (rule for rule in book.rules if not rule.silent):
        for kind, stance in product(rule.kinds, rule.stances):
            event = _event_of(kind)
            needed = presuppositions(kind, stance)
            directions = [
                direction
                for direction in rule.directions or get_args(Direction)
                if not needed.directions or direction in needed.directions
            ]
            roles, statuses = rule.roles or needed.roles, rule.statuses or needed.statuses
            size: Size = rule.sizes[0] if rule.sizes else "major"
            stages = rule.stages or needed.stages or get_args(Stage)
            for role, status, direction, stage in product(ROLES, STATUSES, directions, get_args(Stage)):
                case = RuleQuery(
                    event, stance, book.trade or "wealth", direction, size=size, role=role, status=status, stage=stage
                )
                fits = contradiction(rule, kind, case) is None
                assert fits == (role in roles and status in statuses and stage in stages), (rule.line, kind, case)


def test_a_rule_with_a_stage_or_words_serves_only_where_the_news_shows_them() -> None:
    for rule in (rule for rule in SHIPPED.rules() if rule.stages or rule.words):
        case = RuleQuery(rule.events[0], rule.stances[0], "wealth", role=(rule.roles or ("object",))[0])
        if rule.stages:
            refused = contradiction(rule, rule.kinds[0], case)
            assert refused is not None
            assert refused.field in ("stage", "role")
        else:
            text = "something else"
            assert not rule.fits(replace(case, text=text, direction=(rule.directions or ("unclear",))[0]), rule.desires)
        shown = replace(
            case,
            text=f"news about {rule.words[0].rstrip('*')}" if rule.words else "",
            direction=(rule.directions or ("unclear",))[0],
            desire=min(rule.desires, default=""),
            risk=(rule.risks or ("moderate",))[0],
            size=(rule.sizes or ("moderate",))[0],
        )
        assert rule.fits(shown, rule.desires), rule.id


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_no_rule_for_a_kind_serves_an_event_read_as_another_or_of_an_unsure_kind(name: str) -> None:
    for rule in BOOKS[name].rules:
        for kind, stance in product(rule.kinds, rule.stances):
            if kind == ANY:
                continue
            event = _event_of(kind)
            family: EventFamily = "breach" if FAMILY_OF[event] != "breach" else "deal"
            cases = [RuleQuery(event, stance, "wealth", family=family)]
            if not rule.skips:  # what may be nothing to the client is not told either
                cases.append(RuleQuery(event, stance, "wealth", unsure=True))
            for case in cases:
                refused = contradiction(rule, kind, case)
                assert refused is not None
                assert refused.field == "kind"


@pytest.mark.parametrize("trade", Trades.shipped().names)
def test_a_large_event_of_any_kind_gets_a_view_in_every_stance(trade: Trade) -> None:
    """Also where the kind is a guess, the event is elsewhere, or only a plan; or it is deliberately not told."""
    told = [kind for kind in FAMILY_OF if FAMILY_OF[kind] != "none"]
    roles: tuple[Role, ...] = ("actor", "object", "party", "affected")
    statuses: tuple[Firmness, ...] = ("fact", "reported", "plan", "forecast")
    directions: tuple[Direction, ...] = get_args(Direction)
    stances: tuple[Stance, ...] = get_args(Stance)
    silent = missing = 0
    for kind, stance, role, status, direction in product(told, stances, roles, statuses, directions):
        case = RuleQuery(kind, stance, trade, direction, size="major", role=role, status=status, family=FAMILY_OF[kind])
        rule = SHIPPED.find(case)
        missing += rule is None
        silent += rule is not None and rule.silent and not rule.skips
    assert missing == 0
    assert silent == 0


def test_what_is_said_of_an_event_is_never_about_another() -> None:
    bought = DryRunCase("wealth", "takeover", "holds", "positive", size="major", role="object")
    buys = DryRunCase("wealth", "acquisition", "holds", "neutral", size="major", role="actor")
    fined = DryRunCase("wealth", "fine", "holds", "negative", role="object")
    assert "paid for" in said(buys)
    assert "fine closes" in said(fined)
    for case in (
        DryRunCase("wealth", "acquisition", "holds", "neutral", size="major", role="object"),
        bought,
    ):
        assert "paid for" not in said(case)
        assert said(case)
    misread = DryRunCase("wealth", "fine", "holds", "negative", size="major", role="actor", family="deal")
    assert "fine" not in said(misread)
    general = opinion_part(brief_for(misread, NOW), SHIPPED)
    assert general.rule in BOOKS["general"].rules
    assert any("the news is about deal and not fine" in note for note in general.notes)


def test_a_coin_or_a_fund_gets_no_advice_on_its_board_or_earnings() -> None:
    for name in ("Bitcoin", "Grayscale Bitcoin Trust", "Gold", "Nordmark Bond Fund"):
        assert not is_company(name)
    assert is_company("Halden Energy")
    for kind, direction in product(FAMILY_OF, get_args(Direction)):
        query = RuleQuery(
            kind, "holds", "wealth", direction, size="major", role="actor", status="fact", asset="Bitcoin"
        )
        rule = SHIPPED.lookup(query)
        if rule is not None:
            said_of_it = " ".join((*fitting_phrasings(rule, query)[0], rule.meaning or "", rule.question or ""))
            assert not {"company", "board", "earnings", "dividend", "sales"} & set(said_of_it.split())


def test_a_plan_is_worded_as_what_would_follow_unless_the_advice_is_to_wait() -> None:
    plan = said(DryRunCase("it", "politics", "uses", "negative", size="major", role="affected", status="plan"))
    assert "in case it goes ahead" in plan or "preparing for it" in plan
    announced = said(DryRunCase("it", "price_increase", "uses", "negative", size="major", role="actor", status="plan"))
    assert announced
    assert "in case it goes ahead" not in announced
    waits = said(DryRunCase("wealth", "product_launch", "holds", "positive", role="actor", status="plan"))
    assert waits
    assert "in case it goes ahead" not in waits


def test_an_unconfirmed_report_of_harm_asks_for_a_check_and_a_waiting_rule_is_not_said_twice() -> None:
    flaw = said(DryRunCase("it", "vulnerability", "uses", verdict="warn", size="major", role="object"))
    assert "quietly whether you would be exposed" in flaw
    waits = said(DryRunCase("wealth", "leadership_change", "holds", verdict="warn", role="actor"))
    assert "Should it be confirmed" not in waits


def test_an_opposed_direction_counts_as_unclear_and_plain_information_as_of_unsure_kind() -> None:
    brief = brief_for(DryRunCase("wealth", "legal", "holds", "positive", role="object"), NOW)
    assert brief.alert.reading is not None
    against = brief.alert.model_copy(update={"reading": brief.alert.reading.model_copy(update={"direction": "bad"})})
    assert query_for(brief.alert, brief.client, "Halden", None).direction == "positive"
    assert query_for(against, brief.client, "Halden", None).direction == "unclear"
    rival = brief_for(DryRunCase("it", "product", "competes", "positive", role="actor"), NOW)
    assert rival.alert.reading is not None
    assert rival.alert.reading.direction == "bad"
    assert query_for(rival.alert, rival.client, "Velmont", None).direction == "positive"
    plain = brief.alert.model_copy(update={"verdict": "information"})
    assert query_for(plain, brief.client, "Halden", None).unsure


RULE = """\
playbook: own
trade: wealth
rules:
  - when: {WHEN}
    action: reviewing {asset} with me
    reason: it matters
"""


def own(when: str) -> Rule:
    return parse_playbook(RULE.replace("{WHEN}", when), "own.yaml").rules[0]


@pytest.mark.parametrize(
    ("when", "field", "cause"),
    [
        ("{kind: takeover, stance: holds, role: actor}", "when.role", "is object, not actor"),
        ("{kind: dividend_raise, stance: holds, direction: negative}", "when.direction", "never negative"),
        ("{kind: opinion, stance: holds}", "when.kind", "nothing has happened"),
        ("{kind: any, stance: holds}", "when.direction", "any event, good or bad"),
        ("{kind: deal, stance: holds}", "when.direction", "either side"),
    ],
)
def test_missing_and_contradictory_presuppositions_are_explained(when: str, field: str, cause: str) -> None:
    found = list(doubts(own(when)))
    assert [(where, cause in why) for where, why, _ in found] == [(field, True)]


def test_shipped_rules_contradict_none_of_their_kinds() -> None:
    found = [(rule.playbook, rule.line, why) for rule in SHIPPED.rules() for _, why, _ in doubts(rule)]
    assert [doubt for doubt in found if "either side" not in doubt[2]] == []


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_every_wording_is_free_of_facts_and_faults(name: str) -> None:
    client = a_client(BOOKS[name].trade or "wealth")
    for rule in (rule for rule in BOOKS[name].rules if not rule.silent):
        sentences = [f"Consider {action} because {reason}." for action, reason in rule.phrasings]
        for text in filter(None, (*sentences, rule.meaning, rule.question)):
            sentence = text.replace("{asset}", "Halden")
            assert tokens(text.replace("{asset}", "it")) == (), (rule.line, sentence)
            assert not [found for found in review(sentence, client) if found.severity == "error"], sentence


def test_a_recall_is_never_good_news_but_a_supply_that_resumes_is() -> None:
    def direction_of(kind: EventKind, stance: Stance) -> Direction:
        brief = brief_for(DryRunCase("it", kind, stance, "positive"), NOW)
        return query_for(brief.alert, brief.client, brief.asset, None).direction

    assert direction_of("recall", "uses") == "unclear"
    assert direction_of("recall", "competes") == "positive"
    assert direction_of("supply_disruption", "uses") == "positive"
