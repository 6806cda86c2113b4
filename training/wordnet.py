"""Write the relations of words that the meaning check of drafts uses, from WordNet's database files.

    apt-get install wordnet-base
    python -m training.wordnet --wordnet /usr/share/wordnet --news ../shared/data/news

It writes words/wordnet.txt: the first meanings and the opposites of each word that occurs in the news three times.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from services.notifier.drafting.meaning.statements import stem_of

__all__ = ["Lexicon", "main", "read_wordnet", "write_relations"]

FILE = Path(__file__).parents[1] / "services" / "notifier" / "drafting" / "words" / "wordnet.txt"
_POS = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}
#: Meanings of a word that count, the most frequent first.
_SENSES = 3
#: How often a word must occur in the news.
_OFTEN = 3
NOTICE = (
    "# Meanings and opposites of words, by stem. From WordNet 3.0. Copyright 2006 by Princeton University. All rights\n"
    "# reserved. Its license allows use, copies and changes for any purpose, without warranty; see LICENSE.wordnet.\n"
)


class Lexicon(NamedTuple):
    """Of each (word, part of speech): its first meanings, and its opposites."""

    senses: Mapping[tuple[str, str], tuple[str, ...]]
    opposites: Mapping[tuple[str, str], frozenset[str]]
    words: Mapping[str, tuple[str, ...]]


def read_wordnet(folder: Path) -> Lexicon:
    """Read the database files in ``folder``."""
    words: dict[str, tuple[str, ...]] = {}
    opposites: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    pointers: list[tuple[str, str, int, str, int]] = []
    like: defaultdict[str, set[str]] = defaultdict(set)
    for pos in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{pos}").read_text(encoding="latin-1").splitlines():
            if line.startswith("  "):
                continue
            fields = line.split(" | ")[0].split()
            key, count = f"{pos[0]}{fields[0]}", int(fields[3], 16)
            words[key] = tuple(re.sub(r"\(.*?\)$", "", fields[4 + 2 * at]).casefold() for at in range(count))
            at = 4 + 2 * count
            for number in range(int(fields[at])):
                symbol, offset, kind, places = fields[at + 1 + 4 * number : at + 5 + 4 * number]
                target = f"{_POS[kind][0]}{offset}"
                if symbol == "!":
                    pointers.append((key, pos, int(places[:2], 16), target, int(places[2:], 16)))
                elif symbol == "&":
                    like[key].add(target)
    for key, pos, mine, target, theirs in pointers:
        opposites[words[key][mine - 1], pos].add(words[target][theirs - 1])
        for satellite in like[target]:  # what is like the opposite
            opposites[words[key][mine - 1], pos].update(words[satellite][:1])
    senses: dict[tuple[str, str], tuple[str, ...]] = {}
    for pos in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"index.{pos}").read_text(encoding="latin-1").splitlines():
            if not line.startswith("  "):
                fields = line.split()
                senses[fields[0], pos] = tuple(f"{pos[0]}{offset}" for offset in fields[-int(fields[2]) :][:_SENSES])
    return Lexicon(senses, {key: frozenset(found) for key, found in opposites.items()}, words)


def _lines(lexicon: Lexicon, used: Counter[str]) -> Iterator[str]:
    numbers: dict[str, int] = {}
    senses: defaultdict[str, set[int]] = defaultdict(set)
    opposites: defaultdict[str, set[str]] = defaultdict(set)
    shared = Counter(
        sense for (word, _), keys in lexicon.senses.items() if used[stem_of(word)] >= _OFTEN for sense in keys
    )
    for (word, _), keys in lexicon.senses.items():
        stem = stem_of(word)
        if used[stem] >= _OFTEN and word.isalpha() and len(word) > 2:
            for key in keys:
                if shared[key] > 1:
                    senses[stem].add(numbers.setdefault(key, len(numbers)))
    for (word, _), found in lexicon.opposites.items():
        stem = stem_of(word)
        if used[stem] >= _OFTEN and word.isalpha():
            opposites[stem] |= {stem_of(other) for other in found if other.isalpha() and used[stem_of(other)]} - {stem}
    for stem in sorted(senses.keys() | {stem for stem, found in opposites.items() if found}):
        written = " ".join(_base36(number) for number in sorted(senses[stem]))
        yield f"{stem}\t{written}\t{' '.join(sorted(opposites[stem]))}"


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[number] if number < 36 else _base36(number // 36) + digits[number % 36]


def write_relations(wordnet: Path, news: Path, file: Path) -> None:
    """Write the relations of the words that the news use."""
    used: Counter[str] = Counter()
    with (news / "items.jsonl").open(encoding="utf-8") as items:
        for line in items:
            item = json.loads(line)
            text = f"{item['title']} {item.get('summary') or ''}".casefold()
            used.update(stem_of(word) for word in re.findall(r"[a-z]{3,}", text))
    lines = list(_lines(read_wordnet(wordnet), used))
    file.write_text(NOTICE + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(lines)} stems have relations")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write the relations of the words that the news use.")
    parser.add_argument("--wordnet", type=Path, required=True, help="folder of WordNet's database files")
    parser.add_argument("--news", type=Path, required=True, help="folder with items.jsonl")
    given = parser.parse_args()
    write_relations(given.wordnet, given.news, FILE)


if __name__ == "__main__":
    main()
