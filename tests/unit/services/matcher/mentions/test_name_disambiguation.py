"""Names that are easily missed in the news, and look-alikes that are easily mistaken for them."""

from __future__ import annotations

import pytest

from schemas.clients import Watch
from schemas.items import Item, Source
from services.matcher.mentions.finder import MentionFinder


def watch(name: str, *aliases: str, ticker: str | None = None, kind: str = "holding") -> Watch:
    tickers = (ticker,) if ticker else ()
    return Watch.model_validate({"entity_id": name, "name": name, "aliases": aliases, "tickers": tickers, "kind": kind})


def found(watches: list[Watch], title: str, *, summary: str | None = None, publisher: str | None = None) -> list[str]:
    item = Item(id="itm", title=title, summary=summary, source=Source(publisher=publisher))
    return [mention.entity_id for mention in MentionFinder.build(watches).find(item)]


def surfaces(watched: Watch, title: str) -> list[str]:
    mentions = MentionFinder.build([watched]).find(Item(id="itm", title=title))
    return [span.text for mention in mentions for span in mention.spans]


@pytest.mark.parametrize(
    "title",
    [
        "Corvane's profit falls",
        "Corvane’s profit falls",
        "Profit falls at Corvanes",
        "Profit falls at Corvane, Halden says",
        "CORVANE PROFIT FALLS AFTER WEAK YEAR",
        "corvane profit falls",
        "Non-Corvane sales up, Corvane-led group says",
        "Ex-minister joins Corvane",
        "“Corvane” is the name on the door",
        "Corvane/Halden merger talks",
        "Shares (Corvane) fall",
    ],
)
def test_possessives_plurals_letter_case_and_punctuation_do_not_matter(title: str) -> None:
    assert found([watch("Corvane Pharma plc", "Corvane")], title)


def test_an_abbreviation_that_is_another_with_an_s_is_no_plural_of_it() -> None:
    assert not found([watch("VXR")], "A new flaw (9.9 VXRS) lets users run commands")
    assert found([watch("VXR")], "Two VXRs are for sale")
    assert found([watch("VXR")], "VXR'S SALES FALL AFTER WEAK YEAR")


@pytest.mark.parametrize(
    ("written", "in_text"),
    [
        ("Alder-Voss", ("Alder-Voss", "Alder Voss", "AlderVoss", "Alder–Voss")),
        ("Alder Voss", ("Alder-Voss", "Alder Voss", "Alder–Voss")),
        ("AlderVoss", ("Alder-Voss", "AlderVoss", "Alder–Voss")),
    ],
)
def test_hyphenated_forms_of_a_name_are_found(written: str, in_text: tuple[str, ...]) -> None:
    for name in in_text:
        assert found([watch(written)], f"{name} cuts jobs"), name


@pytest.mark.parametrize(
    "written",
    [
        "Velmora",
        "Velmora Inc.",
        "Velmora, Inc.",
        "Velmora plc",
        "Velmora GmbH",
        "Velmora GmbH & Co. KG",
        "Velmora Ltd",
        "Velmora Pvt. Ltd.",
        "Velmora Private Limited",
        "Velmora S.p.A.",
        "Velmora S.A.",
        "Velmora A/S",
        "Velmora AB (publ)",
        "Velmora N.V.",
        "Velmora Oyj",
        "Velmora Co., Ltd.",
        "The Velmora Company",
    ],
)
@pytest.mark.parametrize("title", ["Velmora wins order", "Order won by Velmora Ltd, says rival", "Velmora's order"])
def test_the_legal_form_of_a_name_does_not_matter(written: str, title: str) -> None:
    assert found([watch(written)], title)


def test_a_legal_form_is_part_of_the_span() -> None:
    assert surfaces(watch("Velmora plc"), "Why Velmora, Inc. sells Velmora SE") == ["Velmora, Inc", "Velmora SE"]


