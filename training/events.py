"""Train, measure and export the models that recognize reports of one event.

    python -m training.events --base FOLDER --news ../shared/data/news --out services/matcher/stories/model

First the vectors of all tokens are trained so that a title is close to the lead of its own item; then a logistic model
of pairs, on ``labels/events.csv`` and ``labels/claims.txt``. Of five days, one is kept out of the pairs, and the
figures are those of these days. The same inputs give the same files.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from tokenizers import Tokenizer

from bench.eval_readings import KINDS
from schemas.base import content_id, event
from schemas.clients import Client, ClientChanged, Firm, Manager, TopicScope, Watch
from schemas.items import Item, ItemIngested
from schemas.mentions import ItemAnnotated
from services.matcher.annotate import Annotate
from services.matcher.stories.embedding import DIMENSIONS, LEAD_TOKENS, TITLE_TOKENS
from services.matcher.stories.pairwise import FEATURES, EventModel, Report, features, report_of, text_report
from services.matcher.stories.signature import compute_signature
from services.matcher.stories.similarity import unit_rows
from services.matcher.text.preparation import prepared
from training.rows import LABELS, day_is_kept

__all__ = ["Figures", "LabeledPair", "figures", "fit_weights", "load_claims", "load_pairs", "main", "measure_rarity"]

#: Sizes and rates of the training of vectors.
STEPS, BATCH, NEIGHBORS, RATE, SCALE = 800, 384, 2000, 2e-3, 2.5
#: An item without this many tokens in its lead trains no vectors.
_LEAST_LEAD = 16
#: A stem that occurs in fewer items is as rare as any.
_LEAST_ITEMS = 6
#: A pair of invented headlines counts this much, and this many pairs of different claims are drawn.
_CLAIM_WEIGHT, _OTHER_CLAIMS = 0.5, 600
#: Pairs of items more than so many days apart: how many, out of how many items, of the closest how many by meaning.
_DISTANT_PAIRS, _DISTANT_POOL, _DISTANT_DAYS, _CLOSEST, _DISTANT_WEIGHT = 2000, 12_000, 14, 4, 1.0
#: The strength with which weights are kept small.
_SHRINKAGE = 1.0
#: Features of which more never speaks for another event, and of which more never speaks for the same one.
_FOR = frozenset(
    ("cosine", "contained", "figure_shared", "meaning", "half_day", "family_same", "denied_family", "denied_meaning",
     "denied_contained", "both_news")
)  # fmt: skip
_AGAINST = frozenset(("name_conflict", "figure_conflict", "hours", "one_previews", "one_plans"))
#: The watched name in the invented headlines, and when they appear.
_CLAIM_NAME, _CLAIM_BEGIN = "Brightloom", datetime(2026, 3, 2, 9, tzinfo=UTC)


class LabeledPair(NamedTuple):
    """Two reports, whether they are of one event (``same``, ``follow``, ``other``), and whether they are kept out.

    ``texts`` are the reports as they are compared where nothing is watched.
    """

    left: Report
    right: Report
    texts: tuple[Report, Report]
    label: str
    kept_out: bool
    weight: float = 1.0


class Figures(NamedTuple):
    """How well ``same`` is recognized: the area under the curve, and the best F with its precision and recall."""

    pairs: int
    area: float
    precision: float
    recall: float
    f1: float


def load_labels(path: Path) -> dict[tuple[str, str, str], str]:
    """Return the label of each pair of items and name: that of most readers, of equals the first reader's."""
    found: dict[tuple[str, str, str], list[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["label"] not in ("same", "follow", "other"):
                raise ValueError(f"{path.name}: the label is {row['label']!r}, not same, follow or other.")
            found.setdefault((row["item_a"], row["item_b"], row["entity"]), []).append(row["label"])
    return {pair: max(labels, key=labels.count) for pair, labels in found.items()}


def load_items(path: Path) -> dict[str, Item]:
    """Read the items by id; one without a date gets that of its fetching."""
    items = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            item = Item.model_validate({name: row[name] for name in Item.model_fields if name in row})
            at = item.published_at or item.fetched_at
            items[item.id] = item.model_copy(update={"published_at": at, "fetched_at": at})
    return items


def annotate_all(
    items: Iterable[Item], wanted: Mapping[str, set[str]], watches: Mapping[str, Watch]
) -> Iterator[tuple[str, str, ItemAnnotated]]:
    """Yield item id, name and annotation for each wanted name that the product finds in an item."""
    annotate = Annotate()
    client = Client(
        id="client",
        name="A client",
        manager_id="manager",
        trade="wealth",
        assets=tuple(watch for watch in watches.values() if watch.is_asset),
        interests=tuple(watch for watch in watches.values() if not watch.is_asset),
    )
    book = ClientChanged(client=client, firm=Firm(name="A firm"), manager=Manager(id="manager", name="A manager"))
    begin = datetime(2014, 1, 1, tzinfo=UTC)
    annotate.update_reference(event(book, key="client", id="evt_client", source="training", time=begin))
    names = {watch.entity_id: name for name, watch in watches.items()}
    for item in items:
        at = item.published_at or begin
        ingested = event(ItemIngested(item=item), key=item.id, id=f"evt_{item.id}", source="training", time=at)
        for annotation in annotate.process(None, ingested, at)[1]:
            annotated = cast("ItemAnnotated", annotation.data)
            name = names[annotated.entity_id]
            if name in wanted[item.id]:
                yield item.id, name, annotated


def watch_list(path: Path, names: Iterable[str]) -> dict[str, Watch]:
    """Return a watch for each of ``names``, with the aliases of the watch list."""
    listed = {entry["name"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))}
    return {name: _watch(name, listed[name]["type"], tuple(listed[name]["aliases"])) for name in sorted(set(names))}


def _watch(name: str, sort: Any, aliases: tuple[str, ...] = ()) -> Watch:
    kind = KINDS[sort]
    scope = TopicScope() if kind in ("topic", "regulation", "place") else None
    return Watch(entity_id=content_id("ent", name), name=name, kind=kind, aliases=aliases, scope=scope)


def load_pairs(news: Path, items: Mapping[str, Item]) -> list[LabeledPair]:
    """Read the labeled pairs of real news, as the product reads them; those whose name it doesn't find are left out."""
    labels = load_labels(LABELS / "events.csv")
    wanted: dict[str, set[str]] = {}
    for left, right, name in labels:
        wanted.setdefault(left, set()).add(name)
        wanted.setdefault(right, set()).add(name)
    watches = watch_list(news / "watch.json", (name for _, _, name in labels))
    read = annotate_all((items[item_id] for item_id in wanted), wanted, watches)
    reports = {(item_id, name): report_of(annotated) for item_id, name, annotated in read}
    texts = {item_id: plain_report(items[item_id]) for item_id in wanted}
    return [
        LabeledPair(
            reports[left, name],
            reports[right, name],
            (texts[left], texts[right]),
            label,
            kept_out=any(day_is_kept(reports[item, name].at.date().isoformat()) for item in (left, right)),
        )
        for (left, right, name), label in labels.items()
        if (left, name) in reports and (right, name) in reports
    ]


def plain_report(item: Item) -> Report:
    """Return the report of an item as it is compared where nothing is watched."""
    at = item.published_at or item.fetched_at or _CLAIM_BEGIN
    return text_report(item.id, compute_signature(item), at)


def load_claims(path: Path) -> list[list[str]]:
    """Return the headlines of each claim, with a name in the place of ``{name}``."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    paragraphs = "\n".join(lines).split("\n\n")
    return [
        paragraph.replace("{name}", _CLAIM_NAME).split("\n") for paragraph in map(str.strip, paragraphs) if paragraph
    ]


def claim_pairs(claims: Sequence[Sequence[str]]) -> list[LabeledPair]:
    """Return pairs of headlines of one claim, which are the same event, and of two claims, which are not."""
    watch = _watch(_CLAIM_NAME, "company")
    items = [
        Item(id=f"{claim}-{line}", title=title, published_at=_CLAIM_BEGIN + timedelta(hours=3 * line), language="en")
        for claim, titles in enumerate(claims)
        for line, title in enumerate(titles)
    ]
    wanted = {item.id: {_CLAIM_NAME} for item in items}
    reports: list[list[Report]] = [[] for _ in claims]
    for number, (item_id, _, annotated) in enumerate(annotate_all(items, wanted, {_CLAIM_NAME: watch})):
        report = report_of(annotated)
        # Each comes from a paper of its own: that two have none in common says nothing.
        facts = replace(report.facts, publisher=f"paper {number}") if report.facts else None
        reports[int(item_id.split("-")[0])].append(replace(report, facts=facts))
    same = [
        LabeledPair(left, right, (left, right), "same", kept_out=False, weight=_CLAIM_WEIGHT)
        for claim in reports
        for left, right in itertools.combinations(claim, 2)
    ]
    dice = np.random.default_rng(3)
    other = []
    for _ in range(_OTHER_CLAIMS):
        one, two = (reports[at] for at in dice.choice(len(reports), 2, replace=False))
        pair = one[int(dice.integers(len(one)))], two[int(dice.integers(len(two)))]
        other.append(LabeledPair(*pair, pair, "other", kept_out=False, weight=_CLAIM_WEIGHT))
    return same + other


def distant_pairs(items: Sequence[Item]) -> list[LabeledPair]:
    """Return pairs of items that came weeks apart, as if they had come within a day: they are not of one event.

    Labeled pairs name the same thing; these show how alike reports of two events of a sort are, at two companies or in
    two months, and how little any two items have in common.
    """
    dice = np.random.default_rng(4)
    reports = [plain_report(items[at]) for at in dice.choice(len(items), min(_DISTANT_POOL, len(items)), replace=False)]
    rows = unit_rows([report.embedding for report in reports])
    days = np.array([report.at.timestamp() / 86_400 for report in reports])
    pairs = []
    for number, report in enumerate(reports[:_DISTANT_PAIRS]):
        distant = np.flatnonzero(np.abs(days - days[number]) > _DISTANT_DAYS)
        closest = distant[np.argsort(-(rows[distant] @ rows[number]), kind="stable")[:_CLOSEST]]
        for other in (int(dice.choice(closest)), int(dice.choice(distant))):
            later = replace(reports[other], at=report.at + timedelta(hours=float(dice.uniform(0, 24))))
            pairs.append(LabeledPair(report, later, (report, later), "other", kept_out=False, weight=_DISTANT_WEIGHT))
    return pairs


def measure_rarity(items: Iterable[Item]) -> dict[str, float]:
    """Return how rare each stem is among ``items``; those in few items are left out, and the last is the rarest."""
    counts: Counter[str] = Counter()
    total = 0
    for item in items:
        signature = compute_signature(item)
        counts.update({*signature.words, *signature.lead})
        total += 1
    common = sorted(stem for stem, count in counts.items() if count >= _LEAST_ITEMS)
    return {stem: round(math.log(total / counts[stem]), 2) for stem in common}


def train_vectors(base: Path, items: Sequence[Item], steps: int = STEPS) -> tuple[Any, Any]:
    """Train one vector for each token; return them as signed bytes, and their scales.

    They start from the base model's, in the directions in which these differ most.
    """
    import jax
    import jax.numpy as jnp
    import optax
    from safetensors.numpy import load_file

    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    texts = [prepared(item) for item in items]
    titles = _token_ids(tokenizer, [text.title for text in texts], TITLE_TOKENS)
    leads = _token_ids(tokenizer, [text.lead for text in texts], LEAD_TOKENS)
    start = _first_vectors(load_file(base / "model.safetensors")["embeddings.word_embeddings.weight"], titles, leads)
    padding = len(start)
    vectors = jnp.asarray(np.vstack([start, np.zeros((1, DIMENSIONS))]), jnp.float32)
    usable = np.array([at for at, lead in enumerate(leads) if len(lead) >= _LEAST_LEAD])
    title_rows, lead_rows = _padded(titles, TITLE_TOKENS, padding), _padded(leads, LEAD_TOKENS, padding)

    def embedded(vectors: Any, ids: Any) -> Any:
        total = vectors[ids].sum(1)
        return total / jnp.sqrt((total * total).sum(-1, keepdims=True) + 1e-6)

    def loss(weights: Any, title_ids: Any, lead_ids: Any) -> Any:
        vectors = weights["vectors"].at[padding].set(0.0)
        scores = embedded(vectors, title_ids) @ embedded(vectors, lead_ids).T * jnp.exp(weights["scale"])
        own = jnp.arange(len(title_ids))
        return -(jax.nn.log_softmax(scores, 1)[own, own] + jax.nn.log_softmax(scores, 0)[own, own]).mean() / 2

    weights = {"vectors": vectors, "scale": jnp.array(SCALE)}
    optimizer = optax.adam(optax.cosine_decay_schedule(RATE, steps))
    state = optimizer.init(weights)

    def take_step(weights: Any, state: Any, title_ids: Any, lead_ids: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(weights, title_ids, lead_ids)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(weights, updates), state, value

    step = jax.jit(take_step)
    dice = np.random.default_rng(0)
    for number in range(steps):
        pool = usable
        if number % 2:  # items of one time and source are harder to tell apart
            first = int(dice.integers(0, max(1, len(usable) - NEIGHBORS)))
            pool = usable[first : first + NEIGHBORS]
        rows = dice.choice(pool, min(BATCH, len(pool)), replace=False)
        weights, state, value = step(weights, state, title_rows[rows], lead_rows[rows])
        if number % 200 == 0:
            print(f"step {number}: loss {float(value):.3f}", flush=True)
    return _quantized(np.asarray(weights["vectors"][:padding]))


def _token_ids(tokenizer: Tokenizer, texts: Sequence[str], limit: int) -> list[list[int]]:
    return [encoded.ids[:limit] for encoded in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


def _padded(rows: Sequence[Sequence[int]], width: int, padding: int) -> Any:
    filled = np.full((len(rows), width), padding, np.int32)
    for at, row in enumerate(rows):
        filled[at, : len(row)] = row
    return filled


def _first_vectors(words: Any, titles: Sequence[Sequence[int]], leads: Sequence[Sequence[int]]) -> Any:
    """Return the base model's vectors of tokens, weighted by rarity, in fewer dimensions."""
    counts = np.zeros(len(words))
    for row in (*titles, *leads):
        counts[list(set(row))] += 1
    total = len(titles) + len(leads)
    rarity = np.clip(np.log((total + 1) / (counts + 5)) / np.log(total), 0.02, 1)[:, None]
    centered = words - (words * rarity).mean(0) / rarity.mean()
    directions = np.linalg.svd((centered * rarity)[::3], full_matrices=False)[2][:DIMENSIONS]
    weighted = centered @ directions.T * rarity
    return weighted / np.linalg.norm(weighted, axis=1).mean()


def _quantized(vectors: Any) -> tuple[Any, Any]:
    scales = np.maximum(np.abs(vectors).max(1), 1e-6) / 127
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float16)


