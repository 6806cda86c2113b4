"""Write a client book and a file of items to measure ``firstword replay``.

    python bench/replay_load.py DIR [--clients 1000] [--terms 10000] [--items 10000]

Names are made of syllables; one item in five mentions a watched name. The same arguments give the same bytes. Then:

    time firstword replay --book DIR/book.yaml --items DIR/items.jsonl --emit alerts,drafts > /dev/null
"""

from __future__ import annotations

import argparse
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

SYLLABLES = ("bar", "cor", "den", "fal", "gor", "hal", "kes", "lum", "mar", "nor", "pel", "quil", "ros", "tar", "van")
KINDS = ("holding", "product", "supplier", "competitor")
LEADS = (
    "{name} cuts its dividend by {n}% after a weak quarter",
    "{name} said to be in takeover talks, sources say",
    "{name} recalls {n} products over a faulty seal",
    "{name} names new finance chief",
    "{name} raises its forecast for the year to {n} million",
    "{name} denies it plans to close {n} sites",
    "Critical vulnerability in {name} is being exploited",
)
OTHER = (
    "Rain is expected in the north for {n} days",
    "How to keep {n} plants alive on a balcony",
    "Local team wins by {n} points after a long season",
    "Council approves {n} new homes near the river",
)
BODY = (
    "The company said in a statement that it had informed its customers. Analysts had expected it. More will follow. "
)


def names(count: int, dice: random.Random) -> list[str]:
    """Return ``count`` different invented names of two words."""
    found: dict[str, None] = {}
    while len(found) < count:
        first = "".join(dice.choices(SYLLABLES, k=dice.choice((2, 3)))).capitalize()
        found[f"{first} {''.join(dice.choices(SYLLABLES, k=2)).capitalize()}"] = None
    return list(found)


def book(watched: list[str], clients: int, dice: random.Random) -> str:
    """Return a book in which about one client watches each name."""
    lines = [
        "version: 1",
        "firm: {name: Load Firm, trade: wealth}",
        "managers: [{id: m, name: Mara Load}]",
        "clients:",
    ]
    per_client = max(1, len(watched) // clients)
    for number in range(clients):
        lines += [
            f"  - id: client-{number}",
            f"    name: Client Number{number}",
            "    desires: [income]",
            "    assets:",
        ]
        for name in watched[number * per_client : (number + 1) * per_client]:
            lines.append(f"      - {{name: {name}, kind: {dice.choice(KINDS[:3])}}}")
    return "\n".join(lines) + "\n"


def items(count: int, watched: list[str], dice: random.Random) -> list[str]:
    """Return lines of items, seconds apart."""
    at = datetime(2026, 1, 5, tzinfo=UTC)
    lines = []
    for number in range(count):
        at += timedelta(seconds=dice.randint(1, 60))
        hit = dice.random() < 0.2
        title = dice.choice(LEADS if hit else OTHER).format(name=dice.choice(watched), n=dice.randint(2, 99))
        lines.append(
            json.dumps(
                {
                    "url": f"https://news{number % 40}.example/{number}",
                    "title": title,
                    "summary": f"{title}. {BODY}",
                    "body": BODY * 4,
                    "language": "en",
                    "published_at": at.isoformat(),
                    "source": {
                        "feed_url": f"https://news{number % 40}.example/feed",
                        "host": f"news{number % 40}.example",
                        "publisher": f"News {number % 40}",
                    },
                }
            )
        )
    return lines


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--terms", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=10_000)
    given = parser.parse_args()
    dice = random.Random(1)  # noqa: S311 - the same load each time
    watched = names(given.terms, dice)
    given.dir.mkdir(parents=True, exist_ok=True)
    (given.dir / "book.yaml").write_text(book(watched, given.clients, dice), encoding="utf-8")
    lines = items(given.items, watched, dice)
    (given.dir / "items.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