@pytest.mark.parametrize(
    ("written", "title", "is_found"),
    [
        ("Müllerhaus", "Müllerhaus wächst", True),
        ("Müllerhaus", "Mullerhaus grows", True),
        ("Müllerhaus", "Muellerhaus grows", True),
        ("Muellerhaus", "Müllerhaus grows", True),
        ("Muellerhaus", "Mullerhaus grows", False),
        ("Ørby Energi", "Orby Energi grows", True),
        ("Ørby Energi", "Oerby Energi grows", True),
        ("Oerby Energi", "Ørby Energi grows", True),
        ("Åkervik", "Akervik grows", True),
        ("Åkervik", "Aakervik grows", True),
        ("Straußen", "Straussen grows", True),
        ("Straussen", "Straußen grows", True),
        ("Cafés Léonce", "Cafe\u0301s Le\u0301once grows", True),
        ("Łodzik", "Lodzik grows", True),
        ("Æther Labs", "Aether Labs grows", True),
        ("Poet Labs", "Pot Labs grows", False),
        ("Samuel Foods", "Samul Foods grows", False),
    ],
)
def test_accents_and_transliterations(written: str, title: str, is_found: bool) -> None:
    assert bool(found([watch(written)], title)) is is_found


@pytest.mark.parametrize(
    ("ticker", "title"),
    [
        ("ORV", "Buy $ORV now"),
        ("ORV", "Norwick (NASDAQ: ORV) rises"),
        ("ORV", "Norwick (NASDAQ:ORV) rises"),
        ("ORV", "Norwick (ORV) rises"),
        ("ORV", "Norwick <ORV.O> rises"),
        ("ORV", "Norwick (ORV.N) rises"),
        ("ORV", "Norwick [ORV.L] rises"),
        ("ORV", "Norwick (ORV US) rises"),
        ("ORV", "Norwick, ORV LN Equity, rises"),
        ("ORV", "ORV rises"),
        ("IT", "Norwick (NYSE: IT) rises"),
        ("IT", "Buy $IT now"),
        ("T", "Norwick (NYSE: T) rises"),
        ("ORV.L", "ORV rises"),
        ("LSE:ORV", "ORV rises"),
        ("ORV LN", "ORV rises"),
        ("BRV.B", "BRV.B rises"),
        ("BRV.B", "Norwick (NYSE: BRV.B) rises"),
    ],
)
def test_a_ticker_is_found(ticker: str, title: str) -> None:
    assert found([watch("Something Else Foods", ticker=ticker)], title)


@pytest.mark.parametrize(
    ("ticker", "title"),
    [
        ("IT", "IT spending rises"),
        ("IT", "It rises"),
        ("T", "Model T sold at auction"),
        ("T", "AT&T rises"),
        ("ORV", "Orv Sandler joins the board"),
        ("ORV", "orv is not a word"),
        ("ALL", "ALL SHOPS CLOSE FOR THE HOLIDAY"),
        ("NOW", "Act NOW, says minister"),
    ],
)
def test_a_word_that_only_looks_like_a_ticker_is_not_found(ticker: str, title: str) -> None:
    assert found([watch("Something Else Foods", ticker=ticker)], title) == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Bank of America lends more", []),
        ("America votes", ["America"]),
        ("Norwick Capital buys tower", []),
        ("Norwick Oil to drill, Norwick to sell", ["Norwick", "Norwick Oil"]),
        ("Oil marketing companies lose on fuel", []),
        ("Oil Norwick finds gas", ["Oil Norwick"]),
        ("State Bank of Norwick lends", ["State Bank of Norwick"]),
        ("Bank of Norwick lends", ["Bank of Norwick"]),
        ("Reserve Bank of Norwick lends", []),
        ("Rival Bank of Norwick lends", ["Bank of Norwick"]),
    ],
)
def test_a_name_inside_a_longer_name_is_not_found(title: str, expected: list[str]) -> None:
    names = ["America", "Norwick", "Norwick Oil", "State Bank of Norwick", "Bank of Norwick"]
    assert found([*map(watch, names), watch("Oil Norwick", "Oil")], title) == expected


@pytest.mark.parametrize(
    "title",
    [
        "Buy Halden for the long term: Deepak Mohani",
        "Vipul Deepak joins the board",
        "Mr Deepak resigns from Halden",
        "Deepak Mohani, analyst, likes Halden",
        "Halden names Anna Morgan chief executive",
        "Morgan Freely sings in Easton",
    ],
)
def test_a_name_inside_a_persons_name_is_not_found(title: str) -> None:
    assert found([watch("Deepak Fertilisers", "Deepak"), watch("Morgan Foods", "Morgan")], title) == []


