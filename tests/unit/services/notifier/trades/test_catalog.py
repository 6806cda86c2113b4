"""The trades in force: shipped ones, and a firm's own over them."""

from __future__ import annotations

from importlib.resources import files

import pytest

from services.common.errors import BadInput
from services.matcher.mentions.scope_words import scope_words
from services.notifier.trades.catalog import DEFAULT_TRADE, Trades
from services.notifier.trades.trade_files import parse_trade

SHIPPED = Trades.shipped()


def with_files(*texts: str) -> Trades:
    return SHIPPED.with_files(parse_trade(text, f"{number}.yaml") for number, text in enumerate(texts))


def a_trade(name: str, *lines: str) -> str:
    return "\n".join((f"trade: {name}", "title: T", "description: D.", *lines))


def test_each_shipped_file_is_named_like_its_trade_and_complete() -> None:
    folder = files("services.notifier.trades").joinpath("shipped")
    assert sorted(path.name.removesuffix(".yaml") for path in folder.iterdir()) == list(SHIPPED.names)
    assert DEFAULT_TRADE in SHIPPED.names
    for name in SHIPPED.names:
        trade = SHIPPED.of(name)
        assert trade.title
        assert trade.description
        assert trade.description.endswith(".")
        assert trade.desires
        assert trade.jargon
        assert len(trade.discovery) >= 5
        assert trade.industry is not None
        assert scope_words().labels_for("industries", trade.industry), trade.industry


def test_a_desire_goes_by_all_its_names() -> None:
    assert "income" in SHIPPED.desire_names("wealth", "Dividend_Income")
    assert SHIPPED.desire_names("wealth", "Anything-else") == {"anything else"}
    assert SHIPPED.desire_phrase("wealth", "preservation") == "the preservation of your capital"
    assert SHIPPED.desire_phrase("wealth", "capital_growth") == "capital growth"
    assert SHIPPED.desire_phrase("it", "preservation") == "preservation"


def test_a_firm_changes_parts_of_a_shipped_trade() -> None:
    trades = with_files("trade: wealth\npeople: {one: member, many: members}\n")
    assert trades.own == ("wealth",)
    assert trades.of("wealth").people.one == "member"
    assert trades.of("wealth").discovery == SHIPPED.of("wealth").discovery
    assert SHIPPED.of("wealth").people.one == "client"


def test_a_trade_takes_what_it_does_not_say_from_the_one_it_is_like() -> None:
    trades = with_files(a_trade("smiths", "like: masons"), a_trade("masons", "like: it", "desires: {speed: [haste]}"))
    assert trades.rules_for("smiths") == ("smiths", "masons", "it")
    assert {"speed", "continuity"} <= set(trades.of("smiths").desires)
    assert trades.of("smiths").title == "T"


def test_a_trade_that_is_no_longer_defined_has_only_its_name() -> None:
    gone = SHIPPED.of("blacksmiths")
    assert gone.name == "blacksmiths"
    assert gone.assets.default == "product"
    assert SHIPPED.rules_for("blacksmiths") == ("blacksmiths",)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([a_trade("masons"), a_trade("masons")], "1.yaml:1: trade: 0.yaml defines the same trade"),
        ([a_trade("masons", "like: itt")], "0.yaml:4: like: there is no trade 'itt'. Use one of accounting,"),
        (
            [a_trade("masons", "like: smiths"), a_trade("smiths", "like: masons")],
            "masons is like smiths is like",
        ),
        (["trade: wealth\nlike: it\n"], "0.yaml:2: like: 'wealth' ships with Firstword"),
        (["trade: masons\ndescription: D.\n"], "0.yaml:1: title: it is missing"),
    ],
)
def test_files_that_contradict_each_other_are_refused(texts: list[str], said: str) -> None:
    with pytest.raises(BadInput) as raised:
        with_files(*texts)
    assert said in str(raised.value)
