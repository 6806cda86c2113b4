"""Turn an item and a watched name into tokens, with the name marked: ``@ * company * Ford @``.

Training and product use the same code, so that the model reads what it was trained on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal, NamedTuple

import numpy as np
from tokenizers import Tokenizer

__all__ = ["Batch", "Encoded", "NameType", "PairEncoder", "PairText", "default_encoder", "default_tokenizer", "pack"]

#: The sort of thing that a watched name stands for; ``name`` if that is not known.
NameType = Literal["company", "product", "regulator", "topic", "person", "place", "name"]

#: Tokens read of each part; longer parts are cut.
TITLE_TOKENS, LEAD_TOKENS, PUBLISHER_TOKENS = 52, 64, 6
#: Tokens after the name that are kept if the text before it is cut.
_KEPT_AFTER = 8


class PairText(NamedTuple):
    """The text that the model reads for one name: prepared, with the name as it stands there, and its type."""

    title: str
    lead: str
    publisher: str
    surface: str
    type: NameType


class Encoded(NamedTuple):
    """Token ids, and for each whether it is part of the marked name."""

    ids: list[int]
    marks: list[int]


class Batch(NamedTuple):
    """Rows as arrays of (rows, tokens); ``mask`` is 1 on tokens and 0 on padding, ``marks`` is 1 on the name."""

    ids: np.ndarray[Any, Any]
    mask: np.ndarray[Any, Any]
    marks: np.ndarray[Any, Any]


class PairEncoder:
    """Encodes pairs of text and name for the model."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Use ``tokenizer``, which has the special tokens of BERT."""
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._cls, self._sep, self._at = (_token(tokenizer, token) for token in ("[CLS]", "[SEP]", "@"))

    def encode(self, pair: PairText) -> Encoded:
        """Return the tokens of ``pair``; the name is marked where it first stands in the title and in the lead."""
        title = self._marked(pair.title, pair, TITLE_TOKENS)
        lead = self._marked(pair.lead, pair, LEAD_TOKENS)
        publisher = self._pieces(pair.publisher)[:PUBLISHER_TOKENS]
        ids = [self._cls, *title.ids, self._sep, *lead.ids, self._sep, *publisher, self._sep]
        marks = [0, *title.marks, 0, *lead.marks, 0, *([0] * (len(publisher) + 1))]
        return Encoded(ids, marks)

    def _pieces(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _marked(self, text: str, pair: PairText, limit: int) -> Encoded:
        found = re.search(rf"(?<!\w){re.escape(pair.surface)}(?!\w)", text) if pair.surface else None
        if found is None:
            ids = self._pieces(text)[:limit]
            return Encoded(ids, [0] * len(ids))
        before, after = self._pieces(text[: found.start()]), self._pieces(text[found.end() :])
        name = [self._at, *self._pieces(f"* {pair.type} * {found[0]}"), self._at]
        surplus = max(0, len(before) + len(name) + min(_KEPT_AFTER, len(after)) - limit)
        before = before[surplus:]
        ids = [*before, *name, *after][:limit]
        marks = [*([0] * len(before)), *([1] * len(name)), *([0] * len(after))][:limit]
        return Encoded(ids, marks)


def _token(tokenizer: Tokenizer, token: str) -> int:
    number = tokenizer.token_to_id(token)
    if number is None:
        raise ValueError(f"The tokenizer has no token {token}; take the one of the base model.")
    return int(number)


def pack(encoded: Sequence[Encoded]) -> Batch:
    """Return rows padded to a multiple of 16 tokens."""
    width = -(-max(len(row.ids) for row in encoded) // 16) * 16
    shape = len(encoded), width
    batch = Batch(np.zeros(shape, np.int32), np.zeros(shape, np.float32), np.zeros(shape, np.float32))
    for number, row in enumerate(encoded):
        batch.ids[number, : len(row.ids)] = row.ids
        batch.mask[number, : len(row.ids)] = 1
        batch.marks[number, : len(row.marks)] = row.marks
    return batch


@cache
def default_tokenizer() -> Tokenizer:
    """Return the tokenizer of the shipped models, without padding and truncation."""
    tokenizer = Tokenizer.from_str(resources.files(__package__).joinpath("tokenizer.json").read_text(encoding="utf-8"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@cache
def default_encoder() -> PairEncoder:
    """Return the encoder of the shipped model."""
    return PairEncoder(default_tokenizer())
