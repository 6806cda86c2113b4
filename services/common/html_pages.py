"""Read pages from outside, which may be malformed, with the standard library's parser."""

from __future__ import annotations

from html.parser import HTMLParser

__all__ = ["MAX_PAGE_CHARACTERS", "PageParser"]

#: Characters of a page that are read.
MAX_PAGE_CHARACTERS = 2_000_000


class PageParser(HTMLParser):
    """A parser for subclasses that handle the tags; it takes ``<a/>`` for ``<a>``, as browsers do.

    Feed it a page whole, then close it: both together take time linear in the length of the page.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Handle a tag that closes itself as one that begins."""
        self.handle_starttag(tag, attrs)

    def close(self) -> None:
        """Drop a tag or comment that never ends, as browsers do; the library looks for the end of each one in it."""
        if self.rawdata.startswith("<"):
            self.rawdata = ""
        super().close()

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Skip a section such as ``<![CDTA[…``, as browsers do; the library asserts that it knows its name."""
        return self.parse_bogus_comment(i, report)
