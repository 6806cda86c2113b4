"""A subject concerns a client as far as its scope says; without a scope, only if the news is major."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from schemas.clients import Near, Query, TopicScope, Watch, WatchKind
from schemas.items import Item
from schemas.mentions import EventKind
from schemas.readings import Role
from services.matcher.judgment.relevance import default_relevance_rules
from services.matcher.judgment.scope import INSIDE, ScopeFit, fit_scope
from services.matcher.mentions.scopes import ScopeText
from services.matcher.stories.threads import EventSummary
from services.matcher.thresholds import default_thresholds

TEXT = ScopeText(Item(id="itm", title="Ransomware shuts hospital in Berlin"))


def watch(kind: WatchKind = "topic", **more: Any) -> Watch:
    return Watch(entity_id="ransomware", name="ransomware", kind=kind, **more)


def event(size: Literal["minor", "moderate", "major"] = "moderate") -> EventSummary:
    return EventSummary(kind="data_breach", direction="negative", size=size, urgency="high", worth_hours=24, worth=0.7)


@pytest.mark.parametrize("kind", ["topic", "industry", "regulation", "place"])
def test_a_subject_without_a_scope_counts_if_the_news_is_major(kind: WatchKind) -> None:
    assert fit_scope(watch(kind), TEXT, event("major")) == INSIDE
    outside = fit_scope(watch(kind), TEXT, event("moderate")).outside
    assert outside == "ransomware has no scope in the client book, so news about it counts only if it is major."


@pytest.mark.parametrize("kind", ["holding", "product", "competitor"])
def test_a_thing_needs_no_scope(kind: WatchKind) -> None:
    assert fit_scope(watch(kind), TEXT, event("minor")) == INSIDE


@pytest.mark.parametrize(
    ("more", "unlimited"),
    [
        ({}, True),
        ({"topic": "ransomware"}, True),
        ({"query": Query(any_of=("ransomware", "extortion"), none_of=("film",))}, True),
        ({"query": Query(all_of=("ransomware",))}, True),
        ({"query": Query(any_of=("ransomware",), all_of=("hospital",))}, False),
        ({"query": Query(near=(Near(words=("ransom", "hospital")),))}, False),
        ({"topic": "ransomware", "query": Query(any_of=("hospital",))}, False),
        ({"context": ("hospital",)}, False),
        ({"scope": TopicScope()}, False),
    ],
)
def test_context_and_a_second_condition_limit_a_subject_too(more: dict[str, Any], unlimited: bool) -> None:
    assert watch(**more).is_unlimited is unlimited
    assert bool(fit_scope(watch(**more), TEXT, event("minor")).outside) is unlimited


@pytest.mark.parametrize(
    ("scope", "lacks"),
    [
        (TopicScope(regions=("Norway", "Sweden")), "it is not about Norway or Sweden."),
        (TopicScope(industries=("food",), regions=("Germany",)), "it is not about food in Germany."),
        (TopicScope(parties=("SAP | Oracle",)), "it does not name SAP or Oracle."),
        (
            TopicScope(industries=("food",), parties=("A1", "B1", "C1", "D1", "E1")),
            "it is not about food and does not name A1, B1, C1, D1 or others.",
        ),
    ],
)
def test_the_reason_says_what_is_missing(scope: TopicScope, lacks: str) -> None:
    outside = fit_scope(watch(scope=scope), TEXT, event("major")).outside
    assert outside == f"It is outside the scope of ransomware for this client: {lacks}"


@pytest.mark.parametrize(
    ("particular", "kind", "role", "worth", "matters"),
    [
        (True, "data_breach", "actor", 0.05, True),
        (True, "data_breach", "actor", 0.03, True),
        (True, "data_breach", "actor", 0.01, False),
        (False, "data_breach", "actor", 0.05, False),
        (True, "data_breach", "affected", 0.05, False),
        (True, "macro", "actor", 0.05, False),
    ],
)
def test_a_small_event_that_happens_in_scope_matters(
    particular: bool, kind: EventKind, role: Role, worth: float, matters: bool
) -> None:
    small = replace(event("minor"), worth=worth, kind=kind, role=role)
    thresholds = default_thresholds()
    relevance = default_relevance_rules().score(watch(), small, thresholds, ScopeFit(("food",), particular), trade="it")
    assert (relevance.score >= thresholds.tell_relevance) is matters


def test_what_is_outside_has_no_relevance_and_what_is_inside_says_why() -> None:
    rules, thresholds = default_relevance_rules(), default_thresholds()
    scoped = watch(scope=TopicScope(regions=("DACH",)))
    plain = rules.score(watch(), event(), thresholds, trade="it")
    inside = rules.score(scoped, event(), thresholds, fit_scope(scoped, TEXT, event()), trade="it")
    outside = rules.score(watch(), event(), thresholds, ScopeFit(outside="It is outside."), trade="it")
    assert (inside.score, inside.why) == (plain.score, "the client follows it (scope: DACH)")
    assert (outside.score, outside.outside, outside.direction) == (0.0, "It is outside.", plain.direction)
