"""Export trained weights as an ONNX model with eight-bit weights, and say how it differs and how fast it is.

    python -m training.export --base FOLDER --weights reader.npz --out reader.onnx [--news ../shared/data/news]

The model takes ``ids``, ``mask`` and ``marks`` of (rows, tokens) and returns the probabilities of each field. The
weights keep their names, so that training can go on from the model. With --news, temperatures are chosen on one half of
the kept days and written to reader.json beside the model, so that a confidence of 0.8 is right 8 times in 10; the
figures, before and after, are those of the other half.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

from services.matcher.reading.model.encoding import PairEncoder
from services.matcher.reading.model.network import Network
from services.matcher.thresholds import default_thresholds
from training.calibration import choose_temperatures
from training.fields import FIELDS
from training.figures import compare, figure_lines
from training.network import HEADS, LAYERS, WIDTH, Weights, flatten, load_base, new_heads, unflatten
from training.rows import Row, load_rows

__all__ = ["build", "load_exported", "main"]

OPSET = 20  # the first with Gelu
_POSITION, _TYPE = "['encoder']['position']", "['encoder']['type']"


class _Graph:
    """Collects nodes and weights of the model; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def constant(self, value: Any, kind: Any = np.float32, name: str | None = None) -> str:
        name = name or f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(value, kind, order="C"), name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def dense(self, values: str, weights: tuple[Any, Any], path: str) -> str:
        product = self.add("MatMul", values, self.constant(np.asarray(weights[0]).T, name=f"{path}[0].T"))
        return self.add("Add", product, self.constant(weights[1], name=f"{path}[1]"))

    def norm(self, values: str, weights: tuple[Any, Any], path: str) -> str:
        scale, shift = (self.constant(part, name=f"{path}[{at}]") for at, part in enumerate(weights))
        return self.add("LayerNormalization", values, scale, shift, axis=-1, epsilon=1e-12)


def build(weights: Weights) -> onnx.ModelProto:
    """Return the model in full precision; each weight has the name that ``flatten`` gives it."""
    graph, encoder = _Graph(), weights["encoder"]
    words = graph.add("Gather", graph.constant(encoder["word"], name="['encoder']['word']"), "ids")
    all_places = graph.constant(encoder["position"] + encoder["type"][0], name=_POSITION)
    places = graph.add("Slice", all_places, *_first_tokens(graph))
    hidden = graph.norm(graph.add("Add", words, places), encoder["norm"], "['encoder']['norm']")
    hide = graph.add("Mul", graph.add("Sub", graph.constant(1.0), "mask"), graph.constant(-1e9))
    hide = graph.add("Unsqueeze", hide, graph.constant([1, 2], np.int64))
    for at in range(LAYERS):
        hidden = _layer(graph, encoder["layers"][at], hidden, hide, f"['encoder']['layers'][{at}]")
    features = _features(graph, hidden)
    outputs = []
    for field, head in weights["heads"].items():
        scores = graph.add("Softmax", graph.dense(features, head, f"['heads']['{field}']"), axis=-1)
        graph.nodes.append(helper.make_node("Identity", [scores], [field]))
        outputs.append(helper.make_tensor_value_info(field, TensorProto.FLOAT, ["rows", len(FIELDS[field])]))
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT32, ["rows", "tokens"]),
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["rows", "tokens"]),
        helper.make_tensor_value_info("marks", TensorProto.FLOAT, ["rows", "tokens"]),
    ]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "reader", inputs, outputs, graph.weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=10,
    )
    onnx.checker.check_model(model)
    return model


