from __future__ import annotations

import pytest

from services.notifier.folding import fold_query, fold_text, fold_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Société Générale", {"societe", "generale"}),
        ("Müller & Söhne", {"muller", "sohne", "mueller", "soehne"}),
        ("O'Brien’s", {"obriens"}),
        ("Ørsted", {"orsted", "oersted"}),
        ("Łódź Æther straße", {"lodz", "aether", "strasse"}),
        ("POS 4.2", {"pos", "4", "2"}),
        ("يوسف الحداد", {"يوسف", "الحداد"}),
        ("under_score", {"under", "score"}),
    ],
)
def test_words_have_neither_accents_nor_capitals(text: str, words: set[str]) -> None:
    assert fold_words(text) == words
    assert fold_words(text.encode().decode().upper()) >= {word for word in words if word.isascii()} - {"oersted"}


def test_a_query_is_reduced_to_what_names_something() -> None:
    assert fold_query("Who holds Halden?") == ("halden",)
    assert fold_query("Énergie halden halden") == ("energie", "halden")
    assert fold_query("who") == ("who",), "a question word alone is looked for"
    assert fold_query("  ?! ") == ()
    assert len(fold_query(" ".join(f"w{i}" for i in range(50)))) == 8


def test_a_text_keeps_the_order_of_its_words_so_that_beginnings_and_parts_are_found() -> None:
    folded = fold_text("Dupré & Müller, Brightwater")
    assert folded == " dupre muller brightwater mueller"
    assert fold_text("") == ""
    assert all(f" {term}" in folded for term in (*fold_query("DUPRÉ"), *fold_query("mueller"), *fold_query("müller")))
    assert "water" in folded
    assert " water" not in folded
