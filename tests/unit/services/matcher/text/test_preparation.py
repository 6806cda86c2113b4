from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item, Source
from services.matcher.text.preparation import (
    LEAD_CHARACTERS,
    is_teaser,
    is_truncated,
    prepare_lead,
    prepare_text,
    prepare_title,
    prepared,
)
from tests.growth import assert_linear

LONG = "Halden cut its dividend, which it had raised every year since it was founded in a yard in Oslo."
PUBLISHER, HOST = "The Northgate Wire", "www.northgatewire.com"


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("Halden cuts its dividend - Northgate Wire", "Halden cuts its dividend"),
        ("Halden cuts its dividend | The Northgate Wire", "Halden cuts its dividend"),
        ("Halden cuts its dividend : Northgate Wire", "Halden cuts its dividend"),
        ("Halden cuts its dividend – northgatewire.com", "Halden cuts its dividend"),
        ("Halden cuts its dividend | Business | Northgate Wire News", "Halden cuts its dividend"),
        ("Halden  cuts\nits dividend| Markets", "Halden cuts its dividend"),
        ("BREAKING: Halden cuts its dividend", "Halden cuts its dividend"),
        ("LIVE: WATCH: Halden cuts its dividend", "Halden cuts its dividend"),
        ("EXCLUSIVE | Halden cuts its dividend", "Halden cuts its dividend"),
        ("UPDATE 2-Halden cuts its dividend", "Halden cuts its dividend"),
        ("BRIEF-Halden cuts its dividend", "Halden cuts its dividend"),
        ("Halden cuts its dividend [pdf]", "Halden cuts its dividend"),
        ("Halden cuts its dividend (VIDEO)", "Halden cuts its dividend"),
        ("Halden cuts its dividend [Updated]", "Halden cuts its dividend"),
        ("Halden cuts its dividend (Ada Berg/Selva Post)", "Halden cuts its dividend"),
        ("Halden cuts its dividend (Reuters)", "Halden cuts its dividend"),
        ("Halden cuts its dividend (NYSE: HLD)", "Halden cuts its dividend"),
        ("Halden cuts its dividend, ISIN NO0012345678", "Halden cuts its dividend"),
        ("Halden cuts its dividend | Northgate Wire Markets 1/5/2026", "Halden cuts its dividend"),
        ("First on Selva: Halden cuts its dividend", "Halden cuts its dividend"),
    ],
)
def test_a_title_loses_what_was_added_to_it(title: str, cleaned: str) -> None:
    assert prepare_title(title, PUBLISHER, HOST) == cleaned


