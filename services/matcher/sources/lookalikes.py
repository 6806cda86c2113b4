"""Recognizes hosts and names that imitate a known publisher: foreign letters, typing errors, added words and labels.

``reuters.com.evil.example``, ``reuters-news.example``, ``rеuters.com`` with a Cyrillic letter, ``reutres.com``, and a
publisher called "Rеuters" imitate Reuters. A different outlet with a similar ordinary name imitates nobody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache

from rapidfuzz.distance import OSA

from schemas.mentions import SourceGrade
from services.matcher.lexicon import read_sections
from services.matcher.text.normalize import fold

__all__ = ["Lookalikes", "decode_host", "is_worth_imitating"]

#: Letters of a name from which on one typing error is an imitation. Shorter names are too often a letter apart.
LEAST_LETTERS = 6
#: Results kept, for hosts and names each: the same feeds come back at every poll.
CACHED = 10_000
#: Longer names are no names.
MAX_LENGTH = 253
#: Labels between a name and the top level: ``co`` in ``telegraph.co.uk``.
SECOND_LEVEL = frozenset(
    ("co", "com", "org", "gov", "ac", "net", "edu", "gob", "go", "or", "gouv", "gc", "govt", "nic")
)
NOT_IMITATED = frozenset(("aggregator", "social", "other", "satire"))
IMITATED_GRADES = frozenset("ABC")
_NOT_LETTERS = re.compile(r"[\W_]+")


def is_worth_imitating(source: SourceGrade) -> bool:
    """Return whether a likeness to ``source`` would lend trust: a person or the package graded it A to C."""
    return source.granted in IMITATED_GRADES and source.kind not in NOT_IMITATED and source.set_by != "import"


def decode_host(host: str) -> str:
    """Return ``host`` in lower case with its punycode labels decoded; a label that can't be decoded stays."""
    return ".".join(_decode_label(label) for label in host.lower().rstrip(".").split("."))


def _decode_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return label


class Lookalikes:
    """The known publishers that are worth imitating, and who imitates them."""

    def __init__(
        self,
        publishers: Iterable[tuple[SourceGrade, Iterable[str]]],
        base: Lookalikes | None = None,
        replaced: Collection[str] = (),
    ) -> None:
        """Build from publishers, each with all its names, and those of ``base`` whose domains are not ``replaced``."""
        self._base = base
        self._replaced = frozenset(replaced)
        self._domains: dict[str, SourceGrade] = {}
        self._cores: dict[str, SourceGrade] = {}
        self._names: dict[str, SourceGrade] = {}
        self._parents: set[str] = set()
        for source, names in publishers:
            self._parents.update(_parents(source.domain))
            self._domains[source.domain] = source
            self._cores.setdefault(_core(source.domain), source)
            for name in names:
                self._names.setdefault(_letters(name), source)
        self._core_skeletons = _by_skeleton(self._cores)
        self._name_skeletons = _by_skeleton(self._names)
        self._core_typos = _Typos(self._cores)
        self._name_typos = _Typos(self._names)
        self._host_results: dict[str, SourceGrade | None] = {}
        self._name_results: dict[str, SourceGrade | None] = {}

    def of_host(self, host: str) -> SourceGrade | None:
        """Return the publisher that ``host``, which is not its own, imitates, or None."""
        if host not in self._host_results:
            if len(self._host_results) >= CACHED:
                self._host_results.clear()
            found = self._of_host(host) if len(host) <= MAX_LENGTH else None
            if found is None and self._base is not None and host not in self._parents:
                found = self._kept(self._base.of_host(host))
            is_own = found is not None and host.endswith("." + found.domain)
            self._host_results[host] = None if is_own else found
        return self._host_results[host]

    def of_name(self, name: str) -> SourceGrade | None:
        """Return the publisher that ``name``, which is no name of it, imitates, or None."""
        if name not in self._name_results:
            if len(self._name_results) >= CACHED:
                self._name_results.clear()
            found = self._of_name(name) if len(name) <= MAX_LENGTH else None
            if found is None and self._base is not None:
                found = self._kept(self._base.of_name(name))
            self._name_results[name] = found
        return self._name_results[name]

    def _kept(self, found: SourceGrade | None) -> SourceGrade | None:
        """Return what the base has found, unless that publisher has changed since."""
        return None if found is None or found.domain in self._replaced else found

    def is_distinctive(self, name: str) -> bool:
        """Return whether ``name``, without spaces, could hardly be part of another outlet's name by chance."""
        return _is_own_word(_letters(name))

    def _of_host(self, host: str) -> SourceGrade | None:
        if host in self._parents:
            return None
        decoded = decode_host(host)
        labels = decoded.split(".")
        inner = self._domain_within(labels)
        if inner is not None:
            return inner
        core = _core(decoded)
        foreign = self._foreign(_core(decoded), self._core_skeletons, self._cores)
        if foreign is not None:
            return foreign
        typo = self._core_typos.find(core)
        if typo is not None:
            return typo
        return self._core_with_words(core) or self._core_as_label(labels, core)

    def _domain_within(self, labels: list[str]) -> SourceGrade | None:
        """Find ``reuters.com.evil.example``, ``reuters-com.example``: a whole domain that does not end the host."""
        for start in range(len(labels) - 1):
            for end in range(start + 2, len(labels)):
                known = self._domains.get(".".join(labels[start:end]))
                if known is not None and not _is_national(labels[end:], labels[start]):
                    return known
        for label in labels[:-1]:
            if "-" in label:
                known = self._domains.get(label.replace("-", "."))
                if known is not None:
                    return known
        return None

    def _core_with_words(self, core: str) -> SourceGrade | None:
        """Find ``reuters-news``, ``newsreuters``: the name of a newsroom with words that anybody can add."""
        parts = core.split("-")
        for part in parts if len(parts) > 1 else ():
            known = self._distinctive(part)
            if known is not None:
                return known
        for word in _words("added"):
            for rest in (core.removeprefix(word), core.removesuffix(word)):
                known = self._distinctive(rest.strip("-")) if rest != core else None
                if known is not None:
                    return known
        return None

    def _core_as_label(self, labels: list[str], core: str) -> SourceGrade | None:
        """Find ``reuters.evil.example``: a newsroom's name as a subdomain of somebody else's domain."""
        for label in labels[:-2]:
            if label != core:
                known = self._distinctive(label)
                if known is not None:
                    return known
        return self._distinctive(core)

    def _distinctive(self, core: str) -> SourceGrade | None:
        """Return the publisher whose host is called ``core``, if no other outlet could be called so by chance."""
        if len(core) < LEAST_LETTERS or core in _words("ordinary"):
            return None
        return self._cores.get(core)

    def _of_name(self, name: str) -> SourceGrade | None:
        letters = _letters(name)
        if letters in self._names:
            # Only marks or spaces differ: "R e u t e r s".
            return self._names[letters]
        return self._foreign(letters, self._name_skeletons, self._names) or self._name_typos.find(letters)

    @staticmethod
    def _foreign(text: str, skeletons: dict[str, SourceGrade], plain: dict[str, SourceGrade]) -> SourceGrade | None:
        """Return the publisher whose name looks the same as ``text`` but is written with other characters."""
        if text in plain:
            return None
        return skeletons.get(_skeleton(text))


