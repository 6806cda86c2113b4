"""Find the other names in what was read: who else takes part, as far as capitals show it."""

from __future__ import annotations

from services.matcher.text.field_text import FieldText, LetterCase
from services.matcher.text.normalize import words
from services.matcher.text.word_lists import word_lists

__all__ = ["MAX_PARTICIPANTS", "find_participants"]

#: More names than this are a list, not participants.
MAX_PARTICIPANTS = 6


def find_participants(title: str, lead: str, name: str, surface: str) -> tuple[str, ...]:
    """Return the names in ``title``, then in ``lead``, other than the watched one, as they are written there.

    Capitals show names only where not every word has one, so a headline in title case is searched for the names that
    the lead shows.
    """
    own = {word for text in (name, surface) for word in words(text)}
    found: dict[str, None] = {}
    for text in (title, lead):
        for other in _names(FieldText("title", text)) if text else ():
            if own.isdisjoint(words(other)):
                found[other] = None
    in_title = [other for other in found if other in title]
    return tuple([*in_title, *(other for other in found if other not in title)][:MAX_PARTICIPANTS])


def _names(text: FieldText) -> list[str]:
    """Return runs of capitalized words; a single ordinary word, such as the first of a sentence or a month, is none."""
    if text.case is not LetterCase.SENTENCE:
        return []
    names: list[tuple[int, int]] = []
    for index in range(text.last_word + 1):
        if not text.is_capitalized(index) or not text.norms[index][:1].isalpha():
            continue
        if names and names[-1][1] == index - 1 and text.word_after(index - 1) == index:
            names[-1] = names[-1][0], index
        elif not (text.opens_sentence(index) and _is_ordinary(text.norms[index])):
            names.append((index, index))
    return [
        text.text[text.word_spans[first][0] : text.word_spans[last][1]]
        for first, last in names
        if first != last or not _is_ordinary(text.norms[first])
    ]


def _is_ordinary(word: str) -> bool:
    lists = word_lists()
    return word in lists.sentence_openers or word in lists.common_words or word in lists.function_words
