from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.drafting.casing import Names
from services.notifier.drafting.clauses import (
    clauses_in,
    clean_title,
    is_chat,
    is_sneer,
    is_statement,
    names_paper,
    shorter,
    stands_in,
)

NOTHING = Names()


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("BREAKING: Orvix recalls pumps - Northgate Wire", "Orvix recalls pumps"),
        ("UPDATE 2-Orvix recalls pumps", "Orvix recalls pumps"),
        ("BRIEF-Orvix recalls pumps", "Orvix recalls pumps"),
        ("Orvix (NYSE: ORVX) recalls pumps", "Orvix recalls pumps"),
        ("Exclusive: Live: Orvix recalls pumps | Markets | Northgate Wire", "Orvix recalls pumps"),
        ("Orvix cuts forecast - CEO", "Orvix cuts forecast - CEO"),
        ("🚀 Orvix   recalls\n pumps 🔥", "Orvix recalls pumps"),
        ("Live music firm Orvix grows", "Live music firm Orvix grows"),
        ("LEDGER+: Orvix recalls pumps", "Orvix recalls pumps"),
        ("", ""),
    ],
)
def test_a_headline_is_cleaned_of_labels_and_outlets(title: str, cleaned: str) -> None:
    assert clean_title(title, "Northgate Wire") == cleaned


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("Orvix shares halted after $4bn bid – business live", "Orvix shares have been halted after $4bn bid"),
        ("Halden sells its old port, and Orvix recalls all of its pumps", "Orvix recalls all of its pumps"),
        ("Orvix Recalls All of Its Pumps, Velmont Sells Its Old Port", "Velmont sells its old port"),
        ("Orvix recalls all of its pumps, multiple outlets reported Tuesday", "Orvix recalls all of its pumps"),
        ("Business live – latest updates Orvix has recalled all of its pumps", "Orvix has recalled all of its pumps"),
        ("Harbor Board tells Orvix, Halden, Velmont and Lantern to add warnings to their pumps",) * 2,
        ("New rules that concern Orvix will apply from January 2028",) * 2,
        ("Orvix gets a security fix – but it has broken some pumps",) * 2,
        ("New pump rules will help harbors, Halden official vows",) * 2,
        ("Long queues as Orvix reopens all of its shops", "Orvix reopens all of its shops"),
        (
            "Halden Says It Is Time for Small Ports to Pay Halden is charging some ports for its pumps after ten years",
            "Halden is charging some ports for its pumps after ten years",
        ),
        ("Orvix, network that handles ~20% of all mail, is facing a large outage", "Orvix is facing a large outage"),
        ("Orvix to Outlaw Old Pumps by 2031", "Orvix is to outlaw old pumps by 2031"),
        ("Orvix revenue more than doubles in first quarter",) * 2,
        ("Orvix lowers Switch sales forecasts but still expects a good year",) * 2,
        ("Credit Orvix finds flaws in its pumps, says inquiry goes on",) * 2,
        ("Orvix debuts a quiet pump in the U.S.",) * 2,
        ("Orvix's Volt™ Pump Receives Approval in Norland", "Orvix's Volt pump receives approval in Norland"),
        ("Orvix to Buy Canadian Pumps", "Orvix is to buy Canadian pumps"),
        ("Orvix Approved to Return $20 million to Clients", "Orvix has been approved to return $20 million to clients"),
        ("Orvix profit more than doubles in first quarter",) * 2,
        ("xOrv raises $2 billion for its pumps",) * 2,
        ("Orvix calls its new pump “the quiet one.”", "Orvix calls its new pump “the quiet one”"),
        (
            "PORT ELLERY (Wire) - Orvix on Monday recalled all of its pumps.",
            "Orvix on Monday recalled all of its pumps",
        ),
        ("Ann Lee / The Ledger: Orvix recalls all pumps — The firm has had a hard year", "Orvix recalls all pumps"),
        ("A reader quotes a report from The Ledger: Orvix today recalled all pumps.", "Orvix recalled all pumps"),
        ("Orvix recalls all pumps: what you need to know", "Orvix recalls all pumps"),
        ("Orvix recalls 12,000 pumps. Learn which ones", "Orvix recalls 12,000 pumps"),
        ("• Orvix recalls all pumps • Open letter from its chief", "Orvix recalls all pumps"),
        ("Orvix Recalls All Pumps (Ann Lee/The Ledger)", "Orvix recalls all pumps"),
        ("Harbor Board fines Orvix Pumps: the tide runs by our rules", "Harbor Board fines Orvix Pumps"),
        ("Orvix drops support for old pumps, leaving you without spare parts", "Orvix drops support for old pumps"),
    ],
)
def test_what_surrounds_the_news_is_left_out(text: str, clause: str) -> None:
    assert next(clauses_in(text, NOTHING)) == clause


