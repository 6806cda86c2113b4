"""Conversations, feedback, answers, and the note that confirms a conversation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from firstword.book_events import diff_book
from schemas.base import content_id, event
from schemas.clients import Book, ClientChanged, ComplianceNote, Desire, TopicScope, Watch
from schemas.drafts import ContactDecided, DraftCreated
from schemas.interactions import ClientTuned, EntityShift, FeedbackGiven, InteractionLogged
from schemas.topics import encode
from services.common.db import reading
from services.common.errors import BadInput
from services.notifier.contact.discovery import questions_for, unanswered, with_answers
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.outreach.confirmation import confirmation_draft
from services.notifier.tables import audit_log
from services.notifier.trades.catalog import Trades
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import World
from tests.unit.services.notifier.samples import a_client, a_firm, a_manager

JUNE = Viewer("june", "June", "manager", "june", "America/New_York")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.engine.dispose()


def token_of(browser: TestClient, path: str) -> str:
    page = browser.get(path).text
    return str(page.split('name="form_token" value="')[1].split('"')[0])


def test_a_conversation_is_recorded_and_confirmed_in_the_managers_words(world: World) -> None:
    draft_id = world.desk(
        "log_contact", "claire-arnaud", at=NOW - timedelta(hours=2), channel="phone", minutes=12,
        summary="She keeps Halden until the summer.\r\nWe speak again in May.", opinion="Patience pays", confirm=True,
    )  # fmt: skip
    logged, created = (published.data for published in world.publisher.events)
    assert isinstance(logged, InteractionLogged)
    assert (logged.channel, logged.minutes, logged.opinion) == ("phone", 12, "Patience pays")
    assert isinstance(created, DraftCreated)
    draft = created.draft
    assert draft.id == draft_id
    assert draft.purpose == "confirmation"
    assert draft.subject == "Our call on 5 March"
    assert "She keeps Halden until the summer.\nWe speak again in May." in draft.body
    assert draft.body.count("?") == 1
    world.apply(world.publisher.events)
    browser = world.browser()
    assert "not based on news" in browser.get(f"/drafts/{draft_id}").text
    assert "Their view: Patience pays" in browser.get("/clients/claire-arnaud").text
    world.desk("approve", draft_id, 0)
    world.desk("take_back", draft_id, 1)
    world.desk("edit", draft_id, 2, draft.subject, f"{draft.body} Indeed")


def test_a_confirmation_is_proofread_and_has_the_compliance_note() -> None:
    swiss = ComplianceNote(text="This is not advice within the meaning of Swiss law.", jurisdiction="CH")
    client = a_client(jurisdiction="CH")
    book = ClientChanged(client=client, firm=a_firm(compliance=(swiss,)), manager=a_manager())
    contact = InteractionLogged(
        interaction_id="int_1", client_id=client.id, manager_id="mara", at=NOW, channel="phone",
        summary="She have decided to wait until the figures are known.",
    )  # fmt: skip
    draft = confirmation_draft(book, contact, NOW, Trades.shipped())
    assert draft.body.endswith(swiss.text)
    assert [(found.rule, found.text) for found in draft.findings] == [("grammar", "She have")]


def test_invalid_entries_are_refused_with_a_reason(world: World) -> None:
    with pytest.raises(BadInput, match="summary is empty"):
        world.desk("log_contact", "claire-arnaud", at=NOW, channel="phone", minutes=None, summary=" ")
    with pytest.raises(BadInput, match="in the future"):
        world.desk("log_contact", "claire-arnaud", at=NOW + timedelta(hours=1), channel="phone", minutes=1, summary="x")
    with pytest.raises(NotFound):
        world.desk("log_contact", "claire-arnaud", at=NOW, channel="phone", minutes=1, summary="x", viewer=JUNE)
    with pytest.raises(Conflict, match="once it is sent"):
        world.desk("give_feedback", world.draft("claire-arnaud").id, "useful")


def test_feedback_on_a_sent_message_is_published_and_shown(world: World) -> None:
    line = world.draft("claire-arnaud")
    world.desk("mark_sent", line.id, line.version)
    world.desk("give_feedback", line.id, "too_many", "Three in a day")
    given = world.publisher.events[-1].data
    assert isinstance(given, FeedbackGiven)
    assert given.entity_id == line.draft.alert_id or line.alert is not None
    tuned = ClientTuned(
        client_id="claire-arnaud", shift=0.03, entities=(EntityShift(entity_id="halden-energy", shift=0.05),),
        why=("1 message was one too many: raises the threshold.",), revision=1,
    )  # fmt: skip
    world.apply(world.publisher.events)
    world.apply([event(tuned, key="claire-arnaud", id="evt_t", source="test", time=NOW)])
    browser = world.browser()
    assert 'value="too_many" required checked' in browser.get(f"/drafts/{line.id}").text
    page = browser.get("/clients/claire-arnaud").text
    assert "adjusted by <b>+0.03</b>" in page
    assert "1 message was one too many" in page
    assert "Halden Energy: +0.05" in page


def test_answers_become_notes_that_an_import_keeps(world: World) -> None:
    assert world.desk("record_answers", "claire-arnaud", {"fall": "I would wait, and call you.", "nonsense": "x"}) == 1
    changed = world.publisher.events[-1]
    assert isinstance(changed.data, ClientChanged)
    assert changed.data.revision == 2
    note = changed.data.client.views[-1]
    assert (note.text, note.at, note.source) == ("I would wait, and call you.", date(2026, 3, 5), "desk")
    assert note.text in world.browser().get("/clients/claire-arnaud").text, "it shows at once"
    assert world.desk("record_answers", "claire-arnaud", {"fall": "I would wait, and call you."}) == 0
    book = Book(firm=FIRM, managers=tuple(MANAGERS.values()), clients=clients()[:1])
    assert diff_book(book, {"claire-arnaud": changed}, NOW).unchanged == ("claire-arnaud",)


def test_risk_and_goal_are_recorded_where_the_book_leaves_them_out(world: World) -> None:
    claire = clients()[0].model_copy(update={"risk": None, "desires": ()})
    unknown = ClientChanged(client=claire, firm=FIRM, manager=MANAGERS["mara"], revision=5)
    world.apply([event(unknown, key=claire.id, id="evt_unknown", source="test", time=NOW)])
    assert b'"risk"' not in encode(event(unknown, key=claire.id, id="evt_unknown", source="test", time=NOW))
    page = world.browser().get("/clients/claire-arnaud").text
    assert "Risk tolerance: not known" in page
    assert world.desk("record_traits", claire.id, risk="", goal=" ") == 0
    with pytest.raises(BadInput, match="no risk tolerance"):
        world.desk("record_traits", claire.id, risk="tiny")
    assert world.desk("record_traits", claire.id, risk="limited", goal="income", words="a quiet income") == 2
    changed = world.publisher.events[-1]
    assert isinstance(changed.data, ClientChanged)
    recorded = changed.data.client
    assert (recorded.risk, recorded.desires) == ("limited", (Desire(name="income", words="a quiet income"),))
    book = Book(firm=FIRM, managers=tuple(MANAGERS.values()), clients=(claire,))
    assert diff_book(book, {claire.id: changed}, NOW).unchanged == (claire.id,), "an import keeps it"
    stated = book.model_copy(update={"clients": (claire.model_copy(update={"risk": "high"}),)})
    imported = diff_book(stated, {claire.id: changed}, NOW).events[0].data
    assert isinstance(imported, ClientChanged)
    assert (imported.client.risk, imported.client.set_at_desk) == ("high", ("desires",)), "what the book states counts"
    world.apply([changed])
    assert world.desk("record_traits", claire.id, risk="limited") == 0
    assert world.desk("record_traits", claire.id, risk="moderate") == 1


def test_what_the_book_states_is_not_changed_at_the_desk(world: World) -> None:
    with pytest.raises(BadInput, match="client book states this"):
        world.desk("record_traits", "claire-arnaud", risk="high")


def test_the_mood_is_set_at_the_desk_and_outlives_an_import(world: World) -> None:
    world.desk("decide_mood", "claire-arnaud", "upset")
    changed = world.publisher.events[-1]
    assert isinstance(changed.data, ClientChanged)
    assert (changed.data.client.mood, changed.data.client.mood_decided_at) == ("upset", NOW)
    book = Book(firm=FIRM, managers=tuple(MANAGERS.values()), clients=clients()[:1])
    assert diff_book(book, {"claire-arnaud": changed}, NOW).unchanged == ("claire-arnaud",)
    world.apply([changed])
    page = world.browser().get("/clients/claire-arnaud").text
    assert "No longer upset" in page
    with reading(world.engine) as connection:
        assert (
            connection.execute(select(audit_log.c.detail).where(audit_log.c.action == "client.mood")).scalar()
            == "upset"
        )
    world.desk("decide_mood", "claire-arnaud", "calm")
    calm = world.publisher.events[-1]
    upset_in_book = book.model_copy(update={"clients": (clients()[0].model_copy(update={"mood": "upset"}),)})
    assert diff_book(upset_in_book, {"claire-arnaud": calm}, NOW).unchanged == ("claire-arnaud",)


def test_a_conversation_suggests_that_a_client_is_upset_and_a_person_decides(world: World) -> None:
    said = "She isn't happy with the last report."
    world.desk(
        "log_contact", "claire-arnaud", at=NOW - timedelta(hours=2), channel="phone", minutes=5, summary=f"Hm. {said}"
    )
    world.apply(world.publisher.events)
    browser = world.browser()
    draft = world.draft("claire-arnaud")
    for path in ("/clients/claire-arnaud", f"/drafts/{draft.id}"):
        page = browser.get(path).text
        assert "upset?</h2>" in page
        assert "She isn&#39;t happy with the last report." in page
    token = token_of(browser, "/clients/claire-arnaud")
    form = {"form_token": token, "mood": "upset", "draft": draft.id}
    answered = browser.post("/clients/claire-arnaud/mood", data=form)
    assert answered.headers["location"] == f"/drafts/{draft.id}?note=mood"
    assert browser.post("/clients/claire-arnaud/mood", data={**form, "draft": "//else"}).status_code in (400, 422)
    world.apply(world.publisher.events[-1:])
    assert "upset?</h2>" not in browser.get("/clients/claire-arnaud").text
    assert "is marked as upset" in browser.get(f"/drafts/{draft.id}").text
    browser.post("/clients/claire-arnaud/mood", data={"form_token": token, "mood": "calm"})
    world.apply(world.publisher.events[-1:])
    assert "upset?</h2>" not in browser.get("/clients/claire-arnaud").text, "decided since"


def test_the_forms_of_the_pages_work(world: World) -> None:
    browser = world.browser()
    token = token_of(browser, "/clients/claire-arnaud")
    form = {"form_token": token, "at": "2026-03-05T08:00", "channel": "meeting", "minutes": "30", "summary": "Tea."}
    said = browser.post("/clients/claire-arnaud/contacts", data=form)
    assert said.headers["location"] == "/clients/claire-arnaud?note=contact"
    logged = world.publisher.events[-1].data
    assert isinstance(logged, InteractionLogged)
    assert logged.at == NOW - timedelta(hours=1, minutes=20), "in the viewer's zone, Stockholm"
    assert browser.post("/clients/claire-arnaud/contacts", data={**form, "at": "soon"}).status_code == 400
    page = browser.get("/clients/claire-arnaud/discovery").text
    assert "Suppose the portfolio fell by a fifth" in page
    said = browser.post("/clients/claire-arnaud/discovery", data={"form_token": token, "heirs": "My niece."})
    assert said.headers["location"].endswith("note=answers")


def test_the_page_shows_the_scope_of_what_a_client_follows(world: World) -> None:
    scopes = (TopicScope(regions=("Germany",), parties=("SAP",)), TopicScope(), None)
    interests = tuple(
        Watch(entity_id=f"t{n}", name=f"Topic {n}", kind="topic", scope=scope) for n, scope in enumerate(scopes)
    )
    claire = clients()[0].model_copy(update={"interests": interests})
    changed = ClientChanged(client=claire, firm=FIRM, manager=MANAGERS["mara"], revision=5)
    world.apply([event(changed, key=claire.id, id="evt_scopes", source="test", time=NOW)])
    page = world.browser().get("/clients/claire-arnaud").text
    assert "topic, scope: Germany, SAP<" in page
    assert "topic, scope: all<" in page
    assert "topic, no scope: major news only<" in page


def test_decisions_of_the_contact_policy_are_listed(world: World) -> None:
    decided = ContactDecided(
        client_id="claire-arnaud",
        what="nothing_to_say",
        reason="nothing_found",
        detail="There is no news worth sending.",
    )
    world.apply([event(decided, key="claire-arnaud", id=content_id("evt", "d"), source="test", time=NOW)])
    page = world.browser().get("/decisions").text
    assert "Contact due" in page
    assert "There is no news worth sending." in page


@pytest.mark.parametrize("name", Trades.shipped().names)
def test_each_trade_has_questions(name: str) -> None:
    client = clients()[0].model_copy(update={"trade": name})
    trade = Trades.shipped().of(name)
    questions = questions_for(trade)
    assert len(questions) >= 10
    assert len({question.id for question in questions}) == len(questions)
    assert all(question.ask.endswith("?") and question.why.endswith(".") for question in questions)
    known = with_answers(client, trade, {questions[0].id: " An \n answer "}, date(2026, 3, 5))
    assert len(unanswered(known, trade)) == len(questions) - 1


def test_an_interview_fills_the_profile(world: World) -> None:
    browser = world.browser()
    path = "/clients/wolfe/discovery"
    page = browser.get(path).text
    assert 'name="desires.0.name"' in page
    assert "not known: ask" in page
    form = {
        "form_token": token_of(browser, path), "version": "0", "success": "To sleep at night.", "risk": "limited",
        "desires.0.name": "growth", "desires.0.words": "slow and steady", "contact.quiet": "late",
        "contact.max_per_week": "3", "id": "other",
    }  # fmt: skip
    wrong = browser.post(path, data=form)
    assert wrong.status_code == 422
    assert "&#39;late&#39; is not a range of hours" in wrong.text
    assert "To sleep at night." in wrong.text, "nothing typed is lost"
    version = page.split('name="version" value="')[1].split('"')[0]
    late = browser.post(path, data={**form, "version": "0", "contact.quiet": "none"})
    assert (late.status_code, "To sleep at night." in late.text) == (409, True)
    saved = browser.post(path, data={**form, "version": version, "contact.quiet": "none"})
    assert saved.headers["location"] == f"{path}?note=answers"
    client = world.publisher.events[-1].data
    assert isinstance(client, ClientChanged)
    wolfe = client.client
    assert (wolfe.id, wolfe.risk, wolfe.contact.quiet_from) == ("wolfe", "limited", None)
    assert wolfe.desires == (Desire(name="growth", words="slow and steady"),)
    assert (wolfe.history[-1].text, wolfe.history[-1].source) == ("To sleep at night.", "desk")
    assert wolfe.desk_fields == ("desires", "risk", "contact.quiet")
