from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.clients import Client, Desire, Note, Risk, Style
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.compose import Composed, compose, message_text
from services.notifier.drafting.playbook_files import parse_playbook
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.register import Register, register_of, styles_in, urges, without_urging
from services.notifier.drafting.tone import count_words
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager, an_alert, an_item

SHIPPED = Playbooks.shipped()


def drafted(client: Client, **alert: Any) -> str:
    case = Brief(an_alert(client, **alert), client, a_firm(), a_manager(), NOW)
    done = compose(case, SHIPPED, send_after=NOW)
    assert isinstance(done, Composed)
    return message_text(done.draft.parts)


@pytest.mark.parametrize(
    ("personality", "styles"),
    [
        ("Direct and brief", {"brief"}),
        ("Very direct; wants it short", {"brief"}),
        ("Careful, reads everything, dislikes surprises", {"cautious", "detailed"}),
        ("She is warm but formal", {"warm", "formal"}),
        ("Wants the figures.", {"detailed"}),
        ("Prefers a personal tone", {"warm"}),
        ("Not formal at all", set()),
        ("Formal only at first", set()),
        ("Hates direct questions", set()),
        ("Less careful than his wife", set()),
        ("Used to be cautious", set()),
        ("A warm house by the sea", set()),
        ("", set()),
    ],
)
def test_only_what_a_personality_plainly_says_is_a_style(personality: str, styles: set[Style]) -> None:
    assert styles_in(personality) == styles


@pytest.mark.parametrize(
    ("client", "register"),
    [
        ({}, Register()),
        ({"personality": "Careful"}, Register(calm=True)),
        ({"mood": "upset"}, Register(calm=True)),
        ({"personality": "Careful", "styles": ("brief",)}, Register(brief=True, tone="plain")),
        ({"styles": ("brief", "detailed", "warm", "formal")}, Register()),
        ({"styles": ("formal",)}, Register(tone="formal")),
        ({"styles": ("warm", "detailed")}, Register(detailed=True, tone="plain")),
    ],
)
def test_the_register_follows_the_book_and_then_the_personality(client: dict[str, Any], register: Register) -> None:
    assert register_of(a_client(**client)) == register


def test_a_brief_client_reads_fewer_sentences_and_the_same_advice() -> None:
    two = (an_item(), an_item(number=2, publisher="The Financial Ledger", origin="The Financial Ledger"))
    vision = "To live from the portfolio"
    long = drafted(a_client(end_vision=vision), evidence=two)
    short = drafted(a_client(end_vision=vision, styles=("brief",)), evidence=two)
    assert count_words(short) < count_words(long)
    assert "long-term aim" in long
    assert "long-term aim" not in short
    assert "also reports" not in short
    assert long[long.index(" because ") :].split(".")[0] == short[short.index(" because ") :].split(".")[0]


def test_a_detail_minded_client_reads_the_day_and_a_figure_that_the_news_lacks() -> None:
    lead = an_item(title="Halden Energy cuts dividend to save cash", quote="Halden Energy cut its quarterly dividend.")
    other = an_item(
        number=2, publisher="The Financial Ledger", origin="The Financial Ledger", source_grade="B",
        title="Halden Energy cuts its dividend", quote="Halden Energy cut its quarterly dividend by 38%.",
    )  # fmt: skip
    text = drafted(a_client(styles=("detailed",)), evidence=(lead, other))
    assert "The Financial Ledger gives the figure: “Halden Energy cut its quarterly dividend by 38%.”" in text
    assert "published on" not in text, "there is no room for both"
    alone = drafted(a_client(styles=("detailed",)), evidence=(lead,))
    assert "Northgate Wire. It was published on 3 March." in alone
    assert "published on" not in drafted(a_client(), evidence=(lead,))
    about_it = other.model_copy(update={"supports": "context"})
    assert "gives the figure" not in drafted(a_client(styles=("detailed",)), evidence=(lead, about_it))


def test_a_cautious_client_gets_the_calm_form() -> None:
    text = drafted(a_client(personality="Cautious"))
    assert "a calm next step would be to consider" in text or "it may help to consider" in text


def test_every_shipped_action_for_an_upset_client_is_free_of_urging() -> None:
    actions = [action for rule in SHIPPED.rules() if not rule.silent for action, _ in rule.phrasings]
    assert any(urges(action) for action in actions)
    for action in actions:
        calm = without_urging(action)
        assert not urges(calm)
        assert "  " not in calm
        assert calm.split()[0] == action.split()[0]


def test_an_upset_client_gets_the_same_subject_and_facts_without_urging() -> None:
    text = (
        "playbook: own\nrules:\n  - when: {kind: dividend_cut, stance: holds}\n"
        "    action: calling me at once about {asset}\n    reason: a cut is better talked over\n"
    )
    layered = SHIPPED.with_firm_playbooks([parse_playbook(text, "own.yaml")])
    messages = []
    for mood in ("calm", "upset"):
        client = a_client(mood=mood)
        case = Brief(an_alert(client), client, a_firm(), a_manager(), NOW)
        done = compose(case, layered, send_after=NOW)
        assert isinstance(done, Composed)
        messages.append(done.draft)
    usual, calm = messages
    assert calm.subject == usual.subject
    assert calm.parts[1] == usual.parts[1]
    assert "at once" in usual.body
    assert "consider calling me about Halden Energy because a cut is better talked over." in calm.body


_DESIRES = ("income", "growth", "continuity", "innovation", "compliance", "market share", "preservation")
_RISK = re.compile(r"\b(limited|moderate|high) risk\b")


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(
    trade=st.sampled_from(["wealth", "it", "agency", "legal"]),
    desires=st.lists(st.sampled_from(_DESIRES), max_size=2, unique=True),
    risk=st.sampled_from([None, *get_args(Risk)]),
    mood=st.sampled_from(["calm", "upset"]),
    personality=st.sampled_from([None, "Direct", "Careful", "Formal, wants the figures"]),
    verdict=st.sampled_from(["tell", "warn", "information"]),
    kind=st.sampled_from(["dividend_cut", "takeover", "lawsuit", "outage", "price_increase", "leadership_change"]),
    note=st.sampled_from([(), (Note(text="I'll never sell Halden Energy"),), (Note(text="I want to retire in 2029"),)]),
)
def test_no_draft_names_a_risk_or_a_desire_that_the_book_does_not_have(
    trade: Any, desires: list[str], risk: Risk | None, mood: Any, personality: Any, verdict: Any, kind: Any, note: Any
) -> None:
    client = a_client(
        trade, desires=tuple(Desire(name=name) for name in desires), risk=risk, mood=mood, personality=personality,
        views=note,
    )  # fmt: skip
    case = Brief(an_alert(client, verdict=verdict, kind=kind), client, a_firm(), a_manager(), NOW)
    done = compose(case, SHIPPED, send_after=NOW)
    if not isinstance(done, Composed):
        return
    assert set(_RISK.findall(done.draft.body)) <= {risk}
    said = re.search(r"(?:desire for|you want) (.+?)(?: and (?:limited|moderate|accept)|, )", done.draft.body)
    if said is not None:
        wanted = said[1].replace("the preservation of your capital", "preservation").replace("a larger share", "share")
        assert wanted.removesuffix(",") in desires
    assert desires or "desire for" not in done.draft.body
    assert any("how much risk" in text for text in done.draft.notes) == (risk is None)
