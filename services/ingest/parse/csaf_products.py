"""Names the products of a CSAF document by their ids, as people know them: the vendor's product and its versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.ingest.parse.clean import title_text
from services.ingest.parse.lenient_json import entries_of, is_object, object_of, text_of

__all__ = ["Products"]

#: Nodes of a product tree that are looked at. The largest of Red Hat's have about 20,000.
_MOST_NODES = 200_000
_NAME_LENGTH = 200
_PRODUCT = ("product_name", "product_family")
#: The scheme in front of a range of versions: "vers:generic/<4.2.1".
_RANGE = re.compile(r"^vers:[a-z0-9.+-]{1,30}/", re.ASCII)
_VERSION = ("product_version", "product_version_range")


class Products:
    """The products of a document's ``product_tree``, by id."""

    def __init__(self, tree: object) -> None:
        """Read the branches without recursion, however deep they nest."""
        self._names: dict[str, str] = {}
        given = object_of(tree)
        self._read_branches(given.get("branches"))
        for product in entries_of(given.get("full_product_names"), _MOST_NODES):
            self._add(product, None, None, None)
        for relation in entries_of(given.get("relationships"), _MOST_NODES):
            self._relate(relation)

    def names(self, ids: Iterable[str]) -> Sequence[str]:
        """Return the names of these products in order, each once. Ids without a product have none."""
        return list(dict.fromkeys(self._names[id] for id in ids if id in self._names))

    def _read_branches(self, branches: object) -> None:
        waiting: list[tuple[object, str | None, str | None, str | None]] = [(branches, None, None, None)]
        seen = 0
        while waiting and seen < _MOST_NODES:
            nodes, vendor, product, version = waiting.pop()
            inner: list[tuple[object, str | None, str | None, str | None]] = []
            for node in entries_of(nodes, _MOST_NODES - seen):
                seen += 1
                category, name = text_of(node.get("category"), 40), title_text(text_of(node.get("name"), _NAME_LENGTH))
                here = (
                    name if category == "vendor" else vendor,
                    name if category in _PRODUCT else product,
                    name if category in _VERSION else version,
                )
                if is_object(node.get("product")):
                    self._add(node["product"], *here)
                if node.get("branches"):
                    inner.append((node["branches"], *here))
            waiting += reversed(inner)

    def _add(self, product: Mapping[str, Any], vendor: str | None, name: str | None, version: str | None) -> None:
        id = text_of(product.get("product_id"), 500)
        full = title_text(text_of(product.get("name"), _NAME_LENGTH))
        if id is None or not (name or full):
            return
        known = name or full or ""
        if vendor and not known.casefold().startswith(vendor.casefold()):
            known = f"{vendor} {known}"
        if version and version.casefold() not in known.casefold():
            known = f"{known} ({_RANGE.sub('', version)})"
        self._names[id] = known

    def _relate(self, relation: Mapping[str, Any]) -> None:
        """Name a part of a product as the product: whoever has that is affected."""
        id = text_of(object_of(relation.get("full_product_name")).get("product_id"), 500)
        whole = self._names.get(text_of(relation.get("relates_to_product_reference"), 500) or "")
        full = title_text(text_of(object_of(relation.get("full_product_name")).get("name"), _NAME_LENGTH))
        if id is not None and (whole or full):
            self._names[id] = whole or full or ""
