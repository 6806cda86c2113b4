"""Languages are detected from headlines, and English headlines are not mistaken for another language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item
from services.matcher.reading.claims import classify_claim
from services.matcher.text.language import detect_language

FOREIGN = {
    "de": (
        "Volkswagen senkt Prognose und streicht 4000 Stellen",
        "Siemens übernimmt US-Softwarefirma für zehn Milliarden Dollar",
        "Halden-Aktie bricht nach Gewinnwarnung ein",
        "Meridia Bank kündigt Abbau von Filialen an",
        "Kartellamt prüft Übernahme von Corvane",
        "Rückruf bei Selva: Allergene in Handcreme",
    ),
    "fr": (
        "Halden Energy abaisse ses prévisions annuelles",
        "La banque Meridia supprime 400 emplois",
        "Corvane Pharma rachète un laboratoire suisse",
        "Grève chez Osprey Freight : les ports ralentis",
    ),
    "es": (
        "Meridia Bank recorta su dividendo a la mitad",
        "Corvane compra el grupo Estmere por 3.000 millones",
        "Las acciones de Halden caen un 12 %",
    ),
    "it": (
        "Halden Energy taglia il dividendo",
        "Meridia Bank, utile in calo del 12%",
        "Sciopero alla Osprey Freight, porti bloccati",
    ),
    "pt": (
        "Halden Energy corta dividendos pela metade",
        "Lucro do Meridia Bank cai 12% no trimestre",
    ),
    "nl": (
        "Halden Energy verlaagt winstverwachting voor dit jaar",
        "Meridia Bank schrapt 400 banen",
    ),
    "sv": (
        "Halden Energy sänker utdelningen",
        "Meridia Bank varslar 400 anställda",
    ),
    "da": (
        "Halden Energy sænker forventningerne til 2026",
        "Meridia Bank fyrer 400 medarbejdere",
    ),
    "no": (
        "Halden Energy kutter utbyttet",
        "Meridia Bank sier opp 400 ansatte",
    ),
    "fi": (
        "Halden Energy laskee osinkoaan",
        "Meridia Bank irtisanoo 400 työntekijää",
    ),
    "pl": (
        "Halden Energy obniża dywidendę o połowę",
        "Meridia Bank zwolni 400 osób do końca roku",
    ),
    "cs": (
        "Halden Energy sníží dividendu o polovinu",
        "Meridia Bank propustí 400 lidí",
    ),
    "hu": ("A Halden Energy csökkenti az osztalékot ebben az évben",),
    "ro": ("Halden Energy reduce dividendele la jumătate",),
    "tr": (
        "Halden Energy temettüyü yarıya indirdi",
        "Meridia Bank 400 kişiyi işten çıkaracak",
    ),
    "id": (
        "Halden Energy memotong dividen untuk tahun ini",
        "Saham Meridia Bank turun 12 persen",
    ),
    "vi": ("Halden Energy cắt giảm cổ tức",),
    "ru": (
        "Halden Energy сократит дивиденды вдвое",
        "Meridia Bank увольняет 400 сотрудников",
    ),
    "el": ("Η Halden Energy μειώνει το μέρισμα",),
    "zh": ("Halden Energy 宣布裁员四百人",),
    "ja": ("ハルデン・エナジー、減配を発表",),
    "ko": ("Halden Energy, 배당금 절반으로 축소",),
    "ar": ("شركة هالدن تخفض توزيعات الأرباح",),
    "he": ("הלדן אנרג'י מקצצת בדיבידנד",),
    "hi": ("हाल्डेन एनर्जी ने लाभांश घटाया",),
    "th": ("ฮัลเดน เอนเนอร์จี ลดเงินปันผล",),
}
ENGLISH = (
    "Nestlé raises full-year outlook",
    "L'Oréal to buy Zürich start-up",
    "Halden Energy cuts dividend",
    "Société Générale said to weigh sale of unit",
    "São Paulo court fines Meridia",
    "Peugeot la la land advert banned",
    "Die hard fans queue for Halden Energy drink",
    "Halden Energy",
    "Q3: 12%",
    "CORVANE PHARMA SOARS",
    "Halden Energy slumps",
)


@pytest.mark.parametrize("title", [title for titles in FOREIGN.values() for title in titles])
def test_a_claim_in_another_language_is_not_judged(title: str) -> None:
    assert detect_language(title) not in (None, "en")
    assert not classify_claim(Item(id="i", title=title)).judged


@pytest.mark.parametrize("title", ENGLISH)
def test_an_english_claim_is_judged_even_with_foreign_names(title: str) -> None:
    assert detect_language(title) in (None, "en")
    assert classify_claim(Item(id="i", title=title)).judged


@pytest.mark.parametrize("language", ["de", "fr", "es", "it", "pt", "nl", "sv", "pl", "ru", "ja", "zh", "ar"])
def test_the_common_languages_are_identified(language: str) -> None:
    assert detect_language(FOREIGN[language][0]) == language


def test_a_feeds_language_label_is_checked_against_the_text() -> None:
    title = "Volkswagen senkt Prognose und streicht 4000 Stellen"
    assert not classify_claim(Item(id="i", title=title, language="en-US")).judged
    assert not classify_claim(Item(id="i", title="Halden Energy cuts dividend", language="de")).judged


@given(st.text(max_size=300))
def test_any_text_is_accepted(text: str) -> None:
    assert detect_language(text) is None or detect_language(text)
