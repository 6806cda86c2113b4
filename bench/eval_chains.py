"""Replay chains of rumors in real news, and compare the final verdicts with those of a careful adviser.

    python bench/eval_chains.py [--details]

A chain is what was published about one name in some weeks, for a client who holds it. Its claims are the events that
mattered, found by words in the headlines of alerts. Each claim has the verdicts that are right in the end, and no true
report may be corrected. The items are read from ../shared/data/news; their publishers are taken as verified.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that this file can be run as a script

from firstword.pipeline import Pipeline  # noqa: E402
from firstword.runtimes.replay import Replay, in_time_order  # noqa: E402
from schemas.alerts import Alert  # noqa: E402
from schemas.clients import Book, Client, Firm, Manager, Watch  # noqa: E402
from schemas.items import Item  # noqa: E402
from services.ingest.parse.item_lines import read_items  # noqa: E402
from services.matcher.annotate import Annotate  # noqa: E402
from services.matcher.judge import Judge  # noqa: E402
from services.matcher.sources.channels import trust_source  # noqa: E402
from services.matcher.sources.publishers import default_sources  # noqa: E402

ITEMS = ROOT.parent / "shared" / "data" / "news" / "items.jsonl"
TOLD = frozenset(("tell", "information"))
UNCONFIRMED = frozenset(("warn", "hold"))


class Claim(NamedTuple):
    """An event of a chain. ``words``: a pattern of its alerts' headlines. ``right``: the acceptable final verdicts."""

    name: str
    words: str
    right: frozenset[str]


class Chain(NamedTuple):
    """A name, the days from ``since`` to ``until`` (exclusive), and the claims in them."""

    name: str
    aliases: tuple[str, ...]
    since: str
    until: str
    claims: tuple[Claim, ...]


CHAINS = (
    Chain(
        "FTX",
        (),
        "2022-10-15",
        "2022-11-12",
        (
            Claim("Binance is to buy it", r"Binance .*\b(buy|acquire|buying|takeover)", TOLD),
            Claim("Binance walks away", r"Binance (won.t|pulls out|abandons|walks away)", TOLD),
            Claim("it is bankrupt", r"FTX.* (files?|bankruptcy)\b.*(bankruptcy|chapter 11|filing)", TOLD),
        ),
    ),
    Chain(
        "Celsius",
        ("Celsius Network",),
        "2022-06-01",
        "2022-09-01",
        (
            Claim("it is insolvent", r"bailout|bankruptcy|insolven", UNCONFIRMED | TOLD),
            Claim("a bank raises money for its assets", r"goldman", UNCONFIRMED),
        ),
    ),
    Chain(
        "Groq",
        (),
        "2026-05-01",
        "2026-06-30",
        (Claim("it raises money after its contract with Nvidia", r"650", UNCONFIRMED),),
    ),
    Chain(
        "21st Century Fox",
        ("Twenty-First Century Fox", "Fox"),
        "2017-11-01",
        "2018-01-05",
        (Claim("Disney is to buy it", r"disney.*(buy|acquire|acquisition|bid|deal)", TOLD),),
    ),
    Chain(
        "Aetna",
        (),
        "2017-10-01",
        "2018-01-15",
        (Claim("CVS is to buy it", r"cvs.*(buy|acquire|acquisition|deal|merger)", TOLD),),
    ),
    Chain(
        "Huobi",
        ("Huobi Global",),
        "2022-08-01",
        "2022-12-15",
        (
            Claim("its founder sells his stake", r"(founder|chief) in talks", UNCONFIRMED | TOLD),
            Claim("About Capital buys it", r"acquired by", UNCONFIRMED | TOLD),
            Claim("it denies a merger with Poloniex", r"denies", UNCONFIRMED),
        ),
    ),
)


class Result(NamedTuple):
    """The alerts of a chain, the final verdict on each claim (None if it raised none), and what is wrong."""

    chain: Chain
    alerts: tuple[Alert, ...]
    final: dict[str, str | None]
    wrong: tuple[str, ...]


