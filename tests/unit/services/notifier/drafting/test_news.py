from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import Alert, Reason
from schemas.readings import ReadingConfidence
from services.notifier.drafting.brief import Brief, DraftedStory
from services.notifier.drafting.first_sentence import best_clause
from services.notifier.drafting.grounding import check_grounding, grounding_sources, ungrounded
from services.notifier.drafting.news import (
    LONGEST_SUBJECT,
    lead_evidence,
    news_part,
    quotation_from,
    quote_sources,
    subject_line,
)
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager, an_alert, an_item, drafted_story
from tests.unit.services.notifier.second_reading.samples import a_reading

CONTESTED = Reason(rule="contested", saw="Northgate Wire", concluded="warn", text="A party denies it.")


def brief(alert: Alert, earlier: DraftedStory | None = None) -> Brief:
    return Brief(alert, a_client(), a_firm(), a_manager(), NOW, earlier)


def text(alert: Alert, earlier: DraftedStory | None = None) -> str:
    return news_part(brief(alert, earlier), max_words=40, others=True).text


@pytest.mark.parametrize(
    ("quote", "title", "quoted"),
    [
        ("Orvix will recall all pumps.", "Orvix recall", "“Orvix will recall all pumps.”."),
        ("Why it matters?", "Orvix will recall its pumps", "“Orvix will recall its pumps”."),
        ("Is Orvix about to recall pumps?", "Will Orvix recall?", "“Will Orvix recall …”."),
        ("ORVIX WILL RECALL ALL PUMPS.", "Orvix will recall its pumps", "“Orvix will recall its pumps”."),
        ("It said “no comment” to us all.", "Orvix", "“It said ‘no comment’ to us all.”."),
        ("", "", "“Orvix”."),
    ],
)
def test_a_complete_sentence_is_quoted(quote: str, title: str, quoted: str) -> None:
    assert quotation_from(an_item(quote=quote, title=title), 40, "Orvix") == quoted.replace(".”.", ".”")


def test_a_long_quote_ends_at_a_clause_with_an_ellipsis() -> None:
    item = an_item(quote=f"Orvix will recall all of its pumps, beginning in the north, {'and so on ' * 30}.")
    assert quotation_from(item, 14, "Orvix") == "“Orvix will recall all of its pumps, beginning in the north …”."


@given(st.text(max_size=300), st.sampled_from(["tell", "warn", "correct"]))
def test_a_subject_is_one_short_calm_line(headline: str, verdict: str) -> None:
    line = subject_line(brief(an_alert(headline=headline, verdict=verdict)))
    assert 0 < len(line) <= LONGEST_SUBJECT
    assert "\n" not in line
    assert not {"?", "!"} & set(line)
    openings = {"tell": ("",), "warn": ("Unconfirmed: ", "Reported: "), "correct": ("Correction: ",)}
    assert line.startswith(openings[verdict])


@given(st.text(max_size=300), st.text(max_size=300), st.integers(min_value=5, max_value=40))
def test_a_quotation_is_verbatim_whatever_the_feed_says(quote: str, title: str, max_words: int) -> None:
    item = an_item(quote=quote, title=title)
    client = a_client()
    known = grounding_sources(an_alert(evidence=(item,)), client, a_firm(), a_manager())
    quoted = quotation_from(item, max_words, "Halden Energy")
    assert not [entry for entry in ungrounded(check_grounding(quoted, known)) if entry.kind == "quotation"]
    assert not {"?", "!"} & set(quoted)


CUT = "Halden Energy cut its quarterly dividend by 38% to 0.40 crowns a share"
TITLE = "Halden Energy cuts dividend to 0.40 crowns"


def test_the_first_sentence_says_what_happened_and_who_says_so() -> None:
    said = {text(an_alert(story_id=f"sty_{number}")) for number in range(20)}
    assert said == {f"{CUT}, Northgate Wire reports.", f"{CUT}, according to Northgate Wire."}


