"""The words that a text may have instead of another's: what is listed, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.meaning.compare import check_meaning
from services.notifier.rewording.equivalence import (
    headline_says_the_same,
    news_says_the_same,
    opinion_says_the_same,
    says_the_same,
    split_advice,
    strange_word,
)
from tests.growth import assert_linear

OPINION = (
    "Based upon your desire for [W1] and limited risk, I would advise you to consider keeping [N1] unchanged because "
    "an early sale gives that choice away."
)
NEWS = "Port Courier reports: “[N1] closed some sites in March, people said.” Ledger also reports it."
#: Words that all phrases of a group have, or none.
WEIGHTY = frozenset(
    (
        "not",
        "no",
        "never",
        "all",
        "every",
        "most",
        "must",
        "will",
        "only",
        "always",
        "confirmed",
        "certain",
        "more",
        "less",
    )
)
WORDS = ("all", "no", "not", "must", "never", "only", "soon", "you", "some", "most", "risk", "will", "may", "by", "to")


@pytest.mark.parametrize(
    "text",
    [
        "Given your desire for [W1] and limited risk, I think you should consider keeping [N1] as it is, because an "
        "early sale gives that choice away.",
        "Because an early sale gives that choice away, and given your desire for [W1] and limited risk, I recommend "
        "that you consider keeping [N1] unchanged.",
        "I’d advise you to consider keeping [N1] unchanged, given your desire for [W1] and limited risk, because an "
        "early sale gives that choice away.",
    ],
)
def test_an_opinion_may_have_its_parts_in_another_order(text: str) -> None:
    assert opinion_says_the_same(text, OPINION)


@pytest.mark.parametrize(
    "text",
    [
        "According to Port Courier, [N1] closed some sites in March, people said, and Ledger also reports it.",
        "[N1] has closed some sites in March, people said, Port Courier reports. Ledger also reports it.",
        "Port Courier says that [N1] closed some sites in March, people said; Ledger also reports it.",
    ],
)
def test_who_reports_it_may_stand_elsewhere(text: str) -> None:
    assert news_says_the_same(text, NEWS)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        # a comma that changes who is meant, or what is denied
        ("Ledger reports: customers who paid cash lost it.", "Ledger reports: customers, who paid cash, lost it."),
        ("Ledger reports: [N1] did not close because of [N2].", "Ledger reports: [N1] did not close, because of [N2]."),
        ("Ledger reports: [N1] said [N2] lied.", "Ledger reports: [N1], said [N2], lied."),
        # who did it
        ("Ledger reports: the unit sold to [N2] is closed.", "Ledger reports: the unit has sold to [N2] is closed."),
        ("Ledger reports: [N1] was fined.", "Ledger reports: [N1] was has fined."),
        # whose words they are
        ("[N1] fell; [N2] will follow, Ledger reports.", "[N1] fell. [N2] will follow, Ledger reports."),
        ("Ledger reports: [N1] fell; [N2] will follow.", "[N1] fell, Ledger reports; [N2] will follow."),
        # when it happened
        ("Ledger reports: [N1] will have cut costs by then.", "Ledger reports: [N1] has cut costs by then."),
    ],
)
def test_news_keeps_its_commas_its_parties_and_its_speaker(source: str, text: str) -> None:
    assert news_says_the_same(source, source)
    assert not news_says_the_same(text, source)


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        (
            "[N1] closed two sites, Ledger reports, citing Port Courier.",
            [
                "Ledger, citing Port Courier, reports that [N1] closed two sites.",
                "According to Ledger, citing Port Courier, [N1] has closed two sites.",
                "[N1] closed two sites, according to Ledger, citing Port Courier.",
            ],
        ),
        ("[N1] closed two sites, according to Ledger.", ["Ledger reports that [N1] closed two sites."]),
        (
            "According to an unconfirmed report by Ledger, [N1] closed two sites.",
            ["An unconfirmed report by Ledger says that [N1] closed two sites."],
        ),
    ],
)
def test_a_report_has_its_source_in_any_form(source: str, texts: list[str]) -> None:
    for text in (source, *texts):
        assert news_says_the_same(text, source), text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "[N1] closed two sites, Ledger reports, citing Port Courier.",
            "[N1] closed two sites, Port Courier reports, citing Ledger.",
        ),
        ("[N1] closed two sites, Ledger reports, citing Port Courier.", "[N1] closed two sites, Ledger reports."),
        (
            "According to an unconfirmed report by Ledger, [N1] closed two sites.",
            "[N1] closed two sites, according to an unconfirmed report by Ledger.",
        ),
        (
            "According to an unconfirmed report by Ledger, [N1] closed two sites.",
            "According to a report by Ledger, [N1] closed two sites.",
        ),
        (
            "According to an unconfirmed report by Ledger, which cites [N2], [N1] closed.",
            "According to an unconfirmed report by [N2], which cites Ledger, [N1] closed.",
        ),
    ],
)
def test_a_report_keeps_its_source_and_its_doubt(source: str, text: str) -> None:
    assert news_says_the_same(source, source)
    assert not news_says_the_same(text, source)


def test_a_denial_keeps_its_commas_in_our_words_too() -> None:
    assert says_the_same("It is calm, because it waits.", "It is calm because it waits.")
    assert not says_the_same("It is not sold, because it waits.", "It is not sold because it waits.")


def test_a_source_may_cite_another() -> None:
    told = "Ledger, citing Port Courier, reports: [N1] Inc. closed some sites."
    assert news_says_the_same("According to Ledger, citing Port Courier, [N1] Inc. closed some sites.", told)
    assert news_says_the_same("[N1] Inc. has closed some sites, Ledger, citing Port Courier, reports.", told)
    assert not news_says_the_same("According to Port Courier, citing Ledger, [N1] Inc. closed some sites.", told)
    assert not news_says_the_same("According to Ledger, [N1] Inc. closed some sites.", told)


@pytest.mark.parametrize(
    "text",
    [
        "According to Ledger, [N1] closed some sites in March, people said. Port Courier also reports it.",
        "[N1] closed some sites in March, people said. Ledger also reports it.",
        "[N1], said people, closed some sites in March, Port Courier reports. Ledger also reports it.",
        "Port Courier reports: some sites closed [N1] in March, people said. Ledger also reports it.",
    ],
)
def test_nobody_else_may_have_said_or_done_it(text: str) -> None:
    assert not news_says_the_same(text, NEWS)


def test_a_headline_may_stand_in_the_past_if_its_report_does() -> None:
    title = "[N1] raises prices"
    assert headline_says_the_same("[N1] has raised its prices", title, ["[N1] raised its prices on [D1]."])
    for report in ("[N1] will be raised.", "[N1] will have raised its prices.", "[N1] may soon.", "[N1] raises prices"):
        assert not headline_says_the_same("[N1] has raised prices", title, [report])
    assert not headline_says_the_same("[N1] has raised its prices", title, ["[N1] raised prices on [D1]."])


def test_a_headline_without_is_may_have_it() -> None:
    assert headline_says_the_same("[N1] was ordered to pay", "[N1] ordered to pay")
    assert headline_says_the_same("[N1] is expected to pay", "[N1] expected to pay")
    assert not headline_says_the_same("[N1] was expected to pay", "[N1] expected to pay")
    assert not headline_says_the_same("[N1] was paid for it", "[N1] paid for it")


def test_a_report_may_stand_in_place_of_its_headline_only() -> None:
    told, report = "Ledger reports: [N1] shuts plant.", "[N1] shut its oldest plant, the mayor said."
    assert news_says_the_same(f"According to Ledger, {report}", told, ["[N1] shuts plant"], [report])
    other = "Ledger reports: [N1] shut its oldest plant although it makes money."
    assert not news_says_the_same(f"According to Ledger, {report}", other, ["[N1] shuts plant"], [report])


@given(st.data())
def test_any_other_word_is_noticed(data: st.DataObject) -> None:
    words = OPINION.split()
    at = data.draw(st.integers(0, len(words) - 1))
    word = data.draw(st.sampled_from(WORDS))
    if words[at].strip(".,").casefold() != word:
        assert not opinion_says_the_same(" ".join([*words[:at], word, *words[at + 1 :]]), OPINION)
    assert not opinion_says_the_same(" ".join([*words[:at], word, *words[at:]]), OPINION)


@given(st.data())
def test_no_word_but_an_article_may_be_left_out(data: st.DataObject) -> None:
    words = OPINION.split()
    at = data.draw(st.integers(0, len(words) - 1))
    left = " ".join([*words[:at], *words[at + 1 :]])
    assert opinion_says_the_same(left, OPINION) == (words[at] in ("an", "a", "the"))


@given(st.lists(st.sampled_from([*WORDS, *NEWS.split(), "because", "it’s", "–", "half;", "(about", "9"])))
def test_every_text_says_what_it_says_itself_and_has_no_strange_word(words: list[str]) -> None:
    text = " ".join(["So", *words, "it", "is."])
    assert says_the_same(text, text)
    assert strange_word(text, [text]) is None


def test_no_listed_phrase_turns_another_into_its_opposite() -> None:
    raw = read_yaml("words", "equivalents.yaml")
    for group in raw["groups"]:
        found = {frozenset(WEIGHTY.intersection(phrase.casefold().split())) for phrase in group}
        assert len(found) == 1, group


def test_listed_phrases_do_not_differ_in_meaning() -> None:
    """The check of meaning knows other words than the list, and finds no difference in it."""
    for group in read_yaml("words", "equivalents.yaml")["groups"]:
        for phrase, other in pairwise(group):
            found = check_meaning(f"For [N1], {phrase} the plan of [N2].", [f"For [N1], {other} the plan of [N2]."])
            assert found == (), (phrase, other)


def test_an_opinion_without_a_basis_may_change_its_order_too() -> None:
    told = "I think you should consider waiting because nothing is lost by it."
    assert opinion_says_the_same("Because nothing is lost by it, I recommend that you consider waiting.", told)
    assert not opinion_says_the_same("Based upon your desire for [W1], I think you should consider waiting.", told)


@pytest.mark.parametrize(
    "junk", ["a ", ", ", "the a an ", "because ", "[N1] ", "and , ", "i think you should consider "]
)
def test_a_long_answer_is_judged_in_proportion_to_its_length(junk: str) -> None:
    def judge(size: int) -> None:
        assert not opinion_says_the_same(junk * (size // len(junk)), OPINION)
        assert not opinion_says_the_same(OPINION + junk * (size // len(junk)), OPINION)
        assert not news_says_the_same(NEWS[:40] + junk * (size // len(junk)), NEWS, [NEWS], [NEWS])

    assert_linear(judge, 8_000)


def test_advice_is_split_into_action_and_reason() -> None:
    assert split_advice(OPINION) == ("keeping [N1] unchanged", "an early sale gives that choice away")
    assert split_advice("I have no opinion on it.") is None