class _Typos:
    """Finds names that differ by one letter: added, left out, replaced, or two exchanged."""

    def __init__(self, names: dict[str, SourceGrade]) -> None:
        self._sources = {name: source for name, source in names.items() if _is_own_word(name)}
        self._by_shortened: dict[str, list[str]] = {}
        for name in self._sources:
            for shortened in _shortened(name):
                self._by_shortened.setdefault(shortened, []).append(name)

    def find(self, text: str) -> SourceGrade | None:
        """Return the publisher whose name is one typing error away from ``text``, which is no known name."""
        if text in self._sources or not _is_own_word(text):
            return None
        for shortened in _shortened(text):
            for name in self._by_shortened.get(shortened, ()):
                if OSA.distance(text, name, score_cutoff=1) <= 1:
                    return self._sources[name]
        return None


def _is_own_word(name: str) -> bool:
    """Return whether ``name`` is distinctive even without the parts that many outlets have in their names."""
    if name in _words("ordinary"):
        return False
    for part in (*_words("added"), *_words("common")):
        name = name.removeprefix(part).removesuffix(part)
    return len(name) >= LEAST_LETTERS


def _shortened(name: str) -> Iterator[str]:
    """Yield ``name`` and each form of it with a letter left out; names one error apart have one in common."""
    yield name
    for index in range(len(name)):
        yield name[:index] + name[index + 1 :]


def _is_national(rest: list[str], name: str) -> bool:
    """Return whether a host is that of another outlet of an ordinary name: ``thestar.com.my``."""
    return len(rest) == 1 and len(rest[0]) == 2 and name in _words("ordinary")


def _parents(domain: str) -> Iterator[str]:
    while "." in domain:
        yield domain
        domain = domain.partition(".")[2]


def _core(domain: str) -> str:
    """Return the label that names the owner: ``telegraph`` in ``www.telegraph.co.uk``."""
    labels = domain.split(".")[:-1] or [domain]
    while len(labels) > 1 and labels[-1] in SECOND_LEVEL:
        labels.pop()
    return labels[-1]


def _letters(name: str) -> str:
    """Return the letters and digits of ``name``, without case, accents, spaces and an article."""
    folded, _ = fold(name.strip())
    return _NOT_LETTERS.sub("", folded.removeprefix("the "))


def _by_skeleton(names: dict[str, SourceGrade]) -> dict[str, SourceGrade]:
    return {_skeleton(name): source for name, source in names.items()}


def _skeleton(text: str) -> str:
    """Return ``text`` as it looks: every character that resembles a Latin letter replaced by that letter."""
    folded, _ = fold(text)
    letters, forged = _confusables()
    looks = folded.translate(letters)
    if len(looks) >= LEAST_LETTERS:  # shorter names with digits are outlets of their own
        for sign, letter in forged:
            looks = looks.replace(sign, letter)
    return looks


@cache
def _confusables() -> tuple[dict[int, str], tuple[tuple[str, str], ...]]:
    """Return letters of other alphabets with their Latin likeness, then digits and pairs of letters with theirs."""
    letters: dict[int, str] = {}
    forged: list[tuple[str, str]] = []
    for line in read_sections("confusables.txt")[""]:
        letter, *imitations = line.split()
        for imitation in imitations:
            if imitation.isascii():
                forged.append((imitation, letter))
            else:
                letters[ord(imitation)] = letter
    return letters, tuple(forged)


@cache
def _words(section: str) -> tuple[str, ...]:
    """Return the words of a section, longest first, so that "newsroom" is found before "news"."""
    found = {word for line in read_sections("publisher_words.txt")[section] for word in line.split()}
    return tuple(sorted(found, key=lambda word: (-len(word), word)))
