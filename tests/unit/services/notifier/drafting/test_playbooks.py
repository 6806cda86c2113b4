from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import cast, get_args

import pytest

from schemas.clients import Risk, Stance, Trade
from schemas.mentions import FAMILY_OF, Direction, EventKind
from services.common.errors import BadInput
from services.notifier.drafting.playbook_files import parse_playbook
from services.notifier.drafting.playbook_rules import ANY, Rule, RuleQuery, Size
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.tokens import tokens
from services.notifier.drafting.tone import review
from services.notifier.trades.catalog import Trades
from tests.unit.services.notifier.samples import a_client, trade_rules

SHIPPED = Playbooks.shipped()
RULES = trade_rules(SHIPPED)
#: The relations that clients of a trade have to what they watch: wealth managers' clients use no systems of a vendor's.
SENSIBLE: dict[Trade, tuple[Stance, ...]] = {
    "wealth": ("holds", "regulated_by", "follows"),
    "it": ("uses", "supplied_by", "operates_in", "contracts_with", "competes", "regulated_by", "follows"),
    "agency": get_args(Stance),
    "legal": get_args(Stance),
    "healthcare": ("uses", "supplied_by", "operates_in", "contracts_with", "regulated_by", "follows"),
    "accounting": get_args(Stance),
    "insurance": ("uses", "supplied_by", "operates_in", "contracts_with", "regulated_by", "follows"),
}
#: The kinds that the matcher gives an event if it knows no finer one.
BROAD: tuple[EventKind, ...] = (
    *(kind for kind in get_args(EventKind) if FAMILY_OF[kind] == kind),
    "funding",
    "rating_change",
    "leadership_change",
    "data_breach",
    "clinical_trial",
)

FIRM = """\
playbook: harbour
trade: wealth
desires:
  income: [coupons]
rules:
  - when: {kind: dividend_cut, stance: holds}
    action: calling us before doing anything about {asset}
    reason: we may have spoken with the company
  - when: {kind: dividend_cut, stance: holds, risk: high}
    silent: true
  - when: {kind: dividend_cut, stance: holds, desire: income}
    action: keeping {asset}
    reason: it pays
"""


def lookup(playbooks: Playbooks, desire: str, risk: Risk, kind: EventKind = "dividend_cut") -> Rule | None:
    direction: Direction = "positive" if kind == "dividend_raise" else "negative"
    return playbooks.lookup(RuleQuery(kind, "holds", "wealth", direction, desire, risk))


def action(rule: Rule | None) -> str:
    return rule.action if rule else ""


def test_each_shipped_trade_has_at_least_25_rules() -> None:
    counts = {book.trade: len(book.rules) for layer in SHIPPED.layers for book in layer if book.trade is not None}
    assert sorted(str(trade) for trade in counts) == sorted(Trades.shipped().names)
    assert min(counts.values()) >= 25


@pytest.mark.parametrize(("trade", "rule"), RULES, ids=[f"{trade}:{rule.line}" for trade, rule in RULES])
def test_a_shipped_rule_contains_no_fact_and_no_fault(trade: Trade, rule: Rule) -> None:
    if rule.silent:
        assert (rule.action, rule.reason, rule.meaning, rule.question) == ("", "", None, None)
        return
    sentences = (f"Consider {rule.action} because {rule.reason}.", rule.meaning, rule.question)
    for text in filter(None, sentences):
        sentence = text.replace("{asset}", "it")
        assert tokens(sentence) == (), sentence
        assert not [f for f in review(sentence, a_client(trade)) if f.severity == "error"], sentence
        assert "  " not in text
        assert ".." not in text


