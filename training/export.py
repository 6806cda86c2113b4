"""Export trained weights as an ONNX model with eight-bit weights, and say how it differs and how fast it is.

    python -m training.export --base FOLDER --weights reader.npz --out reader.onnx [--news ../shared/data/news]

The model takes ``ids``, ``mask`` and ``marks`` of (rows, tokens) and returns the probabilities of each field. With
--news, the figures of the kept days are measured on the exported model, and its speed on one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from training.fields import FIELDS
from training.network import HEADS, LAYERS, WIDTH, Weights, load_base, new_heads, unflatten
from training.rows import Encoder, Row, load_rows, pack

__all__ = ["build", "main"]

OPSET = 20  # the first with Gelu
SPEED_ROWS = 640


class _Graph:
    """Collects nodes and weights of the model; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(value, kind, order="C"), name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def dense(self, values: str, weights: tuple[Any, Any]) -> str:
        product = self.add("MatMul", values, self.constant(np.asarray(weights[0]).T))
        return self.add("Add", product, self.constant(weights[1]))

    def norm(self, values: str, weights: tuple[Any, Any]) -> str:
        scale, shift = (self.constant(part) for part in weights)
        return self.add("LayerNormalization", values, scale, shift, axis=-1, epsilon=1e-12)


def build(weights: Weights) -> onnx.ModelProto:
    """Return the model in full precision."""
    graph, encoder = _Graph(), weights["encoder"]
    words = graph.add("Gather", graph.constant(encoder["word"]), "ids")
    places = graph.add("Slice", graph.constant(encoder["position"] + encoder["type"][0]), *_first_tokens(graph))
    hidden = graph.norm(graph.add("Add", words, places), encoder["norm"])
    hide = graph.add("Mul", graph.add("Sub", graph.constant(1.0), "mask"), graph.constant(-1e9))
    hide = graph.add("Unsqueeze", hide, graph.constant([1, 2], np.int64))
    for at in range(LAYERS):
        hidden = _layer(graph, encoder["layers"][at], hidden, hide)
    features = _features(graph, hidden)
    outputs = []
    for field, head in weights["heads"].items():
        scores = graph.add("Softmax", graph.dense(features, head), axis=-1)
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
        _measure(exact, kept, Encoder(given.base))
        _measure(given.out, kept, Encoder(given.base))
    exact.unlink()


def _measure(path: Path, rows: Sequence[Row], encoder: Encoder) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    began = time.perf_counter()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    loaded = time.perf_counter() - began
    right = dict.fromkeys(FIELDS, 0)
    began, timed = time.perf_counter(), 0.0
    for at in range(0, len(rows), 16):
        chosen = rows[at : at + 16]
        ids, mask, marks = pack([encoder.encode(row) for row in chosen])
        found = session.run(list(FIELDS), {"ids": ids, "mask": mask, "marks": marks})
        timed = time.perf_counter() - began
        for (field, values), scores in zip(FIELDS.items(), found, strict=True):
            right[field] += sum(
                values[best] == row.labels[field] for best, row in zip(scores.argmax(1), chosen, strict=True)
            )
    shares = ", ".join(f"{field} {count / len(rows):.3f}" for field, count in right.items())
    print(f"{path.name}: loads in {loaded:.2f} s, {len(rows) / timed:.0f} pairs/s on one core; {shares}")


def _first_tokens(graph: _Graph) -> tuple[str, str, str]:
    """Return start, end and axis of a slice as long as ``ids``."""
    length = graph.add("Gather", graph.add("Shape", "ids"), graph.constant([1], np.int64))
    return graph.constant([0], np.int64), length, graph.constant([0], np.int64)


def _layer(graph: _Graph, layer: Weights, hidden: str, hide: str) -> str:
    split = graph.constant([0, 0, HEADS, WIDTH // HEADS], np.int64)

    def heads(name: str, order: list[int]) -> str:
        values = graph.add("Reshape", graph.dense(hidden, layer[name]), split)
        return graph.add("Transpose", values, perm=order)

    query, target, value = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])
    scores = graph.add("Div", graph.add("MatMul", query, target), graph.constant(np.sqrt(WIDTH // HEADS)))
    shares = graph.add("Softmax", graph.add("Add", scores, hide), axis=-1)
    attended = graph.add("Transpose", graph.add("MatMul", shares, value), perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", attended, graph.constant([0, 0, WIDTH], np.int64))
    hidden = graph.norm(graph.add("Add", hidden, graph.dense(joined, layer["attended"])), layer["norm1"])
    inner = graph.add("Gelu", graph.dense(hidden, layer["inner"]))
    return graph.norm(graph.add("Add", hidden, graph.dense(inner, layer["outer"])), layer["norm2"])


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
