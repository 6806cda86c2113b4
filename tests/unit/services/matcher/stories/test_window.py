"""New, copy, same, update: within the stories of one entity and over all items, in whatever order items come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson
from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item
from schemas.mentions import Signature
from services.matcher.stories.window import (
    EMPTY_WINDOW,
    StoryIndex,
    StoryWindow,
    assign,
    dump_window,
    load_window,
    signature,
)

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
#: Hours after the start, and the title.
Told = tuple[float, str]


def told(rows: Sequence[Told]) -> tuple[StoryWindow, list[tuple[str, str]]]:
    window = EMPTY_WINDOW
    found: list[tuple[str, str]] = []
    for number, (hours, title) in enumerate(rows):
        item = Item(id=str(number), title=title)
        window, record = assign(window, item.id, signature(item), START + timedelta(hours=hours), title=title)
        found.append((record.story_id, record.relation))
    return window, found


def test_one_entity_several_stories() -> None:
    _, found = told(
        [
            (0, "Norwick Foods cuts dividend by 20%"),
            (1, "Norwick Foods slashes dividend 20% as profit falls"),
            (1, "Norwick Foods cuts dividend by 20%"),
            (2, "Norwick Foods hit by data breach"),
            (4, "Norwick Foods denies dividend cut"),
            (5, "Norwick Foods confirms dividend cut of 25%"),
            (6, "Norwick data breach exposes 40,000 customers"),
            (7, "Norwick Foods cuts 300 jobs"),
        ]
    )
    assert found == [
        ("0", "new"),
        ("0", "same"),
        ("0", "copy"),
        ("3", "new"),
        ("0", "update"),
        ("0", "update"),
        ("3", "update"),
        ("7", "new"),
    ]


def test_a_denial_in_other_words_joins_by_both_names() -> None:
    _, found = told([(0, "Talbeck in talks to buy Orvane, sources say"), (5, "Talbeck denies Orvane takeover talks")])
    assert found[1] == ("0", "update")


def test_after_the_window_it_is_another_story() -> None:
    title = "Norwick Foods cuts dividend by 20%"
    window, found = told([(0, title), (71, title), (71 + 73, title)])
    assert [story for story, _ in found] == ["0", "0", "2"]
    assert len(window.stories) == 1


def test_a_late_item_joins_the_story_of_its_time() -> None:
    title = "Norwick Foods cuts dividend by 20%"
    _, found = told([(48, title), (0, title), (200, "Norwick Foods opens plant"), (10, title)])
    assert found[1] == ("0", "copy")
    assert found[3] == ("3", "new")  # its story has left the window: told once is enough


def test_a_revision_stays_in_its_story() -> None:
    first = Item(id="a", title="Norwick Foods cuts dividend by 20%")
    window, _ = assign(EMPTY_WINDOW, "a", signature(first), START, title=first.title)
    same = Item(id="a", title="Norwick Foods trims dividend by 20%")
    window, record = assign(window, "a", signature(same), START, title=same.title, revised=True)
    assert (record.story_id, record.relation) == ("a", "same")
    changed = Item(id="a", title="Norwick Foods cuts dividend by 30%")
    window, record = assign(window, "a", signature(changed), START, title=changed.title, revised=True)
    assert (record.story_id, record.relation) == ("a", "update")
    assert window.stories[0].count == 1


def test_the_given_window_is_left_as_it_was() -> None:
    window, _ = told([(0, "Norwick Foods cuts dividend by 20%")])
    before = dump_window(window)
    assign(window, "x", Signature(words=("norwick", "dividend", "cut")), START, title="")
    assert dump_window(window) == before


PARTS = ["Norwick", "cuts", "dividend", "plant", "20%", "Lodz", "denies", "deal", "$3bn", "opens"]
TITLES = st.lists(
    st.tuples(
        st.floats(0, 200),
        st.lists(st.sampled_from(PARTS), max_size=7),
    ),
    max_size=14,
)


@given(TITLES)
def test_windows_survive_the_wire_and_ids_are_of_first_items(rows: list[tuple[float, list[str]]]) -> None:
    window, found = told([(hours, " ".join(parts)) for hours, parts in rows])
    assert load_window(orjson.loads(orjson.dumps(dump_window(window)))) == window
    begun = {story for story, relation in found if relation == "new"}
    assert begun == {str(n) for n, (_, relation) in enumerate(found) if relation == "new"}
    assert all(story in begun for story, _ in found)


@given(TITLES)
def test_the_index_gives_every_item_a_story(rows: list[tuple[float, list[str]]]) -> None:
    index, begun = StoryIndex(), set()
    for number, (hours, parts) in enumerate(rows):
        record = index.add(Item(id=str(number), title=" ".join(parts)), START + timedelta(hours=hours))
        if record.relation == "new":
            begun.add(record.item_id)
        assert record.story_id in begun


def test_the_index_forgets_what_left_the_window() -> None:
    index = StoryIndex()
    for day in range(60):
        for number in range(5):
            item = Item(id=f"{day}-{number}", title=f"Town{day}x{number} council votes on bridge{day}y{number}")
            index.add(item, START + timedelta(days=day))
    assert len(index) <= 4 * 5
    assert len(index._by_term) < 200


def test_signatures_are_small() -> None:
    item = Item(id="a", title="Norwick Foods cuts " + "word " * 99, body=" ".join(f"w{n}" for n in range(9_999)))
    found = signature(item)
    assert len(found.shingles) <= 64
    assert len(found.words) <= 30
    assert len(found.lead) <= 20
    assert found == signature(item)


def test_figures_that_say_something() -> None:
    found = signature(
        Item(id="a", title="Norwick pays $3 bn, up 20 per cent, by 5 May 2026; 300 jobs go", summary="€3bn")
    )
    assert found.numbers == ("3e+09", "20%", "300")
