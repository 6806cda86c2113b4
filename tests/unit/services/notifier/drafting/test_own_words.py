from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from schemas.clients import Desire, Note
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.compose import Composed, compose
from services.notifier.drafting.own_words import own_view, question_on, stated_intention, touched_aim
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.tone import count_words
from services.notifier.trades.catalog import Trades
from services.notifier.trades.definition import TradeDefinition
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager, a_watch, an_alert

SHIPPED = Playbooks.shipped()
NAMES = ("Halden Energy", "Halden")


def brief(*notes: Note, alert: dict[str, Any] | None = None, history: tuple[Note, ...] = (), **client: Any) -> Brief:
    person = a_client(views=notes, history=history, **client)
    return Brief(an_alert(person, **(alert or {})), person, a_firm(), a_manager(), NOW)


@pytest.mark.parametrize(
    ("text", "intention"),
    [
        ("I'll never sell Halden Energy", "keep"),
        ("We won’t ever leave Halden", "keep"),
        ("I am not going to sell my Halden shares", "keep"),
        ("We stay with Halden, come what may", "keep"),
        ("I plan to buy more Halden Energy next year", "buy"),
        ("I'm adding to Halden", "buy"),
        ("I want to double my stake in Halden", "buy"),
        ("We will move everything to Halden this year", "move_to"),
        ("We are migrating our data to Halden", "move_to"),
        ("We plan to launch on Halden in May", "move_to"),
        ("I'd like to get rid of Halden", "sell"),
        ("I have decided to sell all my Halden Energy shares", "sell"),
        ("We are going to move our mail away from Halden", "leave"),
        ("We will replace Halden with something simpler", "leave"),
        ("We will stay away from Halden", "avoid"),
        ("I would never buy Halden", "avoid"),
        ("I will never touch Halden", "avoid"),
        # Unsure, denied, past, of something else, or both at once: not interpreted.
        ("I might sell Halden", None),
        ("I am thinking of buying more Halden", None),
        ("I will sell Halden if it falls further", None),
        ("I no longer want to sell Halden", None),
        ("I am not selling Halden", "keep"),
        ("We'll be moving everything to Halden", "move_to"),
        ("I sold Halden in the spring", None),
        ("I want to buy Halden's rival", None),
        ("I want to buy Orvix after selling Halden", None),
        ("We will replace Orvix with Halden", None),
        ("I want to keep Halden out of the portfolio", None),
        ("I keep hearing about Halden", None),
        ("My brother will sell Halden", None),
        ("I will keep Halden and I plan to sell Halden", None),
        ("Halden is overvalued", None),
        ("", None),
    ],
)
def test_an_intention_is_read_only_where_it_is_plain(text: str, intention: str | None) -> None:
    assert stated_intention(text, NAMES) == intention


def test_it_means_the_asset_only_in_an_answer_about_it() -> None:
    assert stated_intention("I will never sell it", NAMES, about=True) == "keep"
    assert stated_intention("I will never sell it", NAMES) is None


@pytest.mark.parametrize(
    ("text", "direction", "asked"),
    [
        ("I'll never sell Halden Energy", "negative", "Have you considered"),
        ("I'll never sell Halden Energy", "positive", None),
        ("I plan to buy more Halden Energy", "negative", "Have you considered"),
        ("I plan to buy more Halden Energy", "positive", None),
        ("I am selling Halden Energy", "positive", "Have you considered"),
        ("I am selling Halden Energy", "negative", None),
        ("I'll never sell Halden Energy", "unclear", None),
        ("Halden Energy is overvalued", "negative", "How do you see"),
        ("Halden Energy is overvalued", "positive", "How do you see"),
    ],
)
def test_an_intention_is_only_taken_up_where_the_news_speaks_against_it(
    text: str, direction: str, asked: str | None
) -> None:
    case = brief(Note(text=text, at=date(2026, 1, 9)), alert={"direction": direction})
    view = own_view(case)
    assert (view is None) == (asked is None)
    if view is not None:
        question = question_on(view, case)
        assert question.startswith(f"You told me in January: “{text}.” {asked}")
        assert question.count("?") == 1


