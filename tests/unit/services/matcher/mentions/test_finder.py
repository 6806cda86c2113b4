"""Watched things are found and look-alikes are not, and spans point to the text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import Watch
from schemas.items import Filer, Item, Source
from schemas.mentions import Mention
from services.matcher.mentions.finder import MentionFinder

DATA = Path(__file__).parents[6] / "shared" / "data" / "mentions"


def watch(name: str, *aliases: str, tickers: tuple[str, ...] = (), kind: str = "holding", **more: object) -> Watch:
    return Watch.model_validate(
        {"entity_id": name, "name": name, "aliases": aliases, "tickers": tickers, "kind": kind, **more}
    )


FINDER = MentionFinder.build(
    [
        watch("Orvane plc", "Orvane", tickers=("ORV",)),
        watch("Harbor Inc.", tickers=("HBR",)),
        watch("Gap Inc.", "Gap"),
        watch("Take Tiles Ltd", "TAKE"),
        watch("Oil Norwick", "OIL"),
        watch("Norwick", "Norwick Foods"),
        watch("Deepak Cables", "Deepak"),
        watch("Ardell & Sons", "A&S"),
        watch("Té Café"),
        watch("R-Tel"),
        watch("Reuters"),
        watch("Goldman Sachs"),
        watch("ransomware", kind="topic"),
        watch("interest rate", kind="topic"),
    ]
)


def find(
    title: str, finder: MentionFinder = FINDER, *, summary: str | None = None, body: str | None = None
) -> tuple[Mention, ...]:
    return finder.find(Item(id="itm", title=title, summary=summary, body=body))


def ids(title: str, summary: str | None = None) -> set[str]:
    return {mention.entity_id for mention in find(title, summary=summary)}


@pytest.mark.parametrize(
    ("title", "entity"),
    [
        ("Orvane cuts dividend", "Orvane plc"),
        ("Dividend cut at Orvane’s Polish unit", "Orvane plc"),
        ("Orvane PLC, Norwick in talks", "Orvane plc"),
        ("Shares of $ORV slump", "Orvane plc"),
        ("Slump continues (NYSE: ORV)", "Orvane plc"),
        ("ORV slumps on outlook", "Orvane plc"),
        ("Harbor to buy rival", "Harbor Inc."),
        ("Why we like Harbor now", "Harbor Inc."),
        ("HARBOR CUTS OUTLOOK AFTER WEAK YEAR", "Harbor Inc."),
        ("Shoppers return to Gap this year", "Gap Inc."),
        ("Take Tiles names chairman", "Take Tiles Ltd"),
        ("TAKE shares fall", "Take Tiles Ltd"),
        ("Ardell and Sons expands", "Ardell & Sons"),
        ("A&S expands", "Ardell & Sons"),
        ("TE CAFE opens in Lodz", "Té Café"),
        ("RTel outage spreads", "R-Tel"),
        ("R-Tel outage spreads", "R-Tel"),
        ("Goldman Sachs to cut jobs", "Goldman Sachs"),
        ("New RANSOMWARE attacks", "ransomware"),
        ("Interest rates to rise", "interest rate"),
    ],
)
def test_a_watched_name_is_found(title: str, entity: str) -> None:
    assert entity in ids(title)


@pytest.mark.parametrize(
    "title",
    [
        "A safe harbor for savers",
        "The gap between rich and poor",
        "Firms Fear Gap in Supply as Winter Nears",
        "Ministers to take action",
        "Alder Labs May Choose to Take IPO Path",
        "Oil prices slump on glut",
        "Crude oil futures rise",
        "Buy Alder for the long term: Deepak Mohani",
        "Vipul Deepak joins the board",
        "Rivals to merge, says Reuters",
        "Reuters reported a merger",
        "Crude to rise further: Goldman Sachs",
        "Crude to rise: Ann Lee, Goldman Sachs",
        "Goldman Sachs analysts expect a rise",
        "Norwick Capital buys tower",
        "Norwicket falls",
        "www.orvane.com is down",
    ],
)
def test_a_look_alike_is_not_found(title: str) -> None:
    assert ids(title) == set()


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Tallow+ raises its price", True),
        ("Tallow+'s price rises", True),
        ("Tallow Plus raises its price", True),
        ("Tallow closes a park", False),
        ("Tallow's parks have more than 100+ rides", False),
    ],
)
def test_a_name_with_a_plus_sign_is_not_its_makers(title: str, found: bool) -> None:
    finder = MentionFinder.build([watch("Tallow+", kind="product")])
    assert bool(find(title, finder)) is found


def test_the_maker_of_a_product_with_a_plus_sign_may_be_meant_too() -> None:
    finder = MentionFinder.build([watch("Tallow", "Tallow+")])
    assert find("Tallow closes a park", finder)
    assert find("Tallow+ raises its price", finder)


def test_the_publisher_itself_is_not_mentioned() -> None:
    item = Item(id="itm", title="Storm hits coast - Norwick", source=Source(publisher="Norwick"))
    assert FINDER.find(item) == ()


def test_the_longest_name_wins_across_entities() -> None:
    finder = MentionFinder.build([watch("America"), watch("Bank of Norwick America")])
    assert [m.entity_id for m in find("Bank of Norwick America lends", finder)] == ["Bank of Norwick America"]
    assert find("Bank of America lends", finder) == ()


def test_a_possible_name_counts_beside_the_full_name() -> None:
    title = "Gap widens"
    assert ids(title) == set()
    assert ids(title, summary="Gap Inc. said its loss grew.") == {"Gap Inc."}


def test_it_is_enough_if_the_conditions_of_one_watch_hold() -> None:
    mining = watch("Alder", entity_id="alder", context=("mine",), exclude=("school",))
    narrow = MentionFinder.build([mining])
    assert find("Alder expands", narrow) == ()
    assert len(find("Alder opens mines", narrow)) == 1
    assert find("Alder opens mines near school", narrow) == ()
    both = MentionFinder.build([mining, watch("Alder", entity_id="alder", context=("school",))])
    assert len(find("Alder opens mines near school", both)) == 1


def test_salience_comes_with_a_reason() -> None:
    title, body = find("Orvane cuts dividend")[0], find("Markets wrap", summary="A. " * 99, body="Orvane fell.")[0]
    assert title.salience > 0.6 > 0.3 > body.salience
    assert title.why == "Orvane plc is named as “Orvane” at the start of the title, once."


def test_mentions_are_ordered_by_entity() -> None:
    assert [m.entity_id for m in find("Orvane, Norwick and R-Tel fall")] == ["Norwick", "Orvane plc", "R-Tel"]


@given(
    st.lists(
        st.sampled_from(
            [
                "Orvane",
                "orvane’s",
                "Te\u0301 Cafe\u0301",
                "R-Tel",
                "Gap",
                "Inc",
                "the",
                "$ORV",
                "…",
                "ß",
                "A&S",
                "ĳ",
                "\n",
                "-",
            ]
        ),
        max_size=12,
    ),
    st.sampled_from([" ", "", ", ", "\u00a0"]),
)
def test_spans_are_verbatim(parts: list[str], joint: str) -> None:
    text = joint.join(parts)
    item = Item(id="itm", title=text, summary=text, body=text)
    for mention in FINDER.find(item):
        assert mention.spans
        for span in mention.spans:
            assert getattr(item, span.field)[span.start : span.end] == span.text != ""


def test_without_terms_nothing_is_found() -> None:
    assert find("Anything at all", MentionFinder.build([])) == ()


@pytest.mark.data
def test_most_companies_in_labeled_headlines_are_found() -> None:
    if not DATA.is_dir():
        pytest.skip(f"the labeled headlines are missing: {DATA}")
    rows = [json.loads(line) for line in (DATA / "headlines.jsonl").read_text(encoding="utf-8").splitlines()][::20]
    watched = [json.loads(line) for line in (DATA / "watchlist.jsonl").read_text(encoding="utf-8").splitlines()]
    companies = [row for row in watched if any("Ltd" in alias for alias in row["aliases"])]
    finder = MentionFinder.build(watch(row["aliases"][0], *row["aliases"][1:]) for row in companies)
    names = {alias.lower(): row["aliases"][0] for row in companies for alias in row["aliases"]}
    hits = total = 0
    for row in rows:
        gold = {names[name.lower()] for name in row["entities"] if name.lower() in names}
        hits += len(gold & {mention.entity_id for mention in find(row["title"], finder)})
        total += len(gold)
    assert hits / total > 0.9


@pytest.mark.parametrize(
    ("title", "entity"),
    [
        ("Gap Slashes Jobs in Latest Round of Cuts", "Gap Inc."),
        ("Gap mulls closing its Selva stores", "Gap Inc."),
        ("Norwick Outlook email suffers an outage", "Norwick"),
        ("Attackers used a flaw in Norwick Horizon servers", "Norwick"),
        ("Norwick Labs settles litigation in the United States", "Norwick"),  # as often its whole name
    ],
)
def test_a_name_that_may_mean_something_else_is_doubtful(title: str, entity: str) -> None:
    found = FINDER.search(Item(id="itm", title=title))
    assert found.mentions == ()
    assert [mention.entity_id for mention in found.doubtful] == [entity]
    assert all(title[span.start : span.end] == span.text for span in found.doubtful[0].spans)


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("The gap between rich and poor grows", None),  # not written as a name
        ("Norwick Foundation gives a million to schools", None),  # another body
        ("Norwick Insurance raises its premiums", None),  # another company of the group
        ("Anna Norwick wins the marathon", None),  # a person
        ("Deepak Chandra leaves the club", None),  # a person
        ("A quiet day in the markets", "Gap Slashes Jobs in Latest Round of Cuts"),  # far from the headline
        ("Gap Inc. slashes jobs; Gap Slashes Jobs", None),  # certain
    ],
)
def test_what_is_another_thing_or_certain_is_not_doubtful(title: str, body: str | None) -> None:
    assert FINDER.search(Item(id="itm", title=title, body=body)).doubtful == ()


def test_a_product_behind_its_makers_name_is_doubtful() -> None:
    found = FINDER.search(Item(id="itm", title="Selva Norwick reaches the end of its life"))
    assert [mention.entity_id for mention in found.doubtful] == ["Norwick"]


@pytest.mark.parametrize("name", ["Norvik Conduct Authority", "The U.S. Norvik and Conduct Authority"])
def test_the_initials_of_an_authority_are_doubtful_without_its_name(name: str) -> None:
    finder = MentionFinder.build([watch(name, kind="regulation")])
    alone = finder.search(Item(id="itm", title="NCA fines Halden $20 million"))
    assert alone.mentions == ()
    assert [span.text for span in alone.doubtful[0].spans] == ["NCA"]
    both = finder.search(Item(id="itm", title="NCA fines Halden", summary=f"{name} has fined Halden $20 million."))
    assert both.doubtful == ()
    assert len(both.mentions[0].spans) == 2
    assert finder.search(Item(id="itm", title="A nca of oats")) == ((), ())


def test_a_name_of_two_words_has_no_initials() -> None:
    finder = MentionFinder.build([watch("Norvik Authority", kind="regulation"), watch("Norvik Conduct Bank")])
    assert finder.search(Item(id="itm", title="NA and NCB agree")) == ((), ())


FILED = MentionFinder.build(
    [
        watch("HE plc", cik="7"),
        watch("Halden", cik="8"),
        watch("Halden Industries Norway"),
        watch("Lunden", cik="9", context=("shipping",)),
        watch("Lunden preferred", cik="9"),
    ]
)


def filed(title: str, *filers: tuple[str, str], summary: str | None = None) -> dict[str, list[str]]:
    given = tuple(Filer(name=name, cik=cik) for name, cik in filers)
    found = FILED.search(Item(id="itm", title=title, summary=summary, filers=given))
    return {mention.entity_id: [span.text for span in mention.spans] for mention in (*found.mentions, *found.doubtful)}


def test_a_filing_is_linked_by_its_companys_number_and_by_nobody_elses() -> None:
    title = "Halden Industries Inc publishes its results (SEC form 8-K, item 2.02)"
    assert filed(title, ("Halden Industries Inc", "7")) == {"HE plc": ["Halden Industries Inc"]}
    assert filed(title, ("Halden Industries Inc", "8")) == {"Halden": ["Halden Industries Inc"]}
    assert filed(title, ("Halden Industries Inc", "5")) == {}
    assert filed("Halden publishes its results") == {"Halden": ["Halden"]}


def test_other_companies_in_a_filing_are_found_by_name() -> None:
    title, summary = "Halden Inc gets a tender offer (SEC form SC TO-T)", "Halden of Norway bids for Halden Inc."
    assert filed(title, ("Halden Inc", "7"), summary=summary) == {
        "HE plc": ["Halden Inc", "Halden Inc"],
        "Halden": ["Halden"],
    }


def test_each_class_of_a_filers_shares_is_linked_without_its_conditions() -> None:
    title = "Lunden plc files its annual report (SEC form 10-K)"
    assert filed(title, ("Lunden plc", "9")) == {"Lunden": ["Lunden plc"], "Lunden preferred": ["Lunden plc"]}
    assert filed("Somebody files its annual report", ("Lunden plc", "9")) == {}
    assert filed(title, ("", "9"), ("...", "9")) == {}


def test_a_number_that_is_removed_links_no_more() -> None:
    finder = MentionFinder.build([watch("HE plc", cik="7")])
    item = Item(id="itm", title="Halden Inc files", filers=(Filer(name="Halden Inc", cik="7"),))
    assert [mention.entity_id for mention in finder.find(item)] == ["HE plc"]
    finder.update("HE plc", [watch("HE plc", cik="8")])
    assert finder.find(item) == ()
    finder.update("HE plc", [])
    assert finder.find(item) == ()