@pytest.mark.parametrize(
    "title",
    [
        "Crude to rise further: Goldman Sachs",
        "Crude to rise further: Ann Lee, Goldman Sachs",
        "Crude to rise further, says Goldman Sachs",
        "Crude to rise further, according to Goldman Sachs",
        "Goldman Sachs analysts see crude rising",
        "Goldman Sachs upgrades Halden to buy",
        "Goldman Sachs cuts Halden price target",
        "Rivals to merge, Reuters reports",
        "Rivals to merge, says Reuters",
        "Rivals to merge - Reuters",
        "Rivals to merge | Reuters",
        "NORWICK (Reuters) - Rivals are to merge",
        "Minister tells Reuters of merger",
        "Ministers told Reuters that rivals merge",
        "Rivals to merge, the chief said in an interview with Reuters",
        "In a Reuters poll, economists expected a rise",
    ],
)
def test_a_source_that_is_only_quoted_is_not_found(title: str) -> None:
    assert found([watch("Goldman Sachs"), watch("Reuters")], title) == []


@pytest.mark.parametrize(
    "title",
    [
        "Goldman Sachs to cut jobs",
        "Regulator fines Goldman Sachs",
        "Goldman Sachs profit beats forecasts",
        "Reuters to close bureau",
        "Staff at Reuters vote to strike",
    ],
)
def test_news_about_a_source_is_found(title: str) -> None:
    assert found([watch("Goldman Sachs"), watch("Reuters")], title)


def test_the_publisher_is_found_only_in_news_about_itself() -> None:
    assert found([watch("Norwick Post")], "Storm hits - Norwick Post", publisher="Norwick Post") == []
    assert found([watch("Norwick Post")], "Norwick Post says storm hits", publisher="Norwick Post") == []
    assert found([watch("Norwick Post")], "Norwick Post to close", publisher="Norwick Post")


@pytest.mark.parametrize(
    ("name", "title", "is_found"),
    [
        ("Apple", "Apple unveils phone", True),
        ("Apple", "An apple a day", False),
        ("Apple", "Apple harvest ruined by frost", False),
        ("Target", "Shoppers leave Target in droves", True),
        ("Target", "Central bank hits target", False),
        ("Target", "Target price raised at Halden", False),
        ("Gap", "The pay gap widens", False),
        ("Gap", "Why Gap, Halden and Orvane fell", True),
        ("Take", "Take care of your money", False),
        ("Visa", "Visa rules tightened for students", False),
        ("Visa", "Fraud rises at Visa and Halden", True),
        ("Oracle", "Oracle's cloud sales rise", True),
        ("Oracle", "The oracle speaks", False),
        ("Oracle", "ORACLE TO BUY HALDEN FOR CASH", True),
    ],
)
def test_a_name_that_is_a_word_is_found_only_as_a_name(name: str, title: str, is_found: bool) -> None:
    assert bool(found([watch(f"{name} Inc.")], title)) is is_found


@pytest.mark.parametrize("title", ["Former Halden chief charged", "Ex-Halden boss jailed", "Halden ex-chief jailed"])
def test_news_about_a_former_executive_mentions_the_company(title: str) -> None:
    assert found([watch("Halden")], title)


def test_a_place_that_is_a_word_needs_a_capital() -> None:
    places = [watch("Reading", kind="place"), watch("Norwick", kind="place")]
    assert found(places, "Pupils love reading in norwick") == ["Norwick"]
    assert found(places, "New plant opens in Reading") == ["Reading"]


def test_an_acronym_shared_with_an_authority_needs_more_evidence() -> None:
    bank = watch("Central Banking of Norwick Ltd", "CBI")
    assert found([bank], "CBI raids shops") == []
    assert found([bank], "CBI gains", summary="Central Banking of Norwick rose.") == ["Central Banking of Norwick Ltd"]
    assert found([bank], "Lender (NSE: CBI) rises") == ["Central Banking of Norwick Ltd"]


@pytest.mark.parametrize(
    ("title", "is_found"),
    [
        ("Corvane Group stocks slide", False),
        ("Corvane Group companies gain", False),
        ("Corvane Group names new chief", True),
        ("Corvane Group's companies, Corvane among them", True),
    ],
)
def test_news_about_all_companies_of_a_group_does_not_mention_the_company(title: str, is_found: bool) -> None:
    assert bool(found([watch("Corvane")], title)) is is_found