def test_on_unconfirmed_news_the_question_is_what_it_would_mean() -> None:
    case = brief(Note(text="I'll never sell Halden Energy"), alert={"verdict": "warn"})
    view = own_view(case)
    assert view is not None
    assert question_on(view, case).endswith("if this is confirmed?")


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        (None, "You once told me: "),
        (date(2026, 3, 2), "You told me on 2 March: "),
        (date(2026, 1, 20), "You told me in January: "),
        (date(2025, 3, 2), "You told me in March 2025: "),
    ],
)
def test_a_message_says_when_the_client_said_it(at: date | None, opening: str) -> None:
    done = compose(brief(Note(text="Halden Energy is overvalued", at=at)), SHIPPED, send_after=NOW)
    assert isinstance(done, Composed)
    assert f"{opening}“Halden Energy is overvalued.”" in done.draft.body


@pytest.mark.parametrize(
    "text",
    [
        "Trusts Halden Energy",
        "She likes Halden Energy",
        "Her son will never sell Halden Energy",
        "Claire is attached to Halden Energy",
        "Loyal to Halden Energy because of her father",
        "We move to Halden Energy this year",
        "I want to own Halden Energy until 2024",
        "I am selling Halden Energy",
        "Why should I ever sell Halden Energy?",
        "Happy with Halden Energy",
        "My wife wants to sell Halden Energy",
        "Let's not talk about Halden Energy",
        "I hate Halden Energy",
        "I promised my late husband to keep Halden Energy",
        "I was told, off the record, about Halden Energy",
        "Halden makes me nervous",  # the name in the book is another
    ],
)
def test_what_the_client_has_not_plainly_said_is_not_quoted(text: str) -> None:
    assert own_view(brief(Note(text=text))) is None


@pytest.mark.parametrize(
    ("text", "told", "intention"),
    [
        ("Will never sell Halden Energy", "will never sell Halden Energy", "keep"),
        ("Has said that she would never sell Halden Energy", "would never sell Halden Energy", "keep"),
        ("Ms Arnaud plans to buy more Halden Energy", "plan to buy more Halden Energy", "buy"),
        ("Wants to move her money to Halden Energy", "want to move your money to Halden Energy", "move_to"),
        ("Wants to sell Halden Energy if it falls", None, None),
        ("Wants to please her brother by keeping Halden Energy", None, None),
        ("Wants to know more about Halden Energy", None, None),
    ],
)
def test_what_the_account_manager_noted_of_an_intention_is_told_and_not_quoted(
    text: str, told: str | None, intention: str | None
) -> None:
    case = brief(Note(text=text, at=date(2026, 1, 5)), alert={"direction": "negative"})
    view = own_view(case)
    assert (view and view.text, view and view.intention) == (told, intention)
    if view is not None:
        assert question_on(view, case).startswith(f"You told me in January that you {told}. Have you considered ")
        done = compose(case, SHIPPED, send_after=NOW)
        assert isinstance(done, Composed)
        assert f"that you {told}. Have you considered" in done.draft.body


def test_the_latest_intention_comes_before_other_words() -> None:
    sold = Note(text="I am selling Halden Energy", at=date(2025, 6, 1))
    kept = Note(text="I'll never sell Halden Energy", at=date(2026, 1, 1))
    said = Note(text="Halden Energy worries me", at=date(2026, 2, 1))
    view = own_view(brief(said, sold, kept))
    assert view is not None
    assert (view.text, view.intention) == (kept.text, "keep")
    old = own_view(brief(Note(text="I'll never sell Halden Energy", at=date(2020, 1, 1))))
    assert old is not None
    assert old.intention is None
    assert own_view(brief(Note(text="I plan to buy more Halden Energy", at=date(2020, 1, 1)))) is None


@pytest.mark.parametrize(
    ("book", "sentence"),
    [
        ({"end_vision": "To live from her portfolio without touching the capital"},
         "Your long-term aim is to live from your portfolio without touching the capital. "
         "What Halden Energy pays out is part of that."),
        ({"history": (Note(text="I want to retire in 2029", at=date(2025, 3, 2)),)},
         "You told me in March 2025 that you want to retire in 2029. What Halden Energy pays out counts toward that."),
        ({"end_vision": "Living off her dividends"}, "Your long-term aim is to live off your dividends. "),
        ({"history": (Note(text="Wants to retire in 2029"),)}, "You once told me that you want to retire in 2029."),
        ({"history": (Note(text="We'd like to live off our dividends"),)},
         "You once told me that you would like to live off your dividends."),
    ],
)  # fmt: skip
def test_an_aim_that_the_event_touches_is_told_in_the_clients_own_words(book: dict[str, Any], sentence: str) -> None:
    case = brief(**book)
    assert (touched_aim(case) or "").startswith(sentence)
    done = compose(case, SHIPPED, send_after=NOW)
    assert isinstance(done, Composed)
    assert sentence in done.draft.body
    assert count_words(done.draft.body) <= 150