@pytest.mark.parametrize(
    "title",
    [
        "Halden - Bexley talks",
        "Halden in talks with Bexley: sources",
        "Halden nears deal with Bexley - Selva Post",  # another outlet's word
        "Northgate Wire",
        "Halden | Bexley: a comparison",
        "Halden: we will appeal",
        "Watch makers brace for tariffs",
        "Brief-case maker Halden cuts its dividend",
        "Live-streaming site Halden raises $5 million",
        "Update on Halden's outage",
        "Halden recalls cars (and trucks)",
        "Halden's costs (legal and/or other)",
        "Opinion: Halden should cut its dividend",
        "[Sponsor] Halden opens its doors",
        "Halden's troubles explained – podcast",
        "Sources: Halden to cut its dividend",
        "CORRECTION: Halden did not cut its dividend",
    ],
)
def test_a_title_keeps_its_content(title: str) -> None:
    assert prepare_title(title, PUBLISHER, HOST) == title


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Halden cut its dividend. Read more...", "Halden cut its dividend."),
        ("Halden cut its dividend.Read more", "Halden cut its dividend."),
        ("Halden cut its dividend. Continue reading…", "Halden cut its dividend."),
        ("Halden cut its dividend. Continue Reading at Selva Post", "Halden cut its dividend."),
        ("Halden cut its dividend [...]", "Halden cut its dividend"),
        ("Halden cut it. The post Halden: a cut! appeared first on Selva Post.", "Halden cut it."),
        ("Halden cut it. This article was originally published by Selva. Bexley too.", "Halden cut it. Bexley too."),
        ("Halden cut it. Sign up for our free newsletter Bexley did not.", "Halden cut it. Bexley did not."),
        ("Halden cut it. Click here for the full list. Bexley did not.", "Halden cut it. Bexley did not."),
        ("Halden cut it.\nRelated tickers: HLD, BXL\nBexley did not.", "Halden cut it.\nBexley did not."),
        ("Halden cut it.\nAdvertisement\nBexley did not.", "Halden cut it.\nBexley did not."),
        ("OSLO, March 4, 2026 (GLOBE NEWSWIRE) -- Halden cut it.", "Halden cut it."),
        ("OSLO, March 4, 2026 /PRNewswire/ -- Halden cut it.", "Halden cut it."),
        ("OSLO–(BUSINESS WIRE)–Halden cut it.", "Halden cut it."),
        ("LONDON (Reuters) - Halden cut it.", "Halden cut it."),
        ("LONDON, Jan 5 (Reuters) - Halden cut it.", "Halden cut it."),
        ("(Northgate Wire) – Halden cut it.", "Halden cut it."),
        ("(Updates with details in third paragraph.) Halden cut it.", "Halden cut it."),
        ("Halden cut it. (Reporting by Ada Berg in Oslo; Editing by Jo Roe)", "Halden cut it."),
        ("Halden cut it.\nStory Continues\nBexley did not.", "Halden cut it.\nBexley did not."),
        ("Oslo, Norway – March 4, 2026 – Halden cut it.", "Halden cut it."),
        ("Photo by Ada Berg / Getty Images Halden cut it.", "Halden cut it."),
        ("Image: Halden Halden cut it.", "Halden cut it."),
        ("A yard in Oslo | Image: Halden", "A yard in Oslo"),
        (f"A yard in Oslo. | Image: Halden {LONG}", LONG),
        ("Illustration by Ada Berg / The Northgate Wire Halden cut it.", "Halden cut it."),
        ("A yard in Oslo, on May 4. (Ada Berg/AFP via Getty Images)", "A yard in Oslo, on May 4."),
        ("Share Article via Facebook Share Article via Email\nHalden cut it.", "Halden cut it."),
        ("Halden cut it.\nAbout Halden\nHalden is a leading maker.", "Halden cut it."),
        ("Halden cut it.\n\nContact:\nAda Berg\nada@halden.example", "Halden cut it."),
        ("By Ada Berg, Selva Post\nHalden cut it.", "Halden cut it."),
        ("Halden cut it.\nIllustration by Ada Berg for Selva.\nBexley did not.", "Halden cut it.\nBexley did not."),
        ("Halden cut it Get our morning emails and podcast Bexley did not.", "Halden cut it Bexley did not."),
        ("Halden cut it. The views expressed here do not reflect those of Selva.", "Halden cut it."),
        ("Welcome to Selva's Business newsletter {beacon} Halden cut it.", "Halden cut it."),
        ("Halden cut it. For more information, visit halden.example.", "Halden cut it."),
        ("Read more...", ""),
    ],
)
def test_a_text_loses_what_surrounds_the_news(text: str, cleaned: str) -> None:
    assert prepare_text(text, PUBLISHER) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "Halden said on March 4, 2026 – a month early – that it cut its dividend.",
        "Customers sign up for Halden's plan here and in Selva.",
        "Halden (legal and/or other costs)",
        "The company first appeared on the list in May.",
        "About half of them left.\nAbout 300 stayed.",
        "First paragraph.\n\nSecond paragraph.",
        "Halden's shares rose; readers want to read more books.",
        "BUCKLE UP - Halden cut it.",
        "Halden (HLD) - a maker of valves - cut it.",
        "(HLD) Halden cut it.",
        "Good morning and welcome to Selva's newsletter, which begins with Halden.",
    ],
)
def test_a_text_keeps_its_content(text: str) -> None:
    assert prepare_text(text, PUBLISHER) == text