@pytest.mark.parametrize("by", ["Orvix Research says", "according to Orvix Research"])
def test_who_says_it_is_named_once(by: str) -> None:
    told = "Pumps of Halden Energy fail in the north"
    item = an_item(title=f"{told}, {by}", quote=f"{told}, {by}")
    found = news_part(brief(an_alert(evidence=(item,))), max_words=28, others=True)
    assert found.text.startswith(f"{told}, Northgate Wire reports, citing Orvix Research.")
    assert found.clause is not None
    assert found.clause.text == told


@pytest.mark.parametrize(("sure", "told"), [(0.9, "a lower dividend from"), (0.6, "news on")])
def test_the_kind_of_event_is_told_only_where_the_reading_is_sure_of_it(sure: float, told: str) -> None:
    confidence = ReadingConfidence(role=1, kind=sure, genre=1, status=1, direction=1, weight=1)
    reading = a_reading().model_copy(update={"confidence": confidence})
    alert = an_alert(evidence=(an_item(title="What next for Halden?", quote="What next for Halden?"),), reading=reading)
    assert text(alert) == f"Northgate Wire reports {told} Halden Energy."
    assert subject_line(brief(alert)) == f"{told[0].upper()}{told[1:]} Halden Energy"


@pytest.mark.parametrize("verdict", ["tell", "warn"])
def test_the_words_of_the_source_are_checked_as_a_quotation(verdict: str) -> None:
    item = an_item(title="Pumps of Halden Energy fail in the north", quote="Pumps of Halden Energy fail in the north")
    found = news_part(brief(an_alert(verdict=verdict, evidence=(item,))), max_words=28, others=True)
    assert found.clause is not None
    assert found.clause.text in found.text
    assert f"“{found.clause.text}”" in quote_sources(found.text, (found.clause,))
    assert (found.clause.where, found.clause.ref) == ("evidence", "itm_1")


def test_news_names_the_source_that_its_sentence_cites() -> None:
    item = an_item(attributed_to="board member Aron Dahl", quote="The owners lose, board member Aron Dahl said.")
    assert text(an_alert(evidence=(item,))) == f"{TITLE}, Northgate Wire reports, citing board member Aron Dahl."
    other = an_item(origin="The Ledger")
    assert text(an_alert(evidence=(other,))) == f"{CUT}, Northgate Wire reports, citing The Ledger."


@pytest.mark.parametrize("source", ["Aron Dahl", "Halden Energy", "Sable"])
def test_a_name_that_says_nothing_about_it_is_not_cited(source: str) -> None:
    quote = "Halden Energy cut its dividend in a move that Sable had called for, and Aron Dahl stayed away."
    assert "citing" not in text(an_alert(evidence=(an_item(attributed_to=source, basis="person", quote=quote),)))


def test_a_company_announces_its_own_news() -> None:
    own = an_item(publisher="Halden Energy", origin="Halden Energy", basis="company")
    assert text(an_alert(evidence=(own,))).startswith(f"{CUT}, the company announces.")
    relayed = an_item(basis="company", attributed_to="Halden Energy", origin="Northgate Wire")
    assert "announces" not in text(an_alert(evidence=(relayed,)))


def test_an_authority_is_no_company() -> None:
    own = an_item(publisher="Halden Energy", origin="Halden Energy", basis="regulator")
    assert text(an_alert(evidence=(own,))).startswith(f"{CUT}, the authority announces.")


def test_a_name_before_its_symbol_keeps_its_capitals() -> None:
    item = an_item(title="Halden Energy Pumps (HLDN) Climbs 13.7% on Upbeat Stance of Bank", quote="")
    assert "Halden Energy Pumps climbs" in text(an_alert(evidence=(item,)))


def test_a_sentence_that_says_more_than_the_headline_comes_first() -> None:
    assert text(an_alert(evidence=(an_item(title="Halden Energy cuts dividend"),))).startswith(CUT)
    for less in ("Halden Energy said so on Monday.", "The cut to 0.40 crowns hits the dividend of Halden Energy."):
        assert text(an_alert(evidence=(an_item(quote=less),))).startswith(TITLE)


