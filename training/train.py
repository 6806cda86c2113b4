"""Fine-tune the reader on all labels of days that are not kept out.

    python -m training.train --base FOLDER --news ../shared/data/news --out reader.npz [--epochs 3] [--seed 0]
                             [--start reader.npz]
    python -m training.train --base FOLDER --labels firm.csv --items firm.jsonl --out reader.npz --start reader.onnx

FOLDER holds model.safetensors and tokenizer.json of the base model (training/README.md says which). The second form
goes on from the shipped model with a firm's own labels. After each epoch the weights are written and the figures of
the kept days printed.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from training.evaluate import measure
from training.export import load_exported
from training.fields import FIELDS
from training.figures import figure_lines
from training.network import Weights, field_logits, flatten, load_base, new_heads, unflatten
from training.rows import Encoder, Row, load_contrast_rows, load_firm_rows, load_rows, pack

__all__ = ["main"]

#: Share of each field in the loss; what the verdict rests on counts most.
FIELD_WEIGHT = {"role": 1.0, "kind": 1.0, "genre": 0.8, "status": 0.7, "direction": 0.4, "weight": 0.7, "tell": 1.0}
#: Readers disagree on about one label in ten (training/README.md); where several read a pair, their shares say so.
SMOOTHING = 0.03
#: So often the name's type is hidden, since a client book may call a thing otherwise.
HIDDEN_TYPE = 0.15
HEAD_RATE = 12.0
BATCH = 32
#: The weights that are kept are a running average: each step counts for this much of it.
AVERAGED = 0.002


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Fine-tune the reader.")
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--news", type=Path, help="folder with items.jsonl and labels.jsonl, to train on our labels")
    parser.add_argument("--labels", type=Path, help="a firm's own labels, a file like labels/readers.csv")
    parser.add_argument("--items", type=Path, help="the items that --labels is about, one JSON object a line")
    parser.add_argument("--out", type=Path, required=True, help="file to write the weights to (.npz)")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1.5e-4, help="highest learning rate of the encoder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="weights or model to start from instead of the base (.npz, .onnx)")
    given = parser.parse_args()
    if (given.labels is None) != (given.items is None) or given.news is given.labels is None:
        parser.error("Give --news, or --labels together with --items, or all three.")
    # A firm's labels alone would let the model forget; the contrast headlines are always at hand.
    rows = load_contrast_rows() if given.news is None else load_rows(given.news)
    if given.labels is not None:
        rows += load_firm_rows(given.labels, given.items)
    train, kept = [row for row in rows if not row.kept_out], [row for row in rows if row.kept_out]
    print(f"{len(train)} rows to train on, {len(kept)} of other days to test", flush=True)
    encoder = Encoder(given.base)
    weights: Weights = {"encoder": load_base(given.base), "heads": new_heads(given.seed)}
    if given.start is not None:
        exported = given.start.suffix == ".onnx"
        weights = load_exported(given.start, weights) if exported else unflatten(dict(np.load(given.start)), weights)
    for epoch, trained in enumerate(_epochs(weights, train, encoder, given.epochs, given.rate, given.seed), 1):
        np.savez(given.out, **flatten(trained))
        print(f"after epoch {epoch}:")
        print("\n".join(figure_lines(measure(trained, kept, encoder))) if kept else "  no kept days", flush=True)


def _epochs(
    weights: Weights, rows: Sequence[Row], encoder: Encoder, epochs: int, rate: float, seed: int
) -> Iterator[Weights]:
    steps = epochs * (len(rows) // BATCH)
    plan = optax.warmup_cosine_decay_schedule(0, rate, max(1, steps // 12), steps)
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.multi_transform(
            {
                "encoder": optax.adamw(plan, weight_decay=0.01),
                "heads": optax.adamw(lambda step: plan(step) * HEAD_RATE, weight_decay=0.01),
            },
            {part: jax.tree.map(lambda _, part=part: part, weights[part]) for part in weights},
        ),
    )
    state, average = optimizer.init(weights), weights

    @jax.jit
    def step(
        weights: Weights, average: Weights, state: Any, batch: Any, labels: Any, shares: Any, key: Any
    ) -> tuple[Weights, Weights, Any, Any]:
        loss, gradient = jax.value_and_grad(_loss)(weights, batch, labels, shares, key)
        updates, state = optimizer.update(gradient, state, weights)
        weights = optax.apply_updates(weights, updates)
        return weights, optax.incremental_update(weights, average, AVERAGED), state, loss

    chance, key, began = random.Random(seed), jax.random.PRNGKey(seed), time.monotonic()  # noqa: S311 - no secret
    for _ in range(epochs):
        losses = []
        for batch in _batches(rows, encoder, chance):
            key, now = jax.random.split(key)
            types = ["name" if chance.random() < HIDDEN_TYPE else None for _ in batch]
            tokens = pack([encoder.encode(row, type) for row, type in zip(batch, types, strict=True)])
            labels = {field: np.stack([_target(row, field) for row in batch]) for field in FIELDS}
            shares = np.array([row.weight for row in batch], np.float32)
            weights, average, state, loss = step(weights, average, state, tokens, labels, shares, now)
            losses.append(float(loss))
            if len(losses) % 50 == 0:
                print(f"  step {len(losses)}: loss {np.mean(losses):.3f}, {time.monotonic() - began:.0f} s", flush=True)
        yield average


def _target(row: Row, field: str) -> np.ndarray[Any, Any]:
    return np.array([row.targets[field].get(value, 0.0) for value in FIELDS[field]], np.float32)


def _loss(weights: Weights, batch: Any, labels: Any, shares: Any, key: Any) -> Any:
    total = 0.0
    for field, logits in field_logits(weights, *batch, key).items():
        target = labels[field] * (1 - SMOOTHING) + SMOOTHING / len(FIELDS[field])
        counted = shares * labels[field].sum(1)  # a field that nobody labeled does not count
        loss = (optax.softmax_cross_entropy(logits, target) * counted).sum() / jnp.maximum(counted.sum(), 1.0)
        total = total + FIELD_WEIGHT[field] * loss
    return jnp.asarray(total)


def _batches(rows: Sequence[Row], encoder: Encoder, chance: random.Random) -> list[list[Row]]:
    """Return batches of rows of similar length, in random order."""
    order = list(rows)
    chance.shuffle(order)
    batches: list[list[Row]] = []
    for start in range(0, len(order), BATCH * 16):
        near = sorted(order[start : start + BATCH * 16], key=lambda row: len(encoder.encode(row)[0]))
        batches += [near[at : at + BATCH] for at in range(0, len(near) - BATCH + 1, BATCH)]
    chance.shuffle(batches)
    return batches


if __name__ == "__main__":
    main()
