"""Measure the costs of the shipped reader: its size, time to load, pairs a second on one core, and memory.

    python bench/bench_readings.py [--json]

The pairs are contrast headlines of training/labels, with two others as lead.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from importlib import resources
from pathlib import Path
from typing import NamedTuple

HEADLINES = Path(__file__).parents[1] / "training" / "labels" / "contrast.jsonl"
PAIRS = 800


class Cost(NamedTuple):
    """The size of the model's files, the time to load them, the speed on one core, and the memory that reading adds."""

    megabytes: float
    load_seconds: float
    pairs_per_second: float
    memory_megabytes: float


def measure() -> Cost:
    """Measure in a process that has not loaded the model yet."""
    import services.matcher.judge  # noqa: F401 - the rest of the matcher is not the reader's cost

    before = _memory()
    from services.matcher.reading.model import network
    from services.matcher.reading.model.encoding import PairText

    rows = [json.loads(line) for line in HEADLINES.read_text(encoding="utf-8").splitlines()]
    pairs = [
        PairText(
            row["title"],
            ". ".join(other["title"] for other in rows[at + 1 : at + 3]),
            row["publisher"],
            row["surface"],
            row["type"],
        )
        for at, row in enumerate(rows[:PAIRS])
    ]
    started = time.perf_counter()
    model = network.default_network()
    loaded = time.perf_counter() - started
    started = time.process_time()
    model.scores(pairs)
    speed = len(pairs) / (time.process_time() - started)
    memory = _memory() - before
    files = resources.files(network.__package__)
    size = sum(len(files.joinpath(name).read_bytes()) for name in ("reader.onnx", "tokenizer.json", "reader.json"))
    return Cost(size / 1e6, loaded, speed, memory)


def _memory() -> float:
    # Not the peak of `resource`: a new process inherits that of its parent.
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    options = parser.parse_args()
    cost = measure()
    if options.json:
        print(json.dumps(cost._asdict()))
    else:
        print(
            f"{cost.megabytes:.1f} MB, loads in {cost.load_seconds:.2f} s, {cost.pairs_per_second:.0f} pairs/s, "
            f"{cost.memory_megabytes:.0f} MB of memory"
        )


if __name__ == "__main__":
    main()
