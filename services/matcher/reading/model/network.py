"""Run the shipped model: the probability of each value of each field, for one name in one text."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime

from schemas.readings import FIELD_VALUES
from services.matcher.reading.model.encoding import PairEncoder, PairText, default_encoder, pack

__all__ = ["Network", "Scores", "default_network"]

#: Pairs whose scores are remembered: near-copies and repeated polls read the same text again.
CACHED = 4096
#: What Linux says of each processor, and the word for one that adds up eight-bit products in 32 bits.
PROCESSORS, EXACT = Path("/proc/cpuinfo"), "avx512_vnni"
_NOT_WORTH = "no"
TELL_VALUES = ("tell", "warn", "hold", _NOT_WORTH)


class Scores(NamedTuple):
    """The probability of each value by field, and ``tell``, the model's own of being worth telling, all 0–1."""

    fields: Mapping[str, Mapping[str, float]]
    tell: float

    @property
    def tell_score(self) -> float:
        """The probability of being worth telling.

        Labels say so exactly where the weight is "worth" or "major": two views of one thing.
        """
        weight = self.fields["weight"]
        return (self.tell + weight["worth"] + weight["major"]) / 2

    def best(self, field: str) -> str:
        """Return the most probable value of ``field``."""
        values = self.fields[field]
        return max(values, key=values.__getitem__)


class Network:
    """The model with its tokenizer. It is a function: the same text always has the same scores."""

    def __init__(self, model: bytes, encoder: PairEncoder, temperatures: Mapping[str, float] | None = None) -> None:
        """Load ``model`` (ONNX). ``temperatures`` by field make its probabilities those that were measured."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        if not _adds_exactly():
            options.add_session_config_entry("session.x64quantprecision", "1")
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._encoder = encoder
        self._temperatures = dict(temperatures or {})
        self._known: OrderedDict[PairText, Scores] = OrderedDict()

    def scores(self, pairs: Sequence[PairText]) -> list[Scores]:
        """Return the scores of each pair."""
        return [self._score(pair) for pair in pairs]

    def _score(self, pair: PairText) -> Scores:
        scores = self._known.get(pair)
        if scores is None:
            scores = self._known[pair] = self._run(pair)
            if len(self._known) > CACHED:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(pair)
        return scores

    def _run(self, pair: PairText) -> Scores:
        """Run the model on one pair: in a batch, eight-bit results depend a little on the other rows."""
        batch = pack([self._encoder.encode(pair)])
        names = [*FIELD_VALUES, "tell"]
        found = self._session.run(names, {"ids": batch.ids, "mask": batch.mask, "marks": batch.marks})
        by_field = {name: self._calibrated(name, values)[0] for name, values in zip(names, found, strict=True)}
        return Scores(
            fields={
                field: dict(zip(values, map(float, by_field[field]), strict=True))
                for field, values in FIELD_VALUES.items()
            },
            tell=1 - float(by_field["tell"][TELL_VALUES.index(_NOT_WORTH)]),
        )

    def _calibrated(self, field: str, probabilities: Any) -> Any:
        """Return ``probabilities`` of (rows, values) with the field's temperature applied."""
        temperature = self._temperatures.get(field, 1.0)
        if temperature == 1.0:
            return probabilities
        powers = np.maximum(probabilities, 1e-9) ** (1 / temperature)
        return powers / powers.sum(1, keepdims=True)


def _adds_exactly() -> bool:
    """Return whether the processor says that it adds up eight-bit products in 32 bits (VNNI), as the model needs.

    Others add them up in sixteen bits, which can overflow, unless onnxruntime is told to take a slower way. Both ways
    give the same scores, to the last bit (docs/adr/0065-*.md).
    """
    try:
        flags = PROCESSORS.read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return False  # not Linux: the slower way is right everywhere
    return EXACT in flags


@cache
def default_network() -> Network:
    """Return the shipped model, loaded once."""
    files = resources.files(__package__)
    about = json.loads(files.joinpath("reader.json").read_text(encoding="utf-8"))
    return Network(files.joinpath("reader.onnx").read_bytes(), default_encoder(), about["temperatures"])