def fit_weights(rows: Any, targets: Any, importance: Any, names: Sequence[str], steps: int = 4000) -> dict[str, float]:
    """Fit a logistic model by descent; weights of features that speak for one side only keep that sign."""
    mean, spread = rows.mean(0), rows.std(0) + 1e-6
    scaled = np.c_[(rows - mean) / spread, np.ones(len(rows))]
    weights = np.zeros(scaled.shape[1])
    positive = np.array([name in _FOR for name in names] + [False])
    negative = np.array([name in _AGAINST for name in names] + [False])
    rate = 4 * len(rows) / np.linalg.eigvalsh(scaled.T @ (scaled * importance[:, None]))[-1]
    speed, ahead = 1.0, weights
    for _ in range(steps):  # Nesterov's method, with a projection
        expected = 1 / (1 + np.exp(-scaled @ ahead))
        gradient = scaled.T @ ((expected - targets) * importance) + _SHRINKAGE * np.r_[ahead[:-1], 0]
        moved = ahead - rate / len(rows) * gradient
        moved = np.where(positive, np.maximum(moved, 0), np.where(negative, np.minimum(moved, 0), moved))
        faster = (1 + math.sqrt(1 + 4 * speed * speed)) / 2
        ahead = moved + (speed - 1) / faster * (moved - weights)
        weights, speed = moved, faster
    plain = weights[:-1] / spread
    fitted = {"bias": float(weights[-1] - plain @ mean)} | dict(zip(names, map(float, plain), strict=True))
    return {name: round(value, 4) for name, value in fitted.items()}