def load_exported(path: Path, like: Weights) -> Weights:
    """Read the weights of an exported model, rounded to eight bits, in the shape of ``like``."""
    stored = {array.name: numpy_helper.to_array(array) for array in onnx.load(path).graph.initializer}

    def weight(name: str) -> np.ndarray[Any, Any]:
        if name in stored:
            return stored[name]
        whole, zero, scale = (stored[f"{name}_{part}"] for part in ("quantized", "zero_point", "scale"))
        return (whole.astype(np.float32) - zero.astype(np.float32)) * scale

    arrays = {}
    for name, values in flatten(like).items():
        if name == _TYPE:
            arrays[name] = np.zeros_like(values)  # it is part of the position
        elif values.ndim == 2 and not name.startswith(("['encoder']['word']", _POSITION)):
            arrays[name] = weight(f"{name}.T").T
        else:
            arrays[name] = weight(name)
    return unflatten(arrays, like)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Export the reader as ONNX with eight-bit weights.")
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--weights", type=Path, required=True, help="what training.train wrote (.npz)")
    parser.add_argument("--out", type=Path, required=True, help="file to write (.onnx)")
    parser.add_argument("--news", type=Path, help="measure on the kept days of this folder")
    given = parser.parse_args()
    like: Weights = {"encoder": load_base(given.base), "heads": new_heads(0)}
    exact = given.out.with_suffix(".exact.onnx")
    onnx.save(build(unflatten(dict(np.load(given.weights)), like)), exact)
    quantize_dynamic(
        exact, given.out, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"]
    )
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.1f} MB")
    if given.news is not None:
        kept = [row for row in load_rows(given.news) if row.kept_out]
        tuning, test = [row for row in kept if row.tuning], [row for row in kept if not row.tuning]
        encoder = PairEncoder(Tokenizer.from_file(str(given.base / "tokenizer.json")))
        _measure(exact, test, encoder, {})
        _measure(given.out, test, encoder, {})
        scores = Network(given.out.read_bytes(), encoder).scores([row.text for row in tuning])
        temperatures = choose_temperatures(tuning, scores)
        about = json.dumps({"temperatures": temperatures}, indent=2)
        given.out.with_suffix(".json").write_text(f"{about}\n", encoding="utf-8")
        print(f"temperatures: {temperatures}")
        _measure(given.out, test, encoder, temperatures)
    exact.unlink()


def _measure(path: Path, rows: Sequence[Row], encoder: PairEncoder, temperatures: Mapping[str, float]) -> None:
    began = time.perf_counter()
    network = Network(path.read_bytes(), encoder, temperatures)
    loaded = time.perf_counter() - began
    began = time.perf_counter()
    scores = network.scores([row.text for row in rows])
    speed = len(rows) / (time.perf_counter() - began)
    print(f"{path.name}: loads in {loaded:.2f} s, {speed:.0f} pairs/s on one core")
    print("\n".join(figure_lines(compare(rows, scores, default_thresholds().worth_telling))))


def _first_tokens(graph: _Graph) -> tuple[str, str, str]:
    """Return start, end and axis of a slice as long as ``ids``."""
    length = graph.add("Gather", graph.add("Shape", "ids"), graph.constant([1], np.int64))
    return graph.constant([0], np.int64), length, graph.constant([0], np.int64)


def _layer(graph: _Graph, layer: Weights, hidden: str, hide: str, path: str) -> str:
    split = graph.constant([0, 0, HEADS, WIDTH // HEADS], np.int64)

    def dense(name: str, values: str) -> str:
        return graph.dense(values, layer[name], f"{path}['{name}']")

    def heads(name: str, order: list[int]) -> str:
        values = graph.add("Reshape", dense(name, hidden), split)
        return graph.add("Transpose", values, perm=order)

    query, target, value = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])
    scores = graph.add("Div", graph.add("MatMul", query, target), graph.constant(np.sqrt(WIDTH // HEADS)))
    shares = graph.add("Softmax", graph.add("Add", scores, hide), axis=-1)
    attended = graph.add("Transpose", graph.add("MatMul", shares, value), perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", attended, graph.constant([0, 0, WIDTH], np.int64))
    hidden = graph.norm(graph.add("Add", hidden, dense("attended", joined)), layer["norm1"], f"{path}['norm1']")
    inner = graph.add("Gelu", dense("inner", hidden))
    return graph.norm(graph.add("Add", hidden, dense("outer", inner)), layer["norm2"], f"{path}['norm2']")


def _features(graph: _Graph, hidden: str) -> str:
    axis, one = graph.constant([1], np.int64), graph.constant(1.0)
    first = graph.add("Gather", hidden, graph.constant(0, np.int64), axis=1)

    def mean(of: str) -> str:
        weighted = graph.add("Mul", hidden, graph.add("Unsqueeze", of, graph.constant([2], np.int64)))
        total = graph.add("ReduceSum", weighted, axis, keepdims=0)
        return graph.add("Div", total, graph.add("Max", graph.add("ReduceSum", of, axis, keepdims=1), one))

    return graph.add("Concat", first, mean("marks"), mean("mask"), axis=-1)


if __name__ == "__main__":
    main()
