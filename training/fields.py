"""The fields of a reading and their values: what a label says about one watched name in one item."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["FIELDS"]

FIELDS: Mapping[str, tuple[str, ...]] = {
    "role": ("actor", "object", "party", "affected", "speaker", "mention", "homonym"),
    "kind": (
        "earnings", "guidance", "dividend", "buyback", "capital", "share_move", "rating", "deal", "contract", "product",
        "expansion", "cutback", "leadership", "legal", "regulation", "insolvency", "breach", "vulnerability", "outage",
        "recall", "labour", "trial", "macro", "politics", "reputation", "event", "other", "none",
    ),
    "genre": ("news", "preview", "analysis", "opinion", "list", "feature", "promo", "old"),
    "status": ("fact", "reported", "rumor", "plan", "denied", "forecast", "none"),
    "direction": ("good", "bad", "mixed", "unclear"),
    "weight": ("major", "worth", "minor", "none"),
    "tell": ("tell", "warn", "hold", "no"),
}  # fmt: skip