def figures(scores: Any, same: Any) -> Figures:
    """Return how well ``scores`` separate the pairs that are the ``same`` event from all others."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(same[order])
    precision, recall = hits / np.arange(1, len(order) + 1), hits / hits[-1]
    best = int((2 * precision * recall / np.maximum(precision + recall, 1e-9)).argmax())
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    positives = int(same.sum())
    area = (ranks[same].sum() - positives * (positives + 1) / 2) / (positives * (len(same) - positives))
    p, r = float(precision[best]), float(recall[best])
    return Figures(len(scores), float(area), p, r, 2 * p * r / (p + r))


def train_pairs(pairs: Sequence[LabeledPair], rarity: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Fit the three models; return them as they are stored."""
    blank = {sort: dict.fromkeys(("bias", *names), 0.0) for sort, names in FEATURES.items()}
    model = EventModel({**blank, "rarity": dict(rarity)})
    found: dict[str, dict[str, float]] = {}
    for sort, names in FEATURES.items():
        usable = [pair for pair in pairs if not pair.kept_out and has_all(pair, sort)]
        rows = np.array([features(model, *compared(pair, sort), sort) for pair in usable])
        targets = np.array([pair.label == "same" for pair in usable], float)
        found[sort] = fit_weights(rows, targets, np.array([pair.weight for pair in usable]), names)
    return found | {"rarity": dict(rarity)}


