"""A trade file is read whole, or every fault in it is reported with line, field and fix."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import BadInput
from services.notifier.trades.template import trade_template
from services.notifier.trades.trade_files import overlaid, parse_trade

ARCHITECTS = """\
trade: architects
title: Architects
description: Plans and supervises buildings.
people: {one: builder, many: builders}
assets: {default: site, allowed: [site, contract]}
desires:
  certainty: [predictability]
  budget: {phrase: a building within its budget, also: [cost]}
  calm:
stances:
  operates_in:
    sentence: "You are building at {asset}{share}."
    correction: leaving {asset} as it was
    questions: ["How would a delay at {asset} affect you?"]
jargon:
  some: {tender: request for offers}
discovery:
  - {id: must, fills: views, ask: "What must it do?", why: "What not to give up."}
tone: {"cheap*": economical}
never: {"no delay": Nobody can promise it.}
always:
  - Please talk to us first.
  - {text: Keep the site closed., stances: [operates_in]}
"""


def test_a_file_is_read_with_its_short_forms() -> None:
    trade = parse_trade(ARCHITECTS, "a.yaml").definition
    assert trade.people.many == "builders"
    assert trade.desires["certainty"].also == ("predictability",)
    assert trade.desires["calm"].phrase is None
    assert [sentence.stances for sentence in trade.always] == [(), ("operates_in",)]
    assert trade.questions_about("operates_in") == ("How would a delay at {asset} affect you?",)
    assert trade.questions_about("uses") == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("trade: architects", "trade: Architects!", "a.yaml:1: trade: 'Architects!' is not a valid name"),
        ("title: Architects", "titel: Architects", "a.yaml:2: titel: there is no such field. Did you mean title?"),
        ("title: Architects", "title: [x]", "a.yaml:2: title: it is not text"),
        ("many: builders", "several: builders", "a.yaml:4: people.several: there is no such field"),
        (
            "default: site",
            "default: syte",
            "a.yaml:5: assets.default: 'syte' is not one of the possible values. Did you",
        ),
        ("default: site", "default: holding", "the default, 'holding', is not among those allowed"),
        ("also: [cost]", "also: cost", "a.yaml:8: desires.budget.also: it is not a list"),
        (
            "phrase: a building within its budget",
            "phrase: 'of {asset}'",
            "a.yaml:8: desires.budget.phrase: {asset}",
        ),
        ("  operates_in:\n", "  builds:\n", "a.yaml:11: stances.builds: 'builds' is not one of the possible values"),
        ("{share}.", "{weight}.", "a.yaml:12: stances.operates_in.sentence: {weight} is not a placeholder here. Only"),
        (
            "leaving {asset}",
            "leave {asset}",
            "a.yaml:13: stances.operates_in.correction: it does not begin with",
        ),
        ("affect you?", "affect you.", "a.yaml:14: stances.operates_in.questions[0]: it is not a single question"),
        ("  some:", "  few:", "a.yaml:16: jargon.few: 'few' is not one of the possible values"),
        ("request for offers", "", "a.yaml:16: jargon.some.tender: it is not text"),
        (', why: "What not to give up."', "", "a.yaml:18: discovery[0].why: it is missing. Add"),
        ("  - {id: must", "  - {id: must, fills: views, ask: a, why: b}\n  - {id: must", "two questions have the id"),
        ('"cheap*"', '"*"', "a.yaml:19: tone: '*' is nothing to look for"),
        ("talk to us first.", "talk to us in 5 days.", "a.yaml:22: always[0].text: it contains a number"),
        ("talk to us first.", "talk to us first", "a.yaml:22: always[0]: it is not a short sentence"),
        ("title: Architects", "title: Architects\nlike: architects", "a.yaml:3: like: a trade can't be like itself"),
        ("title: Architects", "title: [", "it is not valid YAML"),
        (ARCHITECTS, "- a list", "a.yaml:1: file: it contains no trade"),
    ],
)
def test_a_fault_is_reported_with_line_field_and_fix(old: str, new: str, said: str) -> None:
    assert old in ARCHITECTS
    with pytest.raises(BadInput) as raised:
        parse_trade(ARCHITECTS.replace(old, new, 1), "a.yaml")
    assert said in str(raised.value)
    assert all(line.startswith("a.yaml:") for line in str(raised.value).splitlines())


def test_all_faults_are_reported_at_once_in_the_order_of_lines() -> None:
    broken = ARCHITECTS.replace("default: site", "default: x").replace("cheap*", "*").replace("one: builder", "one: 1")
    with pytest.raises(BadInput) as raised:
        parse_trade(broken, "a.yaml")
    assert [line.split(":")[1] for line in str(raised.value).splitlines()] == ["4", "5", "19"]


@given(st.text(alphabet="abc:{}[]-, \n\"'|>#&*?!0", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(BadInput):
        parse_trade(text, "a.yaml")


def test_a_file_adds_entries_to_the_trade_below_it_and_replaces_lists() -> None:
    base = parse_trade(ARCHITECTS, "a.yaml").definition
    own = parse_trade(
        "trade: architects\n"
        "desires: {certainty: [planning], view: [outlook]}\n"
        "stances: {operates_in: {label: builds there}}\n"
        "jargon: {some: {tender: allowed}, expert: {BIM: model of the building}}\n"
        "discovery: []\n"
        'always: ["Call us."]\n',
        "own.yaml",
    ).definition
    merged = overlaid(base, own)
    assert merged.desires["certainty"].also == ("predictability", "planning")
    assert set(merged.desires) == {"certainty", "budget", "calm", "view"}
    assert merged.stances["operates_in"].label == "builds there"
    assert merged.stances["operates_in"].sentence == "You are building at {asset}{share}."
    assert merged.jargon == {"some": {}, "expert": {"BIM": "model of the building"}}
    assert merged.discovery == ()
    assert [sentence.text for sentence in merged.always] == ["Call us."]
    assert merged.title == "Architects"
    assert overlaid(merged, own) == merged


def test_the_template_is_a_valid_trade_as_it_is_and_with_every_example() -> None:
    text = trade_template("architects", None)
    assert parse_trade(text, "a.yaml").definition.name == "Architects"
    full = parse_trade(re.sub(r"^#(?=[a-z]|  )", "", text, flags=re.MULTILINE), "a.yaml").definition
    assert full.model_fields_set == set(type(full).model_fields)