@pytest.mark.parametrize(("trade", "rule"), RULES, ids=[f"{trade}:{rule.line}" for trade, rule in RULES])
def test_every_shipped_rule_can_be_reached(trade: Trade, rule: Rule) -> None:
    cases = product(
        FAMILY_OF if ANY in rule.kinds else rule.events,
        rule.stances,
        rule.directions or get_args(Direction),
        sorted(rule.desires) or ["nothing in particular"],
        rule.risks or get_args(Risk),
        rule.sizes or get_args(Size),
        rule.stages or (None,),
        rule.roles or (None,),
        rule.statuses or (None,),
        (False, True),
    )
    text = " ".join(word.rstrip("*") for word in rule.words)
    found = (
        SHIPPED.find(
            RuleQuery(
                kind,
                stance,
                trade,
                direction,
                desire,
                risk,
                size,
                stage=stage,
                role=role,
                status=status,
                unsure=unsure,
                text=text,
            )
        )
        for kind, stance, direction, desire, risk, size, stage, role, status, unsure in cases
    )
    assert any(other is rule for other in found)


@pytest.mark.parametrize("trade", Trades.shipped().names)
def test_every_broad_kind_has_advice_or_a_deliberate_silence_unless_it_is_small_or_unclear(trade: Trade) -> None:
    cases: list[tuple[Direction, Size]] = [("negative", "moderate"), ("positive", "moderate")]
    cases += [(direction, "major") for direction in get_args(Direction)]
    missing = [
        query
        for stance, kind, (direction, size) in product(SENSIBLE[trade], BROAD, cases)
        if SHIPPED.find(query := RuleQuery(kind, stance, trade, direction, size=size)) is None
    ]
    assert missing == []


@pytest.mark.parametrize("kind", ["none", "opinion", "advertisement"])
def test_where_nothing_happened_the_shipped_playbooks_stay_silent(kind: EventKind) -> None:
    for trade in Trades.shipped().names:
        for stance in SENSIBLE[trade]:
            rule = SHIPPED.find(RuleQuery(kind, stance, trade))
            assert rule is not None
            assert rule.silent


def test_bad_and_major_news_about_a_holding_leads_to_a_review_of_its_size() -> None:
    for kind in ("guidance", "deal", "contract", "product", "legal", "regulation", "cutback", "labour", "reputation"):
        major = action(SHIPPED.lookup(RuleQuery(kind, "holds", "wealth", "negative", size="major")))
        moderate = action(SHIPPED.lookup(RuleQuery(kind, "holds", "wealth", "negative")))
        assert major == "reviewing with me whether {asset} is larger than you would choose now"
        assert moderate != major


def test_a_rule_for_a_broad_kind_is_for_its_finer_kinds_too_where_they_have_none() -> None:
    broad = FIRM.replace("kind: dividend_cut, stance: holds, desire: income", "kind: dividend, stance: holds")
    playbooks = Playbooks(((parse_playbook(broad, "firm.yaml"),),))
    assert action(lookup(playbooks, "", "limited", "dividend_raise")) == "keeping {asset}"
    assert action(lookup(playbooks, "", "limited")).startswith("calling us")
    assert lookup(playbooks, "", "high") is None  # the finer kind has a silent rule
    assert lookup(playbooks, "", "limited", "earnings") is None
    layered = SHIPPED.with_layer([parse_playbook(broad, "firm.yaml")])
    assert lookup(layered, "", "limited", "dividend_raise") is lookup(SHIPPED, "", "limited", "dividend_raise")


def test_the_most_specific_rule_wins() -> None:
    general, wants_income = lookup(SHIPPED, "control", "moderate"), lookup(SHIPPED, "income", "moderate")
    both = lookup(SHIPPED, "income", "high")
    assert general is not None
    assert general.specificity == 0
    assert wants_income is not None
    assert wants_income.desires
    assert both is not None
    assert both.risks == ("high",)


@pytest.mark.parametrize("name", ["income", "Income", "steady_income", "steady-income", "  Yield "])
def test_a_desire_is_recognized_by_its_other_names_and_spellings(name: str) -> None:
    assert lookup(SHIPPED, name, "moderate") is lookup(SHIPPED, "income", "moderate")


def test_without_a_fitting_rule_there_is_no_advice() -> None:
    assert SHIPPED.lookup(RuleQuery("none", "holds", "wealth", "negative", "income", "limited")) is None
    assert SHIPPED.lookup(RuleQuery("vulnerability", "uses", "wealth", "unclear", "income", "limited")) is None


