import pytest

from services.common.keyset import Cursor
from services.notifier.paging import page_of_items

ITEMS = ["a", "b", "c", "d", "e"]


def place(item: str) -> tuple[str]:
    return (item,)


@pytest.mark.parametrize(
    ("number", "shown", "on"), [(1, "ab", 1), (3, "e", 3), (99, "e", 3), (0, "ab", 1), (-4, "ab", 1)]
)
def test_a_number_beyond_the_pages_gives_the_nearest(number: int, shown: str, on: int) -> None:
    page = page_of_items(ITEMS, number, 2, place, order="letters")
    assert ("".join(page.items), page.number, page.pages, page.total, page.next) == (shown, on, 3, 5, None)


def test_an_empty_list_has_one_page() -> None:
    nothing: list[str] = []
    page = page_of_items(nothing, 1, 2, place, order="letters")
    assert (page.items, page.number, page.pages) == ([], 1, 1)


def test_the_cursors_lead_through_the_list() -> None:
    page = page_of_items(ITEMS, Cursor(), 2, place, order="letters")
    seen, numbers = [*page.items], [page.number]
    while page.next is not None:
        page = page_of_items(ITEMS, Cursor(page.next), 2, place, order="letters")
        seen += page.items
        numbers.append(page.number)
    assert (seen, numbers) == (ITEMS, [1, None, None])
