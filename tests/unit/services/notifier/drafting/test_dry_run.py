"""Every combination that has a playbook rule, written and proofread."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import get_args

import pytest

from schemas.clients import Risk, Stance, Trade
from schemas.mentions import Direction, EventKind
from services.notifier.drafting.compose import Composed, message_text
from services.notifier.drafting.dry_run import MESSAGE_VERDICTS, DryRunCase, dry_run
from services.notifier.drafting.grammar import check_grammar
from services.notifier.drafting.playbook_rules import Rule, RuleQuery
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.tone import MAX_WORDS, blank_quotations

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
SHIPPED = Playbooks.shipped()
BOOKS = {book.trade: book for book in SHIPPED.layers[0] if book.trade is not None}
Said = tuple[EventKind, Stance, Rule, str, Risk]


def said(trade: Trade) -> Iterator[tuple[Said, Direction]]:
    """Kind × stance × direction × desire × risk, wherever a rule speaks."""
    rules = BOOKS[trade].rules
    cases = sorted({(kind, stance) for rule in rules for kind in rule.kinds for stance in rule.stances})
    desires = [*sorted({name for rule in rules for name in rule.desires}), "peace of mind"]
    for (kind, stance), direction, desire, risk in product(cases, get_args(Direction), desires, get_args(Risk)):
        rule = SHIPPED.lookup(RuleQuery(kind, stance, trade, direction, desire, risk))
        if rule is not None:
            yield (kind, stance, rule, desire, risk), direction


def proofread(case: DryRunCase, rule: Rule) -> None:
    composed = dry_run(case, SHIPPED, NOW)
    assert isinstance(composed, Composed), (case, composed)
    draft = composed.draft
    whole = f"{draft.subject}\n\n{draft.body}"
    assert not draft.findings, (case, draft.findings)
    assert all(entry.where != "nowhere" for entry in draft.grounding)
    assert draft.words <= MAX_WORDS
    assert whole.count("?") == 1
    assert message_text(draft.parts).endswith("?")
    if case.verdict != "correct":
        assert draft.rule == rule.id
        assert rule.action.partition("{asset}")[0] in draft.body
    for blemish in ("..", "  ", " .", " ,", ",,", "{", "}", "None", " a income", "to to ", "_", "the the "):
        assert blemish not in whole.replace(" …", "…"), (blemish, whole)


@pytest.mark.parametrize("trade", get_args(Trade))
def test_every_rule_is_correct_english(trade: Trade) -> None:
    for rule in BOOKS[trade].rules:
        kind, stance = rule.kinds[0], rule.stances[0]
        desire = sorted(rule.desires)[0] if rule.desires else "peace of mind"
        risk = rule.risks[0] if rule.risks else "moderate"
        direction = rule.directions[0] if rule.directions else "negative"
        composed = dry_run(DryRunCase(trade, kind, stance, direction, (desire,), risk=risk), SHIPPED, NOW)
        assert isinstance(composed, Composed)
        assert list(check_grammar(blank_quotations(message_text(composed.draft.parts)))) == [], rule


@pytest.mark.parametrize("trade", get_args(Trade))
def test_every_rule_reads_well_in_each_of_its_cases(trade: Trade) -> None:
    """Each rule with each event, stance and verdict; desires and risks in turn, so that all of them have theirs."""
    by_case: dict[tuple[EventKind, Stance, str], list[tuple[Said, Direction]]] = {}
    for entry, direction in said(trade):
        by_case.setdefault((entry[0], entry[1], entry[2].id), []).append((entry, direction))
    turn = 0
    for choices in by_case.values():
        for verdict in MESSAGE_VERDICTS:
            (kind, stance, rule, desire, risk), direction = choices[turn % len(choices)]
            turn += 7
            proofread(DryRunCase(trade, kind, stance, direction, (desire,), risk=risk, verdict=verdict), rule)


@pytest.mark.slow
@pytest.mark.parametrize("trade", get_args(Trade))
def test_every_combination_with_a_rule_reads_well(trade: Trade) -> None:
    """All of them; those that differ in the direction alone are one text, and are rendered once."""
    directions = dict(said(trade))
    for (kind, stance, rule, desire, risk), direction in directions.items():
        for verdict in MESSAGE_VERDICTS:
            proofread(DryRunCase(trade, kind, stance, direction, (desire,), risk=risk, verdict=verdict), rule)
