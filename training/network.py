"""The reader's network in JAX: a MiniLM encoder (6 layers, 384 wide), the watched name marked, one head per field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import load_file

from training.fields import FIELDS

__all__ = ["HEADS", "LAYERS", "WIDTH", "Weights", "field_logits", "flatten", "load_base", "new_heads", "unflatten"]

LAYERS, HEADS, WIDTH = 6, 12, 384
#: A tree of arrays: ``encoder`` as published, ``heads`` by field.
Weights = dict[str, Any]
_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "norm2": "output.LayerNorm",
}


def load_base(folder: Path) -> Weights:
    """Read the published encoder from ``folder/model.safetensors``."""
    arrays = {name: jnp.asarray(value) for name, value in load_file(folder / "model.safetensors").items()}

    def pair(name: str) -> tuple[Any, Any]:
        return arrays[f"{name}.weight"], arrays[f"{name}.bias"]

    return {
        "word": arrays["embeddings.word_embeddings.weight"],
        "position": arrays["embeddings.position_embeddings.weight"],
        "type": arrays["embeddings.token_type_embeddings.weight"],
        "norm": pair("embeddings.LayerNorm"),
        "layers": [
            {short: pair(f"encoder.layer.{at}.{long}") for short, long in _NAMES.items()} for at in range(LAYERS)
        ],
    }


def new_heads(seed: int) -> Weights:
    """Return a linear head for each field over three vectors: first token, marked name, mean."""
    keys = jax.random.split(jax.random.PRNGKey(seed), len(FIELDS))
    return {
        field: (jax.random.normal(key, (len(values), WIDTH * 3)) * 0.02, jnp.zeros(len(values)))
        for (field, values), key in zip(FIELDS.items(), keys, strict=True)
    }


def field_logits(weights: Weights, ids: Any, mask: Any, marks: Any, key: Any = None) -> dict[str, Any]:
    """Return the logits of each field; arrays are (rows, tokens), ``marks`` is 1 on the marked name.

    With a ``key``, dropout is on.
    """
    hidden = _encode(weights["encoder"], ids, mask, key)
    name = (hidden * marks[..., None]).sum(1) / jnp.maximum(marks.sum(1, keepdims=True), 1.0)
    mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    features = jnp.concatenate([hidden[:, 0], name, mean], -1)
    if key is not None:
        features = _dropout(features, jax.random.fold_in(key, 99))
    return {field: features @ head[0].T + head[1] for field, head in weights["heads"].items()}


def flatten(weights: Weights) -> dict[str, np.ndarray[Any, Any]]:
    """Return the weights by path, to be written with ``numpy.savez``."""
    paths, _ = jax.tree_util.tree_flatten_with_path(weights)
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in paths}


def unflatten(arrays: dict[str, np.ndarray[Any, Any]], like: Weights) -> Weights:
    """Return weights of the shape of ``like`` from what :func:`flatten` returned."""
    paths, tree = jax.tree_util.tree_flatten_with_path(like)
    leaves = [jnp.asarray(arrays[jax.tree_util.keystr(path)]) for path, _ in paths]
    return dict(jax.tree_util.tree_unflatten(tree, leaves))


def _encode(encoder: Weights, ids: Any, mask: Any, key: Any) -> Any:
    rows, tokens = ids.shape
    keys = [None] * (1 + 2 * LAYERS) if key is None else list(jax.random.split(key, 1 + 2 * LAYERS))
    hidden = encoder["word"][ids] + encoder["position"][:tokens][None] + encoder["type"][0]
    hidden = _dropout(_norm(hidden, encoder["norm"]), keys[0])
    hide = (1 - mask)[:, None, None, :] * -1e9

    def split(values: Any) -> Any:
        return values.reshape(rows, tokens, HEADS, -1).transpose(0, 2, 1, 3)

    for at, layer in enumerate(encoder["layers"]):
        query, target, value = (split(_dense(hidden, layer[name])) for name in ("query", "key", "value"))
        scores = query @ target.transpose(0, 1, 3, 2) / np.sqrt(WIDTH // HEADS) + hide
        attended = (jax.nn.softmax(scores, -1) @ value).transpose(0, 2, 1, 3).reshape(rows, tokens, -1)
        attended = _dropout(_dense(attended, layer["attended"]), keys[1 + 2 * at])
        hidden = _norm(hidden + attended, layer["norm1"])
        inner = jax.nn.gelu(_dense(hidden, layer["inner"]), approximate=False)
        hidden = _norm(hidden + _dropout(_dense(inner, layer["outer"]), keys[2 + 2 * at]), layer["norm2"])
    return hidden


def _dense(values: Any, weights: tuple[Any, Any]) -> Any:
    return values @ weights[0].T + weights[1]


def _norm(values: Any, weights: tuple[Any, Any]) -> Any:
    mean = values.mean(-1, keepdims=True)
    return (values - mean) / jnp.sqrt(((values - mean) ** 2).mean(-1, keepdims=True) + 1e-12) * weights[0] + weights[1]


def _dropout(values: Any, key: Any, rate: float = 0.1) -> Any:
    return values if key is None else values * jax.random.bernoulli(key, 1 - rate, values.shape) / (1 - rate)