def test_among_equally_specific_rules_the_first_in_the_file_wins() -> None:
    playbooks = Playbooks(((parse_playbook(FIRM, "firm.yaml"),),))
    assert lookup(playbooks, "income", "high") is None  # the silent rule stands before the one for income
    assert action(lookup(playbooks, "coupons", "limited")) == "keeping {asset}"


def test_a_later_layer_overrides_and_may_silence_an_earlier_one() -> None:
    layered = SHIPPED.with_layer([parse_playbook(FIRM, "firm.yaml")])
    assert action(lookup(layered, "growth", "limited")).startswith("calling us")
    assert lookup(layered, "growth", "high") is None
    assert lookup(layered, "growth", "high", "takeover") is lookup(SHIPPED, "growth", "high", "takeover")


def test_a_firms_rule_for_every_trade_overrides_a_shipped_one_for_one_trade() -> None:
    layered = SHIPPED.with_layer([parse_playbook(FIRM.replace("trade: wealth\n", ""), "firm.yaml")])
    assert action(lookup(layered, "growth", "limited")).startswith("calling us")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: dividend_cut, stance: holds}", "kind: dividend_ct, stance: holds}", "Did you mean dividend_cut?"),
        ("stance: holds}\n    action: calling", "stance: owns}\n    action: calling", "rules[0].when.stance: 'owns'"),
        ("action: calling", "actoin: calling", "Did you mean action?"),
        ("action: calling us", "action: call us", "verb in -ing"),
        ("reason: it pays", "reason: it pays 4 crowns", "Numbers come only from the evidence"),
        ("reason: it pays", "reason: it pays {client}", "{client} is not a placeholder"),
        ("reason: it pays", "reason: It pays.", "full stop"),
        ("reason: it pays", "reason: it pays\n    question: Sell it", "not a single question"),
        ("reason: it pays", "reason: it pays\n    meaning: More cash!", "calmly"),
        ("    reason: it pays\n", "", "rules[2].reason: it is missing"),
        ("silent: true", "silent: maybe", "neither true nor false"),
        ("trade: wealth", "trade: weath", "'weath' is not a trade"),
        ("desire: income}", "risk: high}", "the rule at line 9 has the same conditions"),
        ("playbook: harbour\n", "", "the name is missing"),
        ("income: [coupons]", "income: coupons", "not a table of lists"),
        ("rules:", "rules: none\nmore:", "the list of rules is missing"),
        ("  - when: {kind", "  - when: {kind: [", "not valid YAML"),
        (FIRM, "- a list", "it contains no playbook"),
    ],
)
def test_a_fault_is_reported_with_line_field_and_fix(old: str, new: str, said: str) -> None:
    assert old in FIRM
    with pytest.raises(BadInput) as caught:
        parse_playbook(FIRM.replace(old, new, 1), "firm.yaml")
    assert said in str(caught.value)
    assert str(caught.value).startswith("firm.yaml:")


def test_all_faults_are_reported_at_once_each_with_its_line() -> None:
    broken = FIRM.replace("action: calling", "action: call").replace("reason: it pays", "reason: It pays")
    with pytest.raises(BadInput) as caught:
        parse_playbook(broken, "firm.yaml")
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == ["firm.yaml:7", "firm.yaml:13"]


def test_stances_and_kinds_are_those_of_the_contract() -> None:
    assert {stance for _, rule in RULES for stance in rule.stances} <= set(get_args(Stance))


def test_the_guide_lists_every_kind_below_its_broad_kind() -> None:
    guide = (Path(__file__).parents[5] / "docs/guide/playbooks.md").read_text(encoding="utf-8")
    rows = [re.findall(r"`(\w+)`", row) for row in guide.splitlines() if row.startswith("| `")]
    assert sorted(kind for row in rows for kind in row) == sorted(get_args(EventKind))
    for broad, *finer in rows:
        assert {FAMILY_OF[cast("EventKind", kind)] for kind in (broad, *finer)} == {FAMILY_OF[cast("EventKind", broad)]}