def test_a_quotation_follows_only_where_it_adds() -> None:
    quote = "The dividend of Halden Energy had been 0.65 crowns since 2019."
    assert text(an_alert(evidence=(an_item(quote=quote),))).endswith(f"From its report: “{quote}”")
    for other in (
        "Halden Energy keeps a dividend of 0.40 crowns.",
        "Here is what the 38% cut of the dividend at Halden Energy means for you.",
        "The dividend of Halden Energy had been 0.65 crowns since 2019 and …",
        "Crowns fell 3% on Monday.",
    ):
        assert "From its report" not in text(an_alert(evidence=(an_item(quote=other),)))


def test_where_no_item_says_what_happened_in_one_clause_a_sentence_is_quoted_or_the_kind_of_event_told() -> None:
    quote = "Owners of Halden Energy are waiting: the vote on the dividend is due."
    item = an_item(title="What next for Halden Energy?", quote=quote)
    assert text(an_alert(evidence=(item,))) == f"Northgate Wire reports: “{quote}”"
    for teaser in (
        "For months, owners of Halden had to wait.",
        "I tell you why Halden matters.",
        "Sources: Halden sells.",
        "Halden and you",
    ):
        item = an_item(title="What next for Halden Energy?", quote=teaser)
        assert text(an_alert(evidence=(item,))) == "Northgate Wire reports a lower dividend from Halden Energy."


def test_a_headline_that_is_no_statement_is_quoted_whole_rather_than_told_by_its_kind() -> None:
    item = an_item(title="A ‘Complete Failure’ of Control at Halden Energy", quote="What next for Halden?")
    told = text(an_alert(evidence=(item,)))
    assert told == "Northgate Wire writes under the headline “A ‘Complete Failure’ of Control at Halden Energy”."
    line = subject_line(brief(an_alert(evidence=(item,), verdict="warn")))
    assert line == "Unconfirmed: A ‘complete failure’ of control at Halden Energy"
    item = an_item(title="Months of Failures in the Control of Pumps", quote="What next?")
    line = subject_line(brief(an_alert(evidence=(item,))))
    assert line == "Halden Energy: Months of failures in the control of pumps"


def test_the_subject_is_what_the_message_tells_even_if_another_report_is_shorter() -> None:
    told = "Halden Energy offers a voluntary payment to the engineers who resign amid the cuts of this year"
    items = (an_item(title=told, quote=told), an_item(number=2, title="Halden cuts 40 jobs", publisher="The Courier"))
    assert subject_line(brief(an_alert(evidence=items))) == told


def test_only_sources_with_another_origin_support_the_news() -> None:
    copy = an_item(number=2, publisher="The Port Courier")
    other = an_item(number=3, publisher="Oslo Morning Herald", origin="Oslo Morning Herald")
    found = news_part(brief(an_alert(evidence=(an_item(), copy, other))), max_words=40, others=True)
    assert found.text.endswith("Oslo Morning Herald also reports it.")
    assert found.evidence == ("itm_1", "itm_3")


def test_a_rumor_from_a_poor_source_does_not_support_a_fact() -> None:
    gossip = an_item(number=2, publisher="Market Whisper", origin="Market Whisper", source_grade="D")
    hedged = an_item(number=3, publisher="Port Courier", origin="Port Courier", status="hedged")
    assert "as well" not in text(an_alert(evidence=(an_item(), gossip, hedged)))


def test_a_warning_is_marked_unconfirmed_and_as_the_only_report() -> None:
    said = text(an_alert(verdict="warn", evidence=(an_item(status="hedged"),)))
    assert said.startswith(f"According to an unconfirmed report by Northgate Wire, {CUT}.")
    assert said.endswith("So far, this is the only report.")


def test_a_correction_repeats_what_we_said_and_gives_what_is_known_now() -> None:
    denial = an_item(number=2, status="denied", quote="Halden Energy keeps its dividend as it is.")
    alert = an_alert(verdict="correct", evidence=(an_item(), denial))
    said = text(alert, drafted_story(an_alert()))
    assert said == (
        "On 1 March I told you about a report by The Financial Ledger: “Halden Energy has cut its dividend by half”. "
        "It has since been denied. Northgate Wire now states: “Halden Energy keeps its dividend as it is.” "
        "I am sorry that I passed it on to you as fact."
    )
    assert "unconfirmed report by" in text(alert, drafted_story(an_alert(), verdict="warn"))
    with pytest.raises(ValueError, match="needs the message"):
        text(alert)


