"""Writes the files that a firm's new trade starts from: every part with a comment and an example."""

from __future__ import annotations

from importlib.resources import files

from schemas.clients import Trade

__all__ = ["playbook_template", "trade_template"]


def trade_template(trade: Trade, like: Trade | None) -> str:
    """Return a commented trade file; with ``like``, one that takes all that it doesn't say from that trade."""
    title = trade.replace("-", " ").replace("_", " ").capitalize()
    return _template("trade.yaml").format(
        trade=trade, title=title, like=f"like: {like}" if like is not None else "#like: it"
    )


def playbook_template(trade: Trade) -> str:
    """Return a playbook for ``trade`` without rules, with a commented example of one."""
    return _template("playbook.yaml").format(trade=trade)


def _template(name: str) -> str:
    return files("services.notifier.trades").joinpath("templates", name).read_text(encoding="utf-8")
