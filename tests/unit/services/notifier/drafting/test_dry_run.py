"""Every combination that has a playbook rule, written and proofread."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import product
from typing import Any, get_args

import pytest

from schemas.clients import Risk, Stance, Trade
from schemas.drafts import Draft
from schemas.mentions import FAMILY_OF, Direction, EventKind
from schemas.readings import Firmness, Role
from services.notifier.drafting.compose import Composed, message_text
from services.notifier.drafting.dry_run import MESSAGE_VERDICTS, DryRunCase, MessageVerdict, brief_for, dry_run
from services.notifier.drafting.fit import query_for
from services.notifier.drafting.grammar import check_grammar
from services.notifier.drafting.playbook_rules import ANY, Rule, RuleQuery, Size
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.tone import MAX_WORDS, blank_quotations
from services.notifier.trades.catalog import Trades
from tests.choice import one_of_each

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
SHIPPED = Playbooks.shipped()
BOOKS = {book.trade: book for book in SHIPPED.layers[0] if book.trade is not None}


#: News that tells how far an event of a broad kind has come.
STAGES: dict[tuple[str, str], str] = {
    ("deal", "rumored"): "{name} is in early talks on a merger.",
    ("deal", "announced"): "The deal of {name} is expected to close in the autumn.",
    ("deal", "completed"): "The deal of {name} was completed.",
    ("deal", "called_off"): "The deal of {name} was called off.",
    ("legal", "completed"): "The case that concerns {name} was settled.",
    ("regulation", "announced"): "The authority proposed new rules that concern {name}.",
    ("regulation", "called_off"): "The authority has withdrawn the rules that concern {name}.",
    ("insolvency", "completed"): "{name} has filed for bankruptcy.",
    ("insolvency", "rumored"): "There are fears that {name} cannot pay.",
    ("breach", "called_off"): "{name} foiled an attempt to take its data.",
    ("vulnerability", "completed"): "A patch for {name} is out.",
    ("outage", "completed"): "The service of {name} is restored.",
    ("labour", "announced"): "The staff of {name} voted for a strike.",
    ("labour", "completed"): "The staff of {name} accepted the deal on pay.",
}


#: A word that tells of the event, and of no stage of it.
EVENTS = {
    "earnings": "figures", "guidance": "figures",
    "dividend": "the dividend", "buyback": "the buyback", "capital": "a loan", "share_move": "trading",
    "rating": "a rating", "deal": "a deal", "cutback": "staff", "leadership": "the board", "legal": "law",
    "regulation": "compliance", "insolvency": "cash", "breach": "data", "vulnerability": "security",
    "outage": "a problem", "recall": "safety", "labour": "a walkout", "trial": "a study",
}  # fmt: skip


def says(rule: Rule, kind: EventKind) -> str:
    """Return news that meets the stage or the words that ``rule`` asks for, and that shows no others."""
    if rule.stages:
        return STAGES[FAMILY_OF[kind], rule.stages[0]]
    exact = {"price_increase": "prices", "price_cut": "prices", "fine": "a fine"}
    about = exact.get(kind) or EVENTS.get(FAMILY_OF[kind], "this")
    if rule.words:
        return f"{{name}} is in the news about {rule.words[0].rstrip('*')} and {about}."
    return f"There are figures of {{name}} on {about}."


def query_of(rule: Rule, kind: EventKind, *parts: Any) -> RuleQuery:
    """Return a query for ``kind`` and ``parts`` that meets the role, stage and words that ``rule`` asks for."""
    stage = rule.stages[0] if rule.stages else None
    return replace(
        RuleQuery(kind, *parts),
        stage=stage,
        text=" ".join(word.rstrip("*") for word in rule.words),
        role=rule.roles[0] if rule.roles else None,
        status=rule.statuses[0] if rule.statuses else None,
    )


@cache
def said(trade: Trade) -> tuple[tuple[DryRunCase, Rule], ...]:
    """Return each kind × stance × direction × size × desire × risk that a rule decides, with the rule."""
    rules = BOOKS[trade].rules
    cases = sorted({(kind, stance) for rule in rules for kind in rule.events for stance in rule.stances})
    desires = [*sorted({name for rule in rules for name in rule.desires}), "peace of mind"]
    sizes: set[Size] = {"moderate", *(size for rule in rules for size in rule.sizes)}
    clients, events = tuple(product(desires, get_args(Risk))), tuple(product(get_args(Direction), sorted(sizes)))
    found = []
    for (kind, stance), (direction, size) in product(cases, events):
        brief = brief_for(DryRunCase(trade, kind, stance, direction, size=size), NOW)
        query = query_for(brief.alert, brief.client, brief.asset, None)
        for desire, risk in clients:
            rule = SHIPPED.lookup(replace(query, desire=desire, risk=risk))
            if rule is not None:
                case = DryRunCase(trade, kind, stance, direction, (desire,), risk=risk, size=size)
                found.append((case, rule))
    return tuple(found)


def proofread(case: DryRunCase, rule: Rule) -> None:
    composed = dry_run(case, SHIPPED, NOW)
    assert isinstance(composed, Composed), (case, composed)
    draft = composed.draft
    whole = f"{draft.subject}\n\n{draft.body}"
    assert not draft.findings, (case, draft.findings)
    assert all(entry.where != "nowhere" for entry in draft.grounding)
    assert draft.words <= MAX_WORDS
    assert whole.count("?") == 1
    assert message_text([part for part in draft.parts if part.role != "close"]).endswith("?")
    if case.verdict != "correct":
        assert draft.rule == rule.id
        # While it is unconfirmed, what would follow is said only if there is room for it.
        assert case.verdict == "warn" or any(
            action.partition("{asset}")[0] in draft.body for action, _ in rule.phrasings
        )
    for blemish in ("..", "  ", " .", " ,", ",,", "{", "}", "None", " a income", "to to ", "_", "the the "):
        assert blemish not in whole.replace(" …", "…"), (blemish, whole)


def own_words(draft: Draft) -> str:
    """Return the message without the words of the evidence."""
    text = message_text(draft.parts)
    for entry in draft.grounding:
        text = text.replace(entry.text, "“ ”") if entry.kind == "quotation" else text
    return blank_quotations(text)


def case_of(trade: Trade, rule: Rule) -> DryRunCase:
    """Return a case that ``rule`` decides."""
    desire = sorted(rule.desires)[0] if rule.desires else "peace of mind"
    risk = rule.risks[0] if rule.risks else "moderate"
    events = [kind for kind in FAMILY_OF if kind not in NOT_TOLD] if ANY in rule.kinds else rule.events
    directions, sizes = rule.directions or get_args(Direction), rule.sizes or get_args(Size)
    readings: tuple[tuple[Role | None, Firmness | None], ...] = ((None, None),)
    if rule.roles or rule.statuses:
        readings = tuple(product(rule.roles or ("actor", "object"), rule.statuses or ("fact",)))
    verdicts: tuple[MessageVerdict, ...] = ("tell", "information")
    return next(
        DryRunCase(
            trade,
            kind,
            stance,
            direction,
            (desire,),
            risk=risk,
            verdict=verdict,
            size=size,
            says=says(rule, kind),
            role=role,
            status=status,
        )
        for verdict, kind, stance, direction, size, (role, status) in product(
            verdicts, events, rule.stances, directions, sizes, readings
        )
        if SHIPPED.find(
            replace(
                query_of(rule, kind, stance, trade, direction, desire, risk, size),
                role=role,
                status=status,
                unsure=verdict == "information",
            )
        )
        is rule
    )


#: All trades; of those whose rules take seconds to render, the fast tests have every third.
SOME_FAST = [
    trade if number % 3 == 0 else pytest.param(trade, marks=pytest.mark.slow)
    for number, trade in enumerate(Trades.shipped().names)
]


@pytest.mark.slow
@pytest.mark.parametrize("trade", SOME_FAST)
def test_every_rule_is_correct_english(trade: Trade) -> None:
    """Each paragraph is proofread once: greetings, positions and questions are those of other rules as well."""
    read: set[str] = set()
    for rule in BOOKS[trade].rules:
        if rule.silent:
            continue
        composed = dry_run(case_of(trade, rule), SHIPPED, NOW)
        assert isinstance(composed, Composed)
        assert composed.draft.rule == rule.id
        own = [text for text in own_words(composed.draft).split("\n\n") if text not in read]
        read.update(own)
        assert list(check_grammar("\n\n".join(own))) == [], rule


@pytest.mark.slow
@pytest.mark.parametrize("trade", SOME_FAST)
def test_every_rule_reads_well_with_each_stance(trade: Trade) -> None:
    """Each rule with each stance; events, verdicts, desires and risks take turns. The slow test has all."""
    by_case: dict[tuple[Stance, str], list[DryRunCase]] = {}
    rules: dict[tuple[Stance, str], Rule] = {}
    for case, rule in said(trade):
        key = (case.stance, rule.id)
        rules[key] = rule
        by_case.setdefault(key, []).append(case)
    for turn, (key, cases) in enumerate(by_case.items()):
        verdict = ADVISED[turn % len(ADVISED)]
        proofread(replace(cases[turn * 7 % len(cases)], verdict=verdict), rules[key])


#: The verdicts of messages that give an opinion.
ADVISED = [verdict for verdict in MESSAGE_VERDICTS if verdict != "information"]
#: Each case is rendered for every third trade. It is no divisor of the number of stances, so that each trade has all.
SHARES = 3
#: Kinds that are never told.
NOT_TOLD: frozenset[EventKind] = frozenset(("opinion", "advertisement", "none"))


@pytest.mark.parametrize("trade", one_of_each(Trades.shipped().names, 8))
def test_an_event_without_a_rule_is_passed_on_as_plain_information(trade: Trade) -> None:
    """Each stance in each trade, and each kind with each stance; the trades share the kinds."""
    told = [kind for kind in get_args(EventKind) if kind not in NOT_TOLD]
    cases = list(product(told, get_args(Stance)))
    assert len(cases) > SHARES * len(get_args(Stance))
    for kind, stance in cases[Trades.shipped().names.index(trade) % SHARES :: SHARES]:
        case = DryRunCase(trade, kind, stance, "unclear", ("peace of mind",), size="major")
        composed = dry_run(case, Playbooks(()), NOW)
        assert isinstance(composed, Composed), (kind, stance, composed)
        draft = composed.draft
        assert not draft.findings, (kind, stance, draft.findings)
        assert composed.quote in draft.body
        assert draft.verdict == "information"
        assert "opinion" not in [part.role for part in draft.parts]
        assert draft.rule is None
        assert draft.advice == ()
        assert any("passes on the news without an opinion" in note for note in draft.notes)


@pytest.mark.slow
@pytest.mark.parametrize("trade", Trades.shipped().names)
def test_every_combination_with_a_rule_reads_well(trade: Trade) -> None:
    """All of them; those that differ in the event alone are rendered once. Risks and verdicts take turns."""
    alike: dict[tuple[Stance, str, tuple[str, ...]], dict[Risk | None, tuple[DryRunCase, Rule]]] = {}
    for case, rule in said(trade):
        alike.setdefault((case.stance, rule.id, case.desires), {})[case.risk] = case, rule
    for turn, by_risk in enumerate(alike.values()):
        case, rule = list(by_risk.values())[turn % len(by_risk)]
        proofread(replace(case, verdict=ADVISED[turn % len(ADVISED)]), rule)