@pytest.mark.parametrize(
    ("earlier", "grade", "begins"),
    [
        ("warn", 1, "On 1 March I told you about an unconfirmed report; it is now confirmed."),
        ("warn", 2, "On 1 March I told you about an unconfirmed report; there is now better evidence for it."),
        ("tell", 1, "Here is an update on what I wrote to you on 1 March."),
        ("correct", 1, "Here is an update on Halden Energy, about which I sent you a correction on 1 March."),
    ],
)
def test_an_update_refers_to_the_earlier_message(earlier: str, grade: int, begins: str) -> None:
    since = an_item(number=2, publisher="Oslo Morning Herald", origin="Oslo Morning Herald")
    alert = an_alert(information_grade=grade, evidence=(an_item(), since))
    assert text(alert, drafted_story(an_alert(), verdict=earlier)).startswith(begins)


@pytest.mark.parametrize("supports", ["copy", "context", None])
def test_nothing_is_confirmed_by_an_item_that_does_not_state_the_same(supports: str | None) -> None:
    since = an_item(number=2, publisher="Oslo Morning Herald", origin="Oslo Morning Herald", supports=supports)
    alert = an_alert(information_grade=1, evidence=(an_item(), since))
    said = text(alert, drafted_story(an_alert(), verdict="warn"))
    assert said.startswith("Here is an update on what I wrote to you on 1 March.")
    assert "also" not in said


def test_a_contested_report_is_told_with_both_sides() -> None:
    denial = an_item(
        number=2,
        status="denied",
        basis="company",
        origin="Halden Energy",
        quote="Halden Energy keeps its dividend as it is.",
    )
    alert = an_alert(verdict="warn", reasons=(CONTESTED,), evidence=(an_item(), denial))
    assert text(alert, drafted_story(an_alert(), item_ids=("itm_1",))) == (
        "On 1 March I wrote to you about Halden Energy. What I passed on is now disputed. "
        f"According to an unconfirmed report by Northgate Wire, {CUT}. "
        "Halden Energy denies it, Northgate Wire reports: “Halden Energy keeps its dividend as it is.”"
    )
    alone = text(an_alert(verdict="warn", reasons=(CONTESTED,), evidence=(denial,)))
    assert alone.endswith("“Halden Energy keeps its dividend as it is.” I have not seen the report that is denied.")


def test_an_update_quotes_what_is_new() -> None:
    old, new = an_item(source_grade="A"), an_item(number=2, source_grade="C", publisher="Port Courier")
    assert lead_evidence(brief(an_alert(evidence=(old, new)))).item_id == "itm_1"
    assert lead_evidence(brief(an_alert(evidence=(old, new)), drafted_story(an_alert()))).item_id == "itm_2"


def test_among_equals_the_newest_is_quoted() -> None:
    old, new = an_item(), an_item(number=2, published_at=NOW - timedelta(minutes=5))
    assert lead_evidence(brief(an_alert(evidence=(old, new)))).item_id == "itm_2"


def test_a_publisher_that_is_only_claimed_is_not_cited() -> None:
    claimed, cited = (
        an_item(publisher="x.example", host="reuters.com", origin="Reuters", claimed_publisher=name)
        for name in ("Reuters", None)
    )
    assert "citing Reuters" in text(an_alert(evidence=(cited,)))
    assert "Reuters" not in text(an_alert(evidence=(claimed,)))
    known = grounding_sources(an_alert(evidence=(claimed,)), a_client(), a_firm(), a_manager(), now=NOW)
    assert ungrounded(check_grounding("It comes from Reuters.", known))


def test_the_refusal_of_an_offer_is_no_denial_and_a_repeated_headline_no_addition() -> None:
    claim = an_item(title="Halden Energy bans Orvix chief from its market", quote="Halden Energy bans Orvix chief.")
    refusal = an_item(number=2, title="Halden Energy shoots down Orvix takeover offer", status="denied")
    alert = an_alert(evidence=(claim, refusal), verdict="warn", reasons=(CONTESTED,))
    assert "denies" not in text(alert)
    longer = an_item(
        title="Halden Energy opens a pump plant in the U.S.",
        quote="Halden Energy opens a pump plant in the U.S. — its first market outside the U.S.",
    )
    assert "From its report" not in text(an_alert(evidence=(longer,), headline=longer.title))


