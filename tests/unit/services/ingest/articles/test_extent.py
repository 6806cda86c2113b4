"""A text that ends, and is as long as news, is whole; all others are a headline or a teaser."""

from __future__ import annotations

import pytest

from schemas.items import Item
from services.ingest.articles.extent import WHOLE_FROM, Extent, extent_of

TITLE = "Halden buys Kestrel"
LONG = "Halden said on Monday that it would buy Kestrel. " * (WHOLE_FROM // 40)


@pytest.mark.parametrize(
    ("summary", "body", "extent"),
    [
        (None, None, "headline"),
        (f" {TITLE.upper()} ", None, "headline"),
        ("Halden said on Monday that it would buy Kestrel.", None, "teaser"),
        (LONG, None, "whole"),
        ("Short.", LONG, "whole"),
        (f"{LONG} …", None, "teaser"),
        (f"{LONG} [...]", None, "teaser"),
        (f"{LONG} Read more »", None, "teaser"),
        (f"{LONG} Continue reading Halden buys Kestrel", None, "teaser"),
        (f"{LONG} Lire la suite.", None, "teaser"),
        (f"{LONG} […] The post Halden buys Kestrel appeared first on Northgate.", None, "teaser"),
        (f"{LONG} The post Halden buys Kestrel appeared first on Northgate.", None, "whole"),
        (f"{LONG} Nobody will read more into it than that.", None, "whole"),
    ],
)
def test_extent(summary: str | None, body: str | None, extent: Extent) -> None:
    assert extent_of(Item(id="itm_1", title=TITLE, summary=summary, body=body)) == extent
