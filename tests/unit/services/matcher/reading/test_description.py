from __future__ import annotations

from typing import Any

import pytest

from schemas.mentions import FAMILY_OF, EventKind
from services.matcher.reading.description import NamedReading, describe_readings, role_phrase
from services.matcher.reading.model.encoding import NameType
from tests.unit.services.matcher.readings import reading


def named(name: str, kind: EventKind, *, type: NameType = "company", **given: Any) -> NamedReading:
    fields = {"entity_id": name, "kind": FAMILY_OF[kind], **given}
    participants = fields.pop("participants", ())
    read = reading(**fields).model_copy(update={"participants": participants})
    return NamedReading(read, name, type, kind)


def said(*readings: NamedReading, title: str = "") -> list[str]:
    return [" ".join(read.reasons) for read in describe_readings(title, readings)]


def test_a_sentence_says_who_acts_on_whom_and_what_the_name_has_to_do_with_it() -> None:
    assert said(
        named("Quillon", "acquisition", role="actor"),
        named("Halden", "takeover", role="object"),
        named("Osprey", "deal", role="mention"),
        named("Bexley", "deal", role="affected"),
        named("Corvane", "deal", role="speaker"),
    ) == [
        "An acquisition of Halden by Quillon.",
        "A takeover of Halden by Quillon.",
        "An acquisition of Halden by Quillon; Osprey is only mentioned.",
        "An acquisition of Halden by Quillon; Bexley is affected by it.",
        "An acquisition of Halden by Quillon; Corvane is only the source.",
    ]


def test_the_headline_shows_the_sides_of_a_deal_that_nobody_watches() -> None:
    title = "Quillon to buy Osprey, a supplier of Halden"
    mention = named("Halden", "deal", role="mention", participants=("Quillon", "Osprey"))
    assert said(mention, title=title) == ["An acquisition of Osprey by Quillon; Halden is only mentioned."]
    buyer = named("Quillon", "acquisition", role="object", participants=("Osprey", "Bexley"))
    assert said(buyer, title="Osprey taken over by Quillon") == ["An acquisition of Osprey by Quillon."]


def test_what_one_side_sells_the_other_side_does_not_take_over() -> None:
    seller = named("Bexley", "divestment", role="actor")
    assert said(named("Halden", "takeover", role="object"), seller)[0] == "A deal by Bexley for Halden."


@pytest.mark.parametrize(
    ("kind", "role", "sentence"),
    [
        ("dividend_cut", "actor", "A dividend cut by Halden."),
        ("lawsuit", "object", "A lawsuit against Halden."),
        ("data_breach", "object", "A breach or hack at Halden."),
        ("vulnerability", "object", "A vulnerability in Halden products."),
        ("investigation", "object", "An investigation into Halden."),
        ("partnership", "party", "A partnership with Halden as one of the parties."),
        ("other", "actor", "Other news about Halden."),
        ("none", "object", "No new event; the text is about Halden."),
        ("none", "mention", "No new event; Halden is only mentioned."),
        ("recall", "homonym", "The text means something else by “Halden”."),
    ],
)
def test_an_event_has_its_own_phrase(kind: EventKind, role: str, sentence: str) -> None:
    assert said(named("Halden", kind, role=role)) == [sentence]


def test_equal_parties_are_named_together() -> None:
    parties = [named(name, "contract", role="party") for name in ("Halden", "Quillon")]
    assert said(*parties) == [
        "A contract or partnership between Halden and Quillon.",
        "A contract or partnership between Quillon and Halden.",
    ]
    third = said(*parties, named("Osprey", "contract", role="actor"))
    assert third[0] == "A contract or partnership for Osprey; Halden is one of the parties."


def test_a_subject_does_not_act_and_a_product_is_acted_on() -> None:
    assert said(
        named("Ransomware", "data_breach", role="actor", type="topic"),
        named("Halden", "data_breach", role="object"),
        named("Exports", "data_breach", role="mention", type="topic"),
        named("Lisbon", "data_breach", role="affected", type="place"),
    ) == [
        "A breach or hack at Halden; it is about Ransomware.",
        "A breach or hack at Halden.",
        "A breach or hack at Halden; “Exports” is only mentioned.",
        "A breach or hack at Halden; it touches on Lisbon.",
    ]
    launched = named("Pumpworks", "product_launch", role="actor", type="product")
    assert said(launched, named("Halden", "product_launch", role="actor"))[0] == (
        "A product launch of Pumpworks by Halden."
    )
    assert role_phrase("actor", "topic") == "what it is about"
    assert role_phrase("actor", "company") == "the one acting"


def test_an_authority_acts_in_what_others_are_involved_in() -> None:
    assert said(named("FTC", "investigation", role="actor", type="regulator")) == ["An investigation by FTC."]
    assert said(named("Halden", "investigation", role="actor")) == ["An investigation involving Halden."]


def test_firmness_and_genre_are_said_unless_they_are_the_usual_ones() -> None:
    assert said(named("Halden", "takeover", role="object", status="rumor", genre="list")) == [
        "A takeover of Halden, so far only a rumor. The text is a round-up or list."
    ]
    assert said(named("Halden", "layoffs", role="actor", status="plan")) == [
        "Job cuts or a closure at Halden, announced but not done yet."
    ]


def test_words_of_denial_withdrawal_and_calling_off_are_said_whatever_was_read() -> None:
    own = named("Halden", "investigation", role="object")
    assert said(own._replace(claim="denied")) == ["An investigation into Halden, but denied."]
    assert said(own._replace(claim="retracted")) == ["An investigation into Halden, but withdrawn."]
    deal = named("Halden", "deal", role="object")._replace(kind="averted")
    assert said(deal) == ["A deal involving Halden, but called off or averted."]


def test_doubt_is_said() -> None:
    assert said(named("Halden", "recall", role="actor", genre="opinion", sure=0.4)) == [
        "Perhaps a recall by Halden. The text is perhaps an opinion."
    ]
    unsure = named("Halden", "recall", role="mention", sure=0.4)
    assert said(unsure) == ["Perhaps a recall; perhaps Halden is only mentioned."]
    assert said(named("Halden", "recall", role="homonym", sure=0.4)) == [
        "The text perhaps means something else by “Halden”."
    ]


def test_others_are_named_only_if_their_part_is_sure_and_the_event_the_same() -> None:
    own = named("Halden", "recall", role="actor")
    assert said(own, named("Quillon", "recall", role="actor", sure=0.4), named("Osprey", "strike", role="actor"))[
        0
    ] == ("A recall by Halden.")