def compared(pair: LabeledPair, sort: str) -> tuple[Report, Report]:
    """Return the reports that the model for ``sort`` compares."""
    return (pair.left, pair.right) if sort == "read" else pair.texts


def has_all(pair: LabeledPair, sort: str) -> bool:
    """Return whether both reports have what the model for ``sort`` needs."""
    return sort != "read" or (pair.left.facts is not None and pair.right.facts is not None)


def measure(pairs: Sequence[LabeledPair], data: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Yield a line of figures of the kept days for each model, and for the words' cosine alone."""
    model = EventModel(data)
    kept = [pair for pair in pairs if pair.kept_out]
    for sort, names in FEATURES.items():
        usable = [pair for pair in kept if has_all(pair, sort)]
        rows = np.array([features(model, *compared(pair, sort), sort) for pair in usable])
        weights = np.array([data[sort][name] for name in names])
        same = np.array([pair.label == "same" for pair in usable])
        yield _line(sort, figures(rows @ weights + data[sort]["bias"], same))
        if sort == "words":
            yield _line("cosine of words alone", figures(rows[:, names.index("cosine")], same))
        if sort == "text":
            yield _line("cosine of vectors alone", figures(rows[:, names.index("meaning")], same))


def _line(name: str, found: Figures) -> str:
    return (
        f"{name:24} {found.pairs} pairs  AUC {found.area:.3f}  "
        f"P {found.precision:.3f}  R {found.recall:.3f}  F {found.f1:.3f}"
    )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Train the models that recognize reports of one event.")
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--news", type=Path, required=True, help="folder of the items that are labeled")
    parser.add_argument("--out", type=Path, required=True, help="folder to write embedding.npz and events.json into")
    parser.add_argument("--keep-vectors", action="store_true", help="train the pairs only, with the vectors in --out")
    given = parser.parse_args()
    items = load_items(given.news / "items.jsonl")
    if not given.keep_vectors:
        vectors, scales = train_vectors(given.base, list(items.values()))
        np.savez_compressed(given.out / "embedding.npz", vectors=vectors, scales=scales)
    pairs = load_pairs(given.news, items) + claim_pairs(load_claims(LABELS / "claims.txt"))
    pairs += distant_pairs(list(items.values()))
    data = train_pairs(pairs, measure_rarity(items.values()))
    text = json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True)
    (given.out / "events.json").write_text(f"{text}\n", encoding="utf-8")
    print("\n".join(measure(pairs, data)))


if __name__ == "__main__":
    main()
