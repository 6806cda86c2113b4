"""Pages that are made to cost time: the work is counted, because seconds say little on a busy machine."""

from __future__ import annotations

import pytest

from services.common.html_pages import PageParser

ENDLESS = ["<!--", "<![CDATA[", "<![CDTA[", "<!doctype ", "<!x ", "<?", "<a ", "</a ", "<a b='", ' b="><a "']


class CountingParser(PageParser):
    """Counts the characters that are looked through for the ends of tags, comments and declarations."""

    def __init__(self) -> None:
        super().__init__()
        self.characters = 0
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def parse_starttag(self, i: int) -> int:
        return self._counted(i, super().parse_starttag(i))

    def parse_endtag(self, i: int) -> int:
        return self._counted(i, super().parse_endtag(i))

    def parse_pi(self, i: int) -> int:
        return self._counted(i, super().parse_pi(i))

    def parse_comment(self, i: int, report: bool = True) -> int:
        return self._counted(i, super().parse_comment(i, report))

    def parse_html_declaration(self, i: int) -> int:
        return self._counted(i, super().parse_html_declaration(i))

    def _counted(self, start: int, end: int) -> int:
        self.characters += (end if end >= 0 else len(self.rawdata)) - start
        return end


def parse(page: str) -> CountingParser:
    parser = CountingParser()
    parser.feed(page)
    parser.close()
    return parser


@pytest.mark.parametrize("opening", ENDLESS)
def test_twice_as_much_markup_without_an_end_is_at_most_twice_the_work(opening: str) -> None:
    once, twice = parse(f"<p><a {opening * 500}"), parse(f"<p><a {opening * 1_000}")
    assert twice.characters <= 2 * once.characters
    assert twice.characters <= 3 * len(opening) * 1_000
    alone = parse(f"<p>{opening * 1_000}")
    assert alone.characters <= 3 * len(opening) * 1_000
    assert alone.tags[0] == "p"


def test_what_is_whole_is_read_up_to_a_tag_without_an_end() -> None:
    assert parse("<p><a/>text & <b>more</b><i class='").tags == ["p", "a", "b"]
