from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select, update

from schemas.base import event
from schemas.clients import ClientChanged, ClientRemoved
from services.common.db import reading
from services.notifier import tables
from services.notifier.desk.auth import Viewer
from services.notifier.scope import EVERYTHING, OwnClients, Scope
from services.notifier.search import index
from services.notifier.search.queries import Results, search
from services.notifier.search.tables import search_bodies, search_entries, search_words
from services.notifier.tables import audit_log
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import World


@pytest.fixture
def world(database: Engine) -> World:
    return World.on(database)


def found(world: World, text: str, scope: Scope = EVERYTHING) -> Results:
    with reading(world.engine) as connection:
        return search(connection, scope, text)


def test_who_holds_a_name(world: World) -> None:
    (holding,) = found(world, "who holds Halden?").holdings
    assert holding.title == "Halden Energy"
    holders = {client.id for client in clients() if any(watch.name == "Halden Energy" for watch in client.watches)}
    assert {person.client_id for person in holding.people} == holders
    assert holding.count == len(holders)
    assert found(world, "HLDN").holdings == [holding], "by its ticker"
    assert [person.client_id for person in found(world, "halden arnaud").holdings[0].people] == ["claire-arnaud"]


@pytest.mark.parametrize("text", ["arnaud claire", "CLAIRE", "arn cla", "Árnaud", "family arnaud"])
def test_a_client_is_found_by_the_beginnings_of_words_in_any_order(world: World, text: str) -> None:
    assert [client.link for client in found(world, text).clients] == ["claire-arnaud"]


def test_umlauts_are_found_in_each_spelling(world: World) -> None:
    for text in ("wolfenbüttel", "Wolfenbuttel", "wolfenbuettel"):
        assert [client.link for client in found(world, text).clients] == ["wolfe"], text


def test_drafts_and_stories_are_found_by_their_subject_and_a_draft_by_its_client_too(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    results = found(world, "takeover corvane arnaud")
    assert [draft.link for draft in results.drafts] == [line.id]
    assert results.drafts[0].state == "open"
    assert [person.client_id for story in results.stories for person in story.people] == ["claire-arnaud"]
    (story,) = found(world, "corvane takeover").stories
    assert story.count == len(story.people) > 1
    assert found(world, "arnaud").holdings == [], "nobody holds a client"
    assert found(world, "arnaud").stories == [], "the client's name alone is no word of a story"


def test_an_edited_subject_is_found_when_the_edit_is_applied(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("edit", line.id, line.version, "Zanzibar calls", line.body)
    world.apply(world.publisher.events)
    assert [draft.link for draft in found(world, "zanz").drafts] == [line.id]


def test_a_message_is_found_by_its_text_after_those_with_the_words_in_their_subject(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    text = "Dear Claire,\n\nThe café in Besançon is closed. We hold on.\n\nMara"
    world.desk("edit", line.id, line.version, line.subject, text)
    world.apply(world.publisher.events)
    (draft,) = found(world, "besancon cafe").drafts
    assert (draft.link, draft.excerpt) == (line.id, "The café in Besançon is closed.")
    assert [other.link for other in found(world, "BESANÇ corvane").drafts] == [line.id], "one word here, one there"
    assert found(world, "esançon").drafts == [], "the beginning of a word is needed"
    assert found(world, "besancon", OwnClients("june")).is_empty
    other = next(draft for draft in found(world, "halden").drafts if draft.link != line.id)
    assert other.excerpt is None
    world.desk("edit", line.id, world.line(line.id).version, line.subject, "Dear Claire,\n\nAbout Halden Energy.")
    world.apply(world.publisher.events)
    assert found(world, "besancon").is_empty, "the former text is no longer found"
    assert [draft.excerpt is not None for draft in found(world, "halden").drafts][-1], "its subject comes first"
    with world.engine.begin() as connection:
        remaining = connection.execute(select(search_bodies.c.entry_id)).scalars().all()
    assert len(remaining) == len(set(remaining)) > 1


def test_nobody_finds_what_is_not_theirs(world: World) -> None:
    assert found(world, "arnaud", OwnClients("june")).is_empty
    (halden,) = found(world, "halden").holdings
    seen = {person.client_id for name in found(world, "halden", OwnClients("mara")).holdings for person in name.people}
    own = {client.id for client in clients() if client.manager_id == "mara"}
    assert seen == {person.client_id for person in halden.people} & own


def test_a_client_who_was_removed_is_not_found_and_a_changed_one_by_the_new_name(world: World) -> None:
    claire = clients()[0].model_copy(update={"name": "Claire Dupré", "assets": ()})
    changed = ClientChanged(client=claire, firm=FIRM, manager=MANAGERS["mara"], revision=7)
    world.apply([event(changed, key=claire.id, id="evt_renamed", source="test", time=NOW)])
    assert [client.title for client in found(world, "dupre").clients] == ["Claire Dupré"]
    assert found(world, "claire arnaud").clients != [], "the organization still has that name"
    assert "claire-arnaud" not in {p.client_id for name in found(world, "halden").holdings for p in name.people}
    removed = ClientRemoved(client_id=claire.id, revision=8)
    world.apply([event(removed, key=claire.id, id="evt_removed", source="test", time=NOW)])
    assert found(world, "dupre").is_empty


def test_the_index_can_be_made_again_from_the_tables(world: World) -> None:
    texts = ("halden", "arnaud", "takeover", "regards")
    before = [found(world, text) for text in texts]
    with world.engine.begin() as connection:
        words = connection.execute(select(search_words).order_by(*search_words.c)).all()
        connection.execute(delete(search_words))
        connection.execute(delete(search_bodies))
        connection.execute(update(tables.clients).values(search="as an older version folded it"))
        connection.execute(delete(search_entries))
        assert index.is_empty(connection)
        index.rebuild(connection)
        assert connection.execute(select(search_words).order_by(*search_words.c)).all() == words
        names = connection.execute(select(tables.clients.c.search).where(tables.clients.c.id == "wolfe")).scalar_one()
    assert "wolfenbuettel" in names
    assert [found(world, text) for text in texts] == before


def test_the_page_says_what_each_result_is(tmp_path: Path) -> None:
    world = World.make(tmp_path)
    browser = world.browser()
    text = browser.get("/search", params={"q": "halden"}).text
    for said in ("Who holds or follows it", "Drafts and messages", "Stories", 'value="halden"'):
        assert said in text
    assert "Nothing found." in browser.get("/search", params={"q": "xyzzy"}).text
    assert "What are you looking for?" in browser.get("/search").text
    viewer = Viewer("manager-june", "June", "manager", "june", "UTC")
    assert "Claire Arnaud" not in world.browser(viewer.user_id).get("/search", params={"q": "arnaud"}).text


def test_the_audit_log_says_who_was_found_but_keeps_no_name(tmp_path: Path) -> None:
    world = World.make(tmp_path)
    world.browser().get("/search", params={"q": "Claire Arnaud"})
    with reading(world.engine) as connection:
        entries = connection.execute(select(audit_log).where(audit_log.c.action == "search")).all()
    assert [(entry.subject, entry.detail) for entry in entries] == [("search", "clients: claire-arnaud")]