@pytest.mark.parametrize(
    "text",
    [
        "Why Orvix recalled all of its pumps",
        "Pump owners beware, Orvix recalls a million of them",
        "Orvix has good news about its pumps and some not-so-good news about its plant",
        "The move, criticized by some owners, comes amid a recall of Orvix pumps.",
        "The agency has found that the firms – Orvix, Halden and Velmont – shared prices.",
        "Is Orvix about to recall its pumps?",
        "Here's what the recall at Orvix means for owners",
        "For months, owners of Orvix pumps have faced a hard choice.",
        "The most consequential line in the speech at Orvix was not about pumps.",
        "You should stop your Orvix pump at once",
        "We're selling Orvix and buying two others",
        "5 things to know about the recall at Orvix",
        "Image: Orvix / Lantern Orvix has announced a new pump",
        "Orvix recalls all of its pumps in the …",
        "It recalls all of its pumps after a fire",
        "Imagine a pump that never fails its owner",
        "Record sales, poor reputation: the Orvix paradox",
        "In an aerial view, an Orvix pump stands near the harbor.",
        "Orvix is warning that a flaw in its pump tracked",
        "Orvix is set to get up to £1BILLION from the state",
        "Orvix Acquires With Clarity for $1.8 Billion",
        "Orvix pumps",
    ],
)
def test_teasers_chat_and_scene_setting_give_no_clause(text: str) -> None:
    assert next(clauses_in(text, NOTHING), None) is None


def test_what_follows_a_colon_stands_alone_only_after_a_label() -> None:
    column = "Morning Notes: Orvix recalls all of its pumps"
    assert next(clauses_in(column, NOTHING, has_speaker=False)) == "Orvix recalls all of its pumps"
    assert next(clauses_in(column, NOTHING, has_speaker=True), None) is None
    for hearsay in (
        "Report: Orvix faces a probe",
        "Sources: Orvix plans a sale of its pumps",
        "Zelmer: Orvix will fail soon",
        "Lawsuit: Orvix keeps refunds that are due to its customers",
    ):
        assert next(clauses_in(hearsay, NOTHING, has_speaker=False), None) is None


@pytest.mark.parametrize(
    ("clause", "short"),
    [
        (
            "Orvix replaces the head of its pump unit as losses in the north keep growing",
            "Orvix replaces the head of its pump unit",
        ),
        (
            "An owner sues Orvix over the fire, accusing the board of having known of it",
            "An owner sues Orvix over the fire",
        ),
        (
            "Orvix raises its outlook for the year and promises more to come in spring",
            "Orvix raises its outlook for the year",
        ),
        ("Orvix drops its bid for Lantern one day after it had announced the talks", "Orvix drops its bid for Lantern"),
        ("Ann Lee of Orvix sells shares", "Ann Lee of Orvix sells shares"),
        ("Orvix will sell its northern pump unit to Lantern if the Harbor Board agrees", None),
        ("Orvix lets owners opt out of its new pump tariff without losing their guarantee", None),
        ("Pump sales will halve within the year and never come back, Lantern analysts say", None),
        ("Orvix has agreed to sell the largest of its three northern pump plants whole", None),
    ],
)
def test_a_subject_is_shortened_by_whole_tails_that_do_not_change_it(clause: str, short: str | None) -> None:
    assert shorter(clause, 60) == short


def test_a_name_that_begins_with_a_small_letter_keeps_it() -> None:
    assert shorter("xOrvix burned $6bn in the year", 60) == "xOrvix burned $6bn in the year"


@pytest.mark.parametrize(
    ("clause", "ending"),
    [
        ("Norland may impose carbon tariffs on cement imports from countries with lower goals", "countries"),
        ("Halden is under pressure to raise its wages after a record jump in basic pay", "jump"),
        ("The central bank provides $25 billion in funding to avoid a panic among savers", "billion"),
        ("Halden could take its pumps to the next level with a huge investment", "pumps"),
        ("Halden officials see upside risks to prices that could lead to more increases, minutes show", "risks"),
        ("A flaw in the pumps of Halden could have enabled apps with radio access to listen in on talks", "apps"),
    ],
)
def test_a_short_form_does_not_end_before_what_its_last_word_is_of(clause: str, ending: str) -> None:
    assert not (shorter(clause, 70) or "").endswith(ending)


def test_a_short_form_keeps_how_much_as_what_and_of_how_many() -> None:
    much = "Orvix could raise as much as $7.5 billion this year by listing its stock in Port Ellery"
    assert not (shorter(much, 60) or "").endswith("raise")
    framed = "Orvix faces a new federal lawsuit over contracts framed as an investment scheme in Port Ellery"
    assert not (shorter(framed, 70) or "").endswith("framed")
    jobs = "Orvix and Halden announce more than 1 in 10 jobs to go"
    assert shorter(jobs, 50) is None
    linked = "Orvix opens an inquiry into Halden in connection with the shooting at Port Ellery"
    assert not (shorter(linked, 70) or "").endswith("connection")


def test_a_tail_that_leaves_out_its_verb_goes() -> None:
    assert list(clauses_in("Halden warns of a flaw in pumps as the deadline of Orvix revealed", NOTHING)) == [
        "Halden warns of a flaw in pumps"
    ]
    assert list(clauses_in("Halden shares fall as Orvix cuts its outlook", NOTHING)) == [
        "Halden shares fall as Orvix cuts its outlook"
    ]


