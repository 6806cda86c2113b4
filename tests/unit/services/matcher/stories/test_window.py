"""Items are assigned to stories by text, for one entity and over all items, in whatever order they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import event
from schemas.clients import Client, ClientChanged, Firm, Manager, Watch
from schemas.items import Item, ItemIngested
from schemas.mentions import ItemAnnotated, StoryRecord
from services.matcher.annotate import Annotate
from services.matcher.stories import window as window_module
from services.matcher.stories.all_items_index import AllItemsIndex
from services.matcher.stories.pairwise import Report, report_of, text_report
from services.matcher.stories.serialization import dump_window, load_window
from services.matcher.stories.signature import compute_signature
from services.matcher.stories.window import EMPTY_WINDOW, StoryWindow, United, assign_report

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
#: Hours after the start, and the title.
Row = tuple[float, str]


NAME = "Norwick Foods"
WATCH = Watch(entity_id="norwick", name=NAME, kind="holding", aliases=("Norwick",))


@cache
def annotate() -> Annotate:
    processor = Annotate()
    client = Client(id="c", name="C", manager_id="m", trade="wealth", assets=(WATCH,))
    book = ClientChanged(client=client, firm=Firm(name="F"), manager=Manager(id="m", name="M"))
    processor.update_reference(event(book, key="c", id="evt_c", source="test", time=START))
    return processor


def assign(
    window: StoryWindow, item: Item, at: datetime = START, *, revised: bool = False
) -> tuple[StoryWindow, StoryRecord]:
    """Assign an item as the product reads it for a client who holds Norwick Foods, or by its text alone."""
    dated = item.model_copy(update={"published_at": at, "language": "en"})
    ingested = event(ItemIngested(item=dated), key=item.id, id=f"evt_{item.id}", source="test", time=at)
    found = [annotation.data for annotation in annotate().process(None, ingested, at)[1]]
    if found and isinstance(found[0], ItemAnnotated):
        signature, report = found[0].signature, report_of(found[0])
    else:
        signature = compute_signature(item)
        report = text_report(item.id, signature, at)
    return assign_report(window, report, signature, title=item.title, revised=revised)[:2]


def assign_all(rows: Sequence[Row]) -> tuple[StoryWindow, list[tuple[str, str]]]:
    window = EMPTY_WINDOW
    assigned: list[tuple[str, str]] = []
    for number, (hours, title) in enumerate(rows):
        window, record = assign(window, Item(id=str(number), title=title), START + timedelta(hours=hours))
        assigned.append((record.story_id, record.relation))
    return window, assigned


def test_items_about_one_entity_form_several_stories() -> None:
    _, assigned = assign_all(
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
    assert assigned == [
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
    _, assigned = assign_all(
        [(0, "Talbeck in talks to buy Orvane, sources say"), (5, "Talbeck denies Orvane takeover talks")]
    )
    assert assigned[1] == ("0", "update")


def test_an_item_after_the_window_starts_another_story() -> None:
    title = "Norwick Foods cuts dividend by 20%"
    window, assigned = assign_all([(0, title), (71, title), (71 + 73, title)])
    assert [story for story, _ in assigned] == ["0", "0", "2"]
    assert len(window.stories) == 1


def test_a_late_item_joins_the_story_of_its_time() -> None:
    title = "Norwick Foods cuts dividend by 20%"
    _, assigned = assign_all([(48, title), (0, title), (200, "Norwick Foods opens plant"), (10, title)])
    assert assigned[1] == ("0", "copy")
    assert assigned[3] == ("3", "new")  # its story has left the window: one alert is enough


def test_a_revision_stays_in_its_story() -> None:
    first = Item(id="a", title="Norwick Foods cuts dividend by 20%")
    window, _ = assign(EMPTY_WINDOW, first)
    same = Item(id="a", title="Norwick Foods trims dividend by 20%")
    window, record = assign(window, same, revised=True)
    assert (record.story_id, record.relation) == ("a", "same")
    changed = Item(id="a", title="Norwick Foods cuts dividend by 30%")
    window, record = assign(window, changed, revised=True)
    assert (record.story_id, record.relation) == ("a", "update")
    assert window.stories[0].count == 1


def test_the_given_window_is_not_changed() -> None:
    window, _ = assign_all([(0, "Norwick Foods cuts dividend by 20%")])
    before = dump_window(window)
    assign(window, Item(id="x", title="Norwick dividend cut"))
    assert dump_window(window) == before


PARTS = ["Norwick", "cuts", "dividend", "plant", "20%", "Lodz", "denies", "deal", "$3bn", "opens"]
TITLES = st.lists(
    st.tuples(
        st.floats(0, 200),
        st.lists(st.sampled_from(PARTS), max_size=7),
    ),
    max_size=14,
)


@pytest.mark.slow
@given(TITLES)
def test_windows_can_be_stored_and_stories_have_the_id_of_their_first_item(rows: list[tuple[float, list[str]]]) -> None:
    window, assigned = assign_all([(hours, " ".join(parts)) for hours, parts in rows])
    assert load_window(orjson.loads(orjson.dumps(dump_window(window)))) == window
    started = {story for story, relation in assigned if relation == "new"}
    assert started == {str(n) for n, (_, relation) in enumerate(assigned) if relation == "new"}
    assert all(story in started for story, _ in assigned)


@pytest.mark.slow
@given(TITLES)
def test_the_index_gives_every_item_a_story(rows: list[tuple[float, list[str]]]) -> None:
    index, started = AllItemsIndex(), set()
    for number, (hours, parts) in enumerate(rows):
        record = index.add(Item(id=str(number), title=" ".join(parts)), START + timedelta(hours=hours))
        if record.relation == "new":
            started.add(record.item_id)
        assert record.story_id in started


TOPICS = (
    "Council votes on a new bridge over the river",
    "Strike stops all trains in the north",
    "Fire destroys an old paper mill",
    "Home team wins the national cup",
)


def test_the_index_forgets_stories_that_left_the_window() -> None:
    index = AllItemsIndex()
    for day in range(60):
        for number in range(len(TOPICS)):
            item = Item(id=f"{day}-{number}", title=TOPICS[number])
            index.add(item, START + timedelta(days=4 * day))
    assert len(index) == len(TOPICS)
    assert len(index._story_of) == len(TOPICS)
    assert len({record.item_id for record in index.closed()}) == 59 * len(TOPICS)


def test_signatures_are_small() -> None:
    item = Item(id="a", title="Norwick Foods cuts " + "word " * 99, body=" ".join(f"w{n}" for n in range(9_999)))
    signature = compute_signature(item)
    assert len(signature.shingles) <= 64
    assert len(signature.words) <= 30
    assert len(signature.lead) <= 20
    assert signature == compute_signature(item)


def test_figures_are_normalized() -> None:
    signature = compute_signature(
        Item(id="a", title="Norwick pays $3 bn, up 20 per cent, by 5 May 2026; 300 jobs go", summary="€3bn")
    )
    assert signature.numbers == ("3e+09", "20%", "300")


class ByPair:
    """A model that knows the probability of each pair of items; of all others, it is none."""

    def __init__(self, **pairs: float) -> None:
        self._pairs = {frozenset(pair.split("_")): value for pair, value in pairs.items()}

    def probability(self, left: Report, right: Report) -> float:
        return self._pairs.get(frozenset((left.item_id, right.item_id)), 0.0)


def run_letters(
    monkeypatch: pytest.MonkeyPatch, order: str, model: ByPair, *, good: str = "", running: str = ""
) -> tuple[StoryWindow, tuple[United, ...]]:
    """Assign items that are called by letters, in this order; those in ``good`` come from good sources."""
    monkeypatch.setattr(window_module, "default_model", lambda: model)
    window, united = EMPTY_WINDOW, tuple[United, ...]()
    for name in order:
        signature = compute_signature(Item(id=name, title=f"{name} {name * 3} {name * 4}"))
        report = replace(text_report(name, signature, START + timedelta(minutes=ord(name))), reliable=name in good)
        window, _, _, united = assign_report(
            window,
            report,
            signature,
            title=name,
            running=dict.fromkeys(running, False),
            uniting=lambda story_id, other_id: 0.5,
        )
    return window, united


@pytest.mark.parametrize("order", ["abc", "acb", "bac", "bca", "cab", "cba"])
def test_two_stories_are_united_by_an_item_that_reports_both_in_whatever_order(
    monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    model = ByPair(a_b=0.3, a_c=0.9, b_c=0.8)
    window, _ = run_letters(monkeypatch, order, model)
    (story,) = window.stories
    assert sorted(story.items) == ["a", "b", "c"]
    assert load_window(dump_window(window)) == window


def test_the_story_that_clients_know_keeps_its_id_or_else_the_older_one(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ByPair(a_b=0.3, a_c=0.9, b_c=0.8)
    window, united = run_letters(monkeypatch, "abc", model)
    assert (window.stories[0].id, [story.story_id for story in united]) == ("a", ["b"])
    window, united = run_letters(monkeypatch, "abc", model, running="b")
    assert (window.stories[0].id, [story.story_id for story in united]) == ("b", ["a"])


def test_a_poor_sources_text_about_two_good_reports_unites_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ByPair(a_b=0.1, a_c=0.95, b_c=0.95)
    assert len(run_letters(monkeypatch, "abc", model)[0].stories) == 1
    assert len(run_letters(monkeypatch, "abc", model, good="ab")[0].stories) == 2