@pytest.mark.parametrize(
    "book",
    [
        {"end_vision": "Dividends for the children"},
        {"end_vision": "A school of her own"},
        {"end_vision": "To live from the portfolio until 2024"},
        {"history": (Note(text="I don't want to retire"),)},
        {"history": (Note(text="I want to retire if my wife does"),)},
        {"history": (Note(text="Her husband wants to retire in 2029"),)},
        {"history": (Note(text="Wants to retire with his brother"),)},
        {"history": (Note(text="I want my son to retire on his own terms"),)},
        {"history": (Note(text="I want to retire in 2020"),)},
        {"history": (Note(text="I want to retire next year"),)},
        {"history": (Note(text="I want to retire in 2029", at=date(2020, 1, 1)),)},
        {"history": (Note(text="Retired early"),)},
        {"end_vision": "To live from the portfolio", "alert": {"kind": "leadership_change"}},
    ],
)
def test_no_aim_is_told_where_none_is_plainly_touched(book: dict[str, Any]) -> None:
    assert touched_aim(brief(**book)) is None


@pytest.mark.parametrize(
    ("trade", "kind", "watch", "aim", "sentence"),
    [
        ("it", "outage", a_watch("product", "Quillon Cloud"), "keep our shops running", "How much of that depends on"),
        ("it", "end_of_life", a_watch("product", "Quillon Cloud"), "migrate to the cloud by 2028", "What becomes of"),
        ("agency", "product_launch", a_watch("competitor", "Yodel"), "launch a bar in 2027", "What Yodel does"),
        ("legal", "data_breach", a_watch("supplier", "Osprey"), "pass the audit in 2027", "An auditor may ask"),
        ("legal", "takeover", a_watch("competitor", "Dromer"), "sell our company in 2028", "A deal of Dromer shows"),
    ],
)
def test_aims_of_every_trade_are_touched(trade: Any, kind: str, watch: Any, aim: str, sentence: str) -> None:
    assets = (watch,) if watch.is_asset else ()
    client = a_client(
        trade, assets=assets, interests=() if assets else (watch,), history=(Note(text=f"We want to {aim}"),)
    )
    case = Brief(an_alert(client, kind=kind, watch=watch), client, a_firm(), a_manager(), NOW)
    told = touched_aim(case)
    assert told is not None
    assert told.startswith(f"You once told me that you want to {aim.replace('our', 'your')}. {sentence}")


def test_an_upset_client_is_asked_gently_and_not_reminded() -> None:
    note = Note(text="I'll never sell Halden Energy")
    done = compose(brief(note, mood="upset", end_vision="To live from the portfolio"), SHIPPED, send_after=NOW)
    assert isinstance(done, Composed)
    assert "never sell" not in done.draft.body
    assert "long-term aim" not in done.draft.body


def test_a_desire_is_not_an_aim_of_the_message() -> None:
    assert touched_aim(brief(desires=(Desire(name="income", words="I want to live off dividends"),))) is None


def test_a_patients_intention_is_left_to_a_talk_also_in_a_trade_like_healthcare() -> None:
    def seen(trade: str, *notes: str) -> str | None:
        person = a_client(trade, views=tuple(Note(text=text) for text in notes))
        like = {"dentists": TradeDefinition(trade="dentists", like="healthcare")}
        case = Brief(
            an_alert(person, direction="negative"), person, a_firm(), a_manager(), NOW, trades=Trades(like)
        )  # fmt: skip
        view = own_view(case)
        return None if view is None else view.text

    keeps, worries = "I will keep Halden Energy", "Halden Energy worries me"
    assert seen("wealth", worries, keeps) == keeps
    for trade in ("healthcare", "dentists"):
        assert seen(trade, keeps) is None
        assert seen(trade, keeps, worries) == worries