def test_the_body_completes_a_short_summary() -> None:
    assert prepare_lead("Halden cut it.", "Halden cut it. Bexley did not.") == "Halden cut it. Bexley did not."
    assert prepare_lead("Halden cut it.", "Bexley did not.") == "Halden cut it. Bexley did not."
    assert prepare_lead(None, None) == ""
    assert len(prepare_lead("Halden " * 200, "Bexley " * 200)) <= LEAD_CHARACTERS


def test_an_item_is_prepared_and_stays_as_it_is() -> None:
    item = Item(
        id="i", title="LIVE: Halden cuts | Northgate Wire", summary="Read more", source=Source(publisher=PUBLISHER)
    )
    before = item.model_copy(deep=True)
    assert prepared(item) == ("Halden cuts", "")
    assert item == before


@pytest.mark.parametrize(
    "text",
    [
        "Here's what to know about Halden",
        "This stock could double",
        "5 things to know before the market opens",
        "Is Halden a buy?",
        "Find out why Halden fell.",
        "Why Halden stock is falling today",
        "How Halden won over Bexley",
        "Halden's dividend: What you need to know",
        "Selva's Ada Berg breaks down the news from Halden",
        "3 energy stocks to buy in May",
        "Everything you need to know about Halden's new phone",
    ],
)
def test_a_teaser_only_promises(text: str) -> None:
    assert is_teaser(text)


@pytest.mark.parametrize(
    "text",
    [
        "Halden cuts its dividend",
        "Halden cuts its dividend for the first time — here's what we know so far",
        "What's more, Halden cut its dividend.",
        "Five people were charged over the Halden breach.",
        "Two Halden plants to close",
        "However, Halden kept its dividend.",
        "Discover Financial Services beat estimates",
        "Halden could face fines over the breach",
        "What started as a small fire has halted Halden's plant",
    ],
)
def test_a_statement_is_no_teaser(text: str) -> None:
    assert not is_teaser(text)


@pytest.mark.parametrize("text", ["Halden: is there time before ...", "Halden cut its…", "Halden said it cut the"])
def test_a_cut_text_is_recognized(text: str) -> None:
    assert is_truncated(text)
    assert not is_truncated("Halden cut its dividend.")


# Random text alone would hardly ever be boilerplate.
PIECES = st.sampled_from(
    (
        *(
            "Halden cut its dividend.",
            "Halden",
            "A",
            "AA",
            "March 4, 2026 --",
            "www.selva.com",
            "\n",
            "(",
            "/",
            "?",
            "…",
            ",",
        ),
        *(
            "Read more",
            "Continue reading...",
            "[...]",
            "Click here to read.",
            "Sign up here.",
            "Advertisement",
            "About Halden",
        ),
        *("LIVE:", "(VIDEO)", "- Northgate Wire", "OSLO (Reuters) -", "/PRNewswire/ --", "(Ada Berg/Selva)"),
        *("Photo by Ada Berg / Getty Images", "Image: Halden Halden", "The post Halden appeared first on Selva."),
    )
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=12).map(" ".join))


@given(TEXTS)
def test_preparing_is_stable_and_never_adds(text: str) -> None:
    title = prepare_title(text, PUBLISHER, HOST)
    assert len(title) <= len(text)
    assert bool(title) == bool(text.strip())
    assert prepare_title(title, PUBLISHER, HOST) == title
    cleaned = prepare_text(text, PUBLISHER)
    assert len(cleaned) <= len(text)
    assert prepare_text(cleaned, PUBLISHER) == cleaned


@pytest.mark.parametrize(
    "piece",
    [
        "A",
        "Read more ",
        "AA / ",
        "Photo by ",
        "(",
        "Sign up ",
        "A. ",
        "LIVE: ",
        "| ",
        " - ",
        "Click here. ",
        "/ PR",
        ".",
    ],
)
def test_preparing_takes_linear_time(piece: str) -> None:
    numbers = itertools.count()

    def prepare(size: int) -> None:
        text = f"{piece * (size // len(piece))}{next(numbers)}{piece}"  # never the same text: some results are cached
        prepare_title(text, PUBLISHER, HOST)
        prepare_text(text, PUBLISHER)
        is_teaser(text)
        is_truncated(text)

    assert_linear(prepare, 40_000)
