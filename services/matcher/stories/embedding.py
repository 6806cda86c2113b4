"""Turn a title and a lead into a vector, so that texts of like meaning have a high cosine.

Each token has a fixed vector; a text is their sum. The vectors are trained so that a title is close to the lead of its
own item (``training/events.py``).
"""

from __future__ import annotations

import base64
import io
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from services.matcher.reading.model.encoding import default_tokenizer

__all__ = ["DIMENSIONS", "LEAD_WEIGHT", "Embedder", "decode", "default_embedder"]

DIMENSIONS = 96
#: Tokens that are read of each part, and the weight of the lead's tokens.
TITLE_TOKENS, LEAD_TOKENS, LEAD_WEIGHT = 52, 80, 0.5


class Embedder:
    """Embeds texts. It is a function: the same text always has the same vector."""

    def __init__(self, tokenizer: Tokenizer, vectors: np.ndarray[Any, Any], scales: np.ndarray[Any, Any]) -> None:
        """Use ``vectors``, one of signed bytes for each token, times ``scales``."""
        self._tokenizer = tokenizer
        self._vectors = vectors
        self._scales = scales.astype(np.float32)

    def embed(self, title: str, lead: str) -> str:
        """Return the vector of a text as signed bytes in base64; empty if it has no token."""
        ids = self._ids(title, TITLE_TOKENS)
        lead_ids = self._ids(lead, LEAD_TOKENS) if lead else []
        weights = self._scales[ids + lead_ids]
        weights[len(ids) :] *= LEAD_WEIGHT
        vector = weights @ self._vectors[ids + lead_ids].astype(np.float32)
        largest = np.abs(vector).max() if len(weights) else 0.0
        if largest == 0:
            return ""
        return base64.b64encode(np.rint(vector * (127 / largest)).astype(np.int8).tobytes()).decode()

    def _ids(self, text: str, limit: int) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids[:limit])


def decode(embedding: str) -> bytes:
    """Return the bytes of an embedding; none if it isn't one of ours."""
    try:
        raw = base64.b64decode(embedding, validate=True)
    except ValueError:
        return b""
    return raw if len(raw) == DIMENSIONS else b""


@cache
def default_embedder() -> Embedder:
    """Return the embedder that ships with the package, loaded once."""
    raw = resources.files(__package__).joinpath("model/embedding.npz").read_bytes()
    with np.load(io.BytesIO(raw)) as arrays:
        return Embedder(default_tokenizer(), arrays["vectors"], arrays["scales"])