def test_what_takes_the_first_sentence_back_is_not_left_out() -> None:
    assert not list(clauses_in("Orvix chiefs met with the pump owners of Halden. It didn’t go well", NOTHING))


def test_two_headlines_with_a_semicolon_are_two() -> None:
    found = list(dict.fromkeys(clauses_in("Orvix recalls all of its pumps; Velmont sells its old port", NOTHING)))
    assert found == ["Orvix recalls all of its pumps", "Velmont sells its old port"]


@pytest.mark.parametrize(
    "clause",
    [
        "Orvix pumps lower the risk of fire by a third in a preliminary study",
        "Orvix pumps lower the risk of fire by a third as early data suggest",
        "In early trials at sea, Orvix pumps lower the risk of fire by a third",
        "Velmont slows the spread of the disease by half in mice",
    ],
)
def test_that_a_finding_is_preliminary_is_never_cut(clause: str) -> None:
    assert shorter(clause, len(clause) - 1) is None


def test_two_sentences_are_no_clause() -> None:
    assert not is_statement("Orvix stock rises. why the maker of pumps defies the market")


def test_jokes_are_recognized() -> None:
    assert is_sneer("Orvix pumps are a dumpster fire")
    assert not is_sneer("Orvix recalls pumps")


@pytest.mark.parametrize(
    "opinion",
    [
        "Orvix's new plan to mend pumps is more of the same",
        "Ann Lee has changed her mind again",
        "The rollout of pumps has taken an awkward turn",
        "The fall of Orvix shows how afraid the markets are",
        "The loss of Halden is a reminder of worse years",
    ],
)
def test_an_opinion_or_a_metaphor_in_the_place_of_the_news_is_told_only_for_want_of_better(opinion: str) -> None:
    assert is_sneer(opinion)


def test_every_word_of_a_clause_stands_in_its_source_in_order() -> None:
    assert stands_in("Orvix recalls pumps", "Exclusive: Orvix Today Recalls All Pumps")
    assert not stands_in("Orvix recalls pumps", "Pumps recalled: Orvix")


@given(st.text(max_size=200), st.booleans())
def test_a_clause_adds_no_word_to_its_source(text: str, has_speaker: bool) -> None:
    for clause in clauses_in(text, NOTHING, has_speaker=has_speaker):
        assert stands_in(clause, text)
        assert is_statement(clause)


def test_a_list_after_a_preposition_is_no_clause_and_what_explains_a_noun_stays() -> None:
    told = "After Halden, Orvix and Velmont offer the owners relief"
    assert list(clauses_in(told, Names())) == []
    assert is_statement("After protests, Halden and Orvix close their stores")
    long = "Halden has been sued over a clerk who locked the door of a shop in Port Ellery at night"
    assert shorter(long, 60) is None
    assert list(clauses_in("Halden hid its losses for years lawsuits allege", Names())) == [
        "Halden hid its losses for years, lawsuits allege"
    ]


@pytest.mark.parametrize(
    "headline",
    [
        "Orvix has a fix for its ailing pumps",
        "Halden health leaders have hinted that Orvix had something brewing",
        "When pumps come back, firms like Orvix won't have a place",
        "In an aerial view, a pump turns at the Orvix site",
        "Welp, Orvix got hacked",
        "Last month, the unknown hackers demanded a ransom from Orvix",
        "Orvix letter reveals a big issue with its bid",
        "Orvix shows it's the right pump stock for this moment",
        "Orvix touts 'bigger is better' strategy. but its shares fall",
        "Orvix cuts 800 jobs to pay for AI. It also asks for patience",
        "Says pumps from Orvix and others failed in the storm",
        "As a response, Orvix poured $20 million into the campaign",
        "the company announced a ten-year agreement with Orvix",
    ],
)
def test_a_promise_of_a_story_a_look_back_and_two_sentences_are_no_statement(headline: str) -> None:
    assert not is_statement(headline)


@pytest.mark.parametrize(
    "clause",
    [
        "Orvix cannot shake off the claim of authors in the north that could result in large damages",
        "Orvix confirms that the thieves made off with customer records of six million households",
        "Orvix sees a rise in orders for pumps even as the market of the whole country weakens",
        "Orvix just set a number of records in its lending, but the price of its shares is falling",
    ],
)
def test_a_short_form_ends_with_no_half_phrase_and_keeps_what_restricts_it(clause: str) -> None:
    short = shorter(clause, len(clause) - 5)
    assert short is None or not short.endswith((" result", " off", " even", " lending"))


def test_a_newsroom_that_speaks_of_itself_is_not_quoted() -> None:
    assert is_chat("We’re reading about pumps and more")
    assert is_chat("Pump notes: we read about Orvix")
    assert not is_chat("Fix for Orvix pumps might break your pipes")


@pytest.mark.parametrize("headline", ["Orvix Q1 2026 Earnings Call Summary", "Orvix (ORX) Q2 Earnings Call Transcript"])
def test_the_name_of_a_paper_does_not_say_what_happened(headline: str) -> None:
    assert names_paper(headline)
    assert not list(clauses_in(headline, NOTHING))
    assert not names_paper("Orvix raises its forecast in an earnings call")