def read(path: Path = ITEMS) -> list[Item]:
    """Return the news in order of time; bad lines are left out."""
    with path.open("rb") as lines:
        items = [item for item in read_items(lines, path.name) if isinstance(item, Item)]
    return in_time_order(trust_source(item, default_sources()) for item in items)


def run(items: Sequence[Item] | None = None) -> list[Result]:
    """Replay every chain over ``items``, or over the stored news."""
    news = read() if items is None else items
    return [_run(chain, news) for chain in CHAINS]


def _run(chain: Chain, news: Sequence[Item]) -> Result:
    replay = Replay(_book(chain), Pipeline((Annotate(), Judge())), ("alerts",))
    alerts = tuple(found for found in replay.run(_items_of(chain, news)) if isinstance(found, Alert))
    final = {claim.name: _final(claim, alerts) for claim in chain.claims}
    wrong = [f"{claim.name}: {final[claim.name]}" for claim in chain.claims if final[claim.name] not in claim.right]
    wrong += [f"corrected: {alert.headline}" for alert in alerts if alert.verdict == "correct"]
    return Result(chain, alerts, final, tuple(wrong))


def _items_of(chain: Chain, news: Sequence[Item]) -> Iterator[Item]:
    since, until = (datetime.fromisoformat(f"{day}T00:00:00+00:00") for day in (chain.since, chain.until))
    for item in news:
        seen = item.seen_at()
        if seen is not None and since <= seen < until:
            yield item


def _book(chain: Chain) -> Book:
    watch = Watch(
        entity_id=chain.name.lower().replace(" ", "-"),
        name=chain.name,
        kind="holding",
        aliases=chain.aliases,
        weight=0.1,
    )
    client = Client(id="holder", name="A Holder", manager_id="manager", trade="wealth", assets=(watch,))
    return Book(firm=Firm(name="A Firm"), managers=(Manager(id="manager", name="A Manager"),), clients=(client,))


def _final(claim: Claim, alerts: Sequence[Alert]) -> str | None:
    verdicts = [alert.verdict for alert in alerts if re.search(claim.words, alert.headline, re.IGNORECASE)]
    # What was told stays told until it is corrected, whatever is said of it in other stories.
    told = [verdict for verdict in verdicts if verdict in TOLD or verdict == "correct"]
    said = [verdict for verdict in verdicts if verdict != "ignore"]
    return (told or said or verdicts or [None])[-1]


def show(results: Sequence[Result], *, details: bool) -> None:
    """Print the verdicts on each claim, and with ``details`` each alert."""
    for result in results:
        chain = result.chain
        print(f"{chain.name}, {chain.since} to {chain.until}: {len(result.alerts)} alerts")
        for claim in chain.claims:
            right = "right" if result.final[claim.name] in claim.right else f"not {' or '.join(sorted(claim.right))}"
            print(f"  {claim.name}: {_sequence(claim, result.alerts)} ({right})")
        for alert in result.alerts if details else ():
            grade = f"{alert.source_grade}{alert.information_grade}"
            print(f"    {alert.raised_at:%m-%d %H:%M} {alert.verdict:11} {grade} {alert.kind:18} {alert.headline[:90]}")
        for wrong in result.wrong:
            print(f"  wrong: {wrong}")
    claims = sum(len(result.chain.claims) for result in results)
    print(f"final verdicts that are right: {claims - sum(len(result.wrong) for result in results)} of {claims}")


def _sequence(claim: Claim, alerts: Sequence[Alert]) -> str:
    verdicts = [alert.verdict for alert in alerts if re.search(claim.words, alert.headline, re.IGNORECASE)]
    return " → ".join(verdicts) or "nothing"


def main() -> None:
    """Print the chains."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--details", action="store_true", help="print each alert")
    options = parser.parse_args()
    show(run(), details=options.details)


if __name__ == "__main__":
    main()