def test_a_subject_is_told_by_its_own_half_of_a_headline_on_what_moved_with_it() -> None:
    client = a_client()

    def told(headline: str) -> str:
        alert = an_alert(client, kind="macro", stance="follows", headline=headline)
        item = alert.evidence[0].model_copy(update={"title": headline, "quote": headline, "spans": ()})
        alert = alert.model_copy(update={"entity_name": "Inflation", "evidence": (item,)})
        clause = best_clause(item, alert, client)
        return clause.text if clause else ""

    assert told("Orvix falls as inflation hits a new high") == "Inflation hits a new high"
    for whole in (
        "Orvix falls as fears of more inflation grow fast",
        "Orvix inflation falls as Halden cuts all prices",
    ):
        assert told(whole) == whole


def test_codes_of_shares_are_left_out_of_what_is_told_and_quoted() -> None:
    item = an_item(
        title="Halden Energy (NYSE: HLDE) cuts its dividend to 0.40 crowns",
        quote="Halden Energy (HLDE.N) will pay 0.40 crowns a share after three quarters of losses at its ports.",
    )
    alert = an_alert(headline=item.title, evidence=(item,))
    told = text(alert)
    assert "Halden Energy cuts its dividend" in told
    assert "“Halden Energy will pay 0.40 crowns" in told
    assert "HLDE" not in told + subject_line(brief(alert))
    known = grounding_sources(alert, a_client(), a_firm(), a_manager())
    assert not ungrounded(check_grounding(told, known))


@pytest.mark.parametrize(
    ("title", "quote", "hedge"),
    [
        (
            "Halden Energy pumps save a third of the power",
            "Early data from two harbors indicate that the pumps of Halden Energy save a third.",
            "These findings are preliminary.",
        ),
        ("Halden Energy pumps save a third of the power – preliminary study", "", "These findings are preliminary."),
        ("Halden Energy pumps save a third of the power, preliminary study shows", "", "preliminary study shows"),
        ("Halden Energy pumps save a third of the power in ten harbors", "", ""),
    ],
)
def test_what_a_report_calls_preliminary_is_told_as_that(title: str, quote: str, hedge: str) -> None:
    item = an_item(title=title, quote=quote or title)
    told = text(an_alert(headline=title, evidence=(item,)))
    assert hedge in told
    assert told.count("reliminary") == bool(hedge)


def test_of_two_headlines_in_one_the_clients_own_is_quoted() -> None:
    title = "Orvix shares are down again; Halden Energy, the port operator of the north, out of cash"
    alert = an_alert(headline=title, evidence=(an_item(title=title, quote=title),))
    assert "Orvix" not in text(alert) + subject_line(brief(alert))


def test_who_told_a_paper_is_told_without_naming_the_paper_twice() -> None:
    title = "Halden Energy’s chief told Northgate Wire that its ports will be sold"
    told = text(an_alert(headline=title, evidence=(an_item(title=title, quote=title),)))
    assert told == "Halden Energy’s chief told Northgate Wire that its ports will be sold."


@pytest.mark.parametrize(
    ("title", "elsewhere"),
    [("Another record for the Orvix port of Norland", True), ("Another record for the Halden Energy port", False)],
)
def test_a_quoted_headline_that_does_not_name_what_the_client_has_is_about_something_else(
    title: str, elsewhere: bool
) -> None:
    item = an_item(title=title, quote=title).model_copy(update={"spans": ()})
    found = news_part(brief(an_alert(headline=title, evidence=(item,))), max_words=40, others=False)
    assert (found.clause, found.elsewhere) == (None, elsewhere)


def test_who_says_it_at_the_end_gets_an_article_and_one_full_stop() -> None:
    title = "The tariffs of Halden Energy break the law on ports, E.U. says"
    told = text(an_alert(headline=title, evidence=(an_item(title=title, quote=title),)))
    assert "the E.U." in told
    assert ".." not in told
