"""Columns, instructions, previews and round-ups are recognized by the form of their headlines, and news is not."""

from __future__ import annotations

import pytest

from services.matcher.reading.headline_forms import HeadlineForm, find_form


@pytest.mark.parametrize(
    ("title", "form"),
    [
        ("We're taking profits in Halden and adding to two others", "opinion"),
        ("We’re booking gains in a port operator and using the cash to buy 2 rivals", "opinion"),
        ("Why I sold Corvane after its results", "opinion"),
        ("Our price target for Halden goes up after a strong quarter", "opinion"),
        ("Should investors buy Halden stock before the split?", "opinion"),
        ("3 dividend stocks to buy and never sell", "opinion"),
        ("Opinion: Halden has lost its way", "opinion"),
        ("How to move your files off Tallow", "feature"),
        ("Fernleaf's new search is open. Here's how to try it", "feature"),
        ("Here’s how much Quillon's family plan costs now", "feature"),
        ("Hands on: Quillon's new tablet", "feature"),
        ("What the ruling means for Halden", "analysis"),
        ("Read the Halden chief's memo on the ruling", "feature"),
        ("How Halden won back its mills", "analysis"),
        ("Here are the banks that lent to Halden", "analysis"),
        ("5 charts that show Halden's decline", "analysis"),
        ("'Nobody believes it': analysts explain why the Halden boycott works", "analysis"),
        ("Nordmark's new rules on cover, explained", "analysis"),
        ("Halden, Corvane earnings loom as shoppers hold back", "preview"),
        ("What to expect from Halden's earnings", "preview"),
        ("Form 4: Halden director sells 10,000 shares", "routine"),
        ("4 - HALDEN CORP (0001234567) (Issuer)", "routine"),
        ("SC 13G/A - HALDEN CORP (0001234567) (Subject)", "routine"),
        ("S-8 - HALDEN CORP (0001234567) (Filer)", "routine"),
        ("Filing: Halden Form 4 insider sale of $3 million in shares", "routine"),
        ("Vantage Capital files 13G on Halden with 5.2% stake", "routine"),
        ("FACTBOX-Mills that Halden has shut this year", "feature"),
        ("Halden shuts a mill, Meridia sued, and more top headlines", "list"),
        ("Halden shuts a mill, Meridia sued, and more", "list"),
        ("Halden shuts a mill. Plus, Meridia is sued", "list"),
        ("Halden shuts a mill. And, Meridia is sued", "list"),
        ("Halden shuts a mill — plus, a ferry for Corvane", "list"),
        ("Morning Briefing: Halden shuts a mill, plus Meridia's new ferry", "list"),
        ("The Download: Halden's shut mill, and a ferry for Corvane", "list"),
        ("What to know today: Halden shuts a mill", "list"),
        ("PRESS DIGEST- Halden shuts a mill", "list"),
        ("Stocks making the biggest moves premarket: Halden, Corvane and more", "list"),
        ("Osprey cuts 900 jobs—Here are the biggest layoffs this year", "list"),
        ("Recall tracker: Osprey calls back its kettles", "list"),
        ("Mill layoffs grow: Osprey to cut 90 jobs", "list"),
        ("The week in review: chips, ships and a recall", "list"),
        ("Your Thursday Briefing: Nordmark eases its rules", "list"),
        ("Nordmark votes – live", "list"),
        ("Live updates: storms close the ports", "list"),
        ("Market Wrap: shares slip on rate fears", "list"),
    ],
)
def test_the_form_shows_what_is_no_news(title: str, form: HeadlineForm) -> None:
    assert find_form(title, {"Osprey"}) == form


@pytest.mark.parametrize(
    "title",
    [
        "Halden's layoffs grow to 4,000",
        "Halden: here are the new terms",
        "Halden to buy two rivals for 3 billion crowns",
        "Filing: Halden 8-K reports theft of customer data",
        "8-K - HALDEN CORP (0001234567) (Filer)",
        "SC 13D - HALDEN CORP (0001234567) (Subject)",
        "Halden chief sells $1 billion in shares, Form 4 shows",
        "Filing: Halden says that it will withdraw shares registered on form S-8 after its collapse",
        "4 - Halden mills close after flood",
        "“We are cutting 500 jobs”, says Halden chief",
        "WE Mobility sells its parking arm",
        "I-Com sells its towers to Osprey",
        "Halden tells owners how to stop the battery overheating",
        "Halden will hold off on buying back shares",
        "Halden unveils the Tern 4, a new watch and more",
        "Halden cuts outlook ahead of its results",
        "Attackers abuse resets in Tallow - here's how to stay safe",
        "Halden reports earnings above expectations",
        "Morning Star Mining halts its shafts",
        "Daily Harvest recalls its soups",
        "What is wrong at Halden?",
        "Halden asked to explain why its mill burned",
        "Is Halden about to cut its dividend?",
        "4 plants close as Halden retreats",
        "Halden: what went wrong at the Easton plant was a valve",
        "Two Halden executives to leave that unit",
        "Halden goes live with instant payments",
        "Halden shares slide: here's why",
        "",
    ],
)
def test_news_has_no_such_form(title: str) -> None:
    assert find_form(title, {"Osprey"}) is None


@pytest.mark.parametrize("title", ["Osprey to buy Corvane – live", "The Morning After: Osprey recalls its vans"])
def test_a_page_of_several_stories_counts_for_what_its_headline_names(title: str) -> None:
    assert find_form(title, {"Osprey"}) is None
    assert find_form(title, {"Lindqvist"}) == "list"
