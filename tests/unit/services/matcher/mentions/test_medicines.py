from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from services.matcher.lexicon import read_table
from services.matcher.mentions.medicines import medicine_names
from services.matcher.mentions.terms import WordClass, word_class
from services.matcher.text.word_lists import word_lists

ROOT = Path(__file__).parents[5]
ROWS = read_table("medicines.csv")


@pytest.mark.parametrize(
    ("brand", "generic"),
    [
        ("Humira", "adalimumab"),
        ("Ozempic", "semaglutide"),
        ("Wegovy", "semaglutide"),
        ("EpiPen", "epinephrine"),
        ("Mounjaro", "tirzepatide"),
        ("Eliquis", "apixaban"),
        ("Paxlovid", "nirmatrelvir and ritonavir"),
        ("Leqembi", "lecanemab"),
        ("Synthroid", "levothyroxine"),
        ("Ventolin", "salbutamol"),
        ("Tylenol", "paracetamol"),
    ],
)
def test_a_brand_has_its_generic_names_and_a_generic_name_its_brands(brand: str, generic: str) -> None:
    assert generic in medicine_names(brand)
    assert brand.casefold() in {other.casefold() for other in medicine_names(generic)}


def test_news_on_another_brand_is_not_news_on_ones_own() -> None:
    assert medicine_names("Ozempic") == ("semaglutide",)
    assert "Wegovy" in medicine_names("semaglutide")


def test_a_name_is_known_in_any_letter_case_and_with_its_strength() -> None:
    assert medicine_names("HUMIRA") == medicine_names("Humira") == medicine_names("humira") == ("adalimumab",)
    assert medicine_names("Humira 40 mg") == ("Humira", "adalimumab")
    # A capital in the book asks for one in the news; the generic name is found without one.
    assert medicine_names("Metformin")[0] == "metformin"
    assert "metformin" not in medicine_names("metformin")


@pytest.mark.parametrize("name", ["Quillon", "Microsoft", "measles", "", "Brightwater Pharmacy"])
def test_what_is_no_medicine_has_no_other_names(name: str) -> None:
    assert medicine_names(name) == ()


@pytest.mark.parametrize("brand", ["Adzenys Er", "Fentora", "Lithobid", "Marinol", "Depo-Testosterone"])
def test_a_generic_name_that_means_more_in_the_news_is_not_added_to_a_brand(brand: str) -> None:
    assert medicine_names(brand) == ()


def test_no_name_is_an_ordinary_word_or_a_persons() -> None:
    for row in ROWS:
        for name in [*row["also"].split(";"), *row["brands"].split(";")]:
            words = name.casefold().split()
            if len(words) == 1:
                assert word_class(words) is WordClass.NONE, name
                assert name.casefold() not in word_lists().given_names, name


def test_each_row_is_complete_and_in_order() -> None:
    generics = [row["generic"] for row in ROWS]
    assert generics == sorted(set(generics))
    assert len(generics) > 1500
    for row in ROWS:
        assert row["generic"].islower()
        assert row["also"] or row["brands"], row["generic"]
        assert row["broad"] in ("", "yes")


@pytest.mark.slow
def test_the_file_is_what_its_script_makes() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "medicine_names.py"))["lines"]()
    assert made == (ROOT / "services" / "matcher" / "lexicon" / "medicines.csv").read_text("utf-8").splitlines()
