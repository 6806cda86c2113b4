"""Fine-tune the reader on all labels of days that are not kept out.

    python -m training.train --base FOLDER --news ../shared/data/news --out reader.npz [--epochs 3] [--seed 0]
                             [--start reader.npz]

FOLDER holds model.safetensors and tokenizer.json of the base model (training/README.md says which). One epoch takes
about 20 minutes on two cores. After each epoch the weights are written and the figures of the kept days printed.
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

from training.evaluate import figures, print_figures
from training.fields import FIELDS
from training.network import Weights, field_logits, flatten, load_base, new_heads, unflatten
from training.rows import Encoder, Row, load_rows, pack

__all__ = ["main"]

#: Share of each field in the loss; what the verdict rests on counts most.
FIELD_WEIGHT = {"role": 1.0, "kind": 1.0, "genre": 0.8, "status": 0.7, "direction": 0.4, "weight": 0.7, "tell": 1.0}
#: Readers disagree on about one label in ten (training/README.md).
SMOOTHING = 0.05
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
    parser.add_argument("--news", type=Path, required=True, help="folder with items.jsonl and labels.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="file to write the weights to (.npz)")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1.5e-4, help="highest learning rate of the encoder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="weights to start from instead of the base model's (.npz)")
    given = parser.parse_args()
    rows = load_rows(given.news)
    train, kept = [row for row in rows if not row.kept_out], [row for row in rows if row.kept_out]
    print(f"{len(train)} rows to train on, {len(kept)} of other days to test", flush=True)
    encoder = Encoder(given.base)
    weights: Weights = {"encoder": load_base(given.base), "heads": new_heads(given.seed)}
    if given.start is not None:
        weights = unflatten(dict(np.load(given.start)), weights)
    for epoch, trained in enumerate(_epochs(weights, train, encoder, given.epochs, given.rate, given.seed), 1):
        np.savez(given.out, **flatten(trained))
        print(f"after epoch {epoch}:")
        print_figures(figures(trained, kept, encoder))


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
            labels = {
                field: np.array([values.index(row.labels[field]) for row in batch]) for field, values in FIELDS.items()
            }
            shares = np.array([row.weight for row in batch], np.float32)
            weights, average, state, loss = step(weights, average, state, tokens, labels, shares, now)
            losses.append(float(loss))
            if len(losses) % 50 == 0:
                print(f"  step {len(losses)}: loss {np.mean(losses):.3f}, {time.monotonic() - began:.0f} s", flush=True)
        yield average


def _loss(weights: Weights, batch: Any, labels: Any, shares: Any, key: Any) -> Any:
    total = 0.0
    for field, logits in field_logits(weights, *batch, key).items():
        count = len(FIELDS[field])
        target = jax.nn.one_hot(labels[field], count) * (1 - SMOOTHING) + SMOOTHING / count
        loss = (optax.softmax_cross_entropy(logits, target) * shares).sum() / shares.sum()
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
