"""WordNet's files are read, and the relations of words that the news use are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.wordnet import read_wordnet, write_relations

#: Two adjectives that are opposites, one that is like the second, and two verbs that mean the same.
FILES = {
    "data.adj": "00000001 00 a 01 brisk 0 001 ! 00000002 a 0101 | fast\n"
    "00000002 00 a 01 sluggish 0 002 ! 00000001 a 0101 & 00000004 a 0000 | slow\n"
    "00000004 00 s 01 torpid 0 001 & 00000002 a 0000 | very slow\n",
    "data.verb": "00000003 29 v 02 obtain 0 procure 0 000 | get\n",
    "index.adj": "brisk a 1 1 ! 1 0 00000001\nsluggish a 1 1 ! 1 0 00000002\n",
    "index.verb": "obtain v 1 0 1 0 00000003\nprocure v 1 0 1 0 00000003\n",
}


@pytest.fixture
def wordnet(tmp_path: Path) -> Path:
    for pos in ("noun", "verb", "adj", "adv"):
        for part in ("data", "index"):
            (tmp_path / f"{part}.{pos}").write_text(FILES.get(f"{part}.{pos}", ""))
    return tmp_path


def test_opposites_include_what_is_like_the_opposite(wordnet: Path) -> None:
    lexicon = read_wordnet(wordnet)
    assert lexicon.opposites["brisk", "adj"] == {"sluggish", "torpid"}
    assert lexicon.senses["procure", "verb"] == lexicon.senses["obtain", "verb"]


def test_relations_are_written_of_words_that_the_news_use(wordnet: Path, tmp_path: Path) -> None:
    item = {"title": "Brisk trade", "summary": "A brisk, not sluggish day: firms obtain and procure. Brisk."}
    (tmp_path / "items.jsonl").write_text(f"{json.dumps(item)}\n" * 3)
    file = tmp_path / "wordnet.txt"
    write_relations(wordnet, tmp_path, file)
    rows = [line.split("\t") for line in file.read_text().splitlines() if not line.startswith("#")]
    by_stem = {stem: (senses, opposites) for stem, senses, opposites in rows}
    assert by_stem["brisk"] == ("", "sluggish")
    assert by_stem["obtain"][0] == by_stem["procur"][0] == "0"
