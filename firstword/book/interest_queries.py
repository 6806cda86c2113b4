"""Read what an interest looks for in the news: a topic that ships with Firstword, a query, or both."""

from __future__ import annotations

from collections.abc import Iterator

from firstword.book.fields import Fields, nearest
from firstword.book.nodes import MappingNode, Node, SequenceNode
from schemas.clients import Near, Query
from services.matcher.mentions.topics import all_topics, find_topic
from services.matcher.text.normalize import words

__all__ = ["NO_TOPIC", "QUERY_FIELDS", "implied_topic", "read_query", "read_topic"]

#: The fields of an interest that say what to look for.
QUERY_FIELDS = ("topic", "any_of", "all_of", "none_of", "near")
_NEAR = ("words", "within")
#: The default distance in words.
_WITHIN = 8
_MAX_WITHIN = 50
#: The value of `topic` in a book that turns a topic's name back into a plain name.
NO_TOPIC = "false"


def implied_topic(name: str, kind: str) -> str | None:
    """Return the id of the topic that an interest with this name and kind means by default."""
    topic = find_topic(name) if kind == "topic" else None
    return topic.id if topic else None


def read_topic(fields: Fields) -> str | None:
    """Return the id of the topic that the field `topic` names; report an unknown one."""
    name = fields.text("topic")
    if name is None or name == NO_TOPIC:
        return None
    topic = find_topic(name)
    if topic is None:
        alike = nearest(name, all_topics())
        fix = f"Did you mean {alike!r}? " if alike else ""
        fields.error("topic", f"There is no topic {name!r}.", f"{fix}'firstword clients topics' lists them.")
        return None
    return topic.id


def read_query(fields: Fields, topic: str | None) -> Query | None:
    """Return the query, or None if the interest has none."""
    if not any(name in fields for name in QUERY_FIELDS[1:]):
        return None
    near = tuple(_nears(fields))
    terms = {name: fields.texts(name) for name in ("any_of", "all_of", "none_of")}
    for name, given in terms.items():
        _check_terms(fields, name, given)
    if topic is None and not (near or terms["any_of"] or terms["all_of"]):
        fields.error(
            "none_of" if "none_of" in fields else "near",
            "This query finds nothing: it only excludes words.",
            "Add `any_of: […]`, `all_of: […]`, `near: …` or `topic: …`.",
        )
    return Query(**terms, near=near)


def _check_terms(fields: Fields, name: str, terms: tuple[str, ...]) -> None:
    for term in terms:
        if not all(words(alternative) for alternative in term.split("|")):
            fields.error(name, f"{term!r} contains no word to look for.", "Write a word, a phrase, or `one | other`.")


def _nears(fields: Fields) -> Iterator[Near]:
    node = fields.node("near")
    nodes: list[Node] = [] if node is None else node.items if isinstance(node, SequenceNode) else [node]
    for at, item in enumerate(nodes):
        path = f"{fields.where('near')}[{at}]" if isinstance(node, SequenceNode) else fields.where("near")
        if not isinstance(item, MappingNode):
            fields.report.error(
                item.line, path, "This must have fields.", f"Write `near: {{words: [a, b], within: {_WITHIN}}}`."
            )
            continue
        inner = Fields(item, path, _NEAR, fields.report)
        near = _near(inner)
        if near is not None:
            yield near


def _near(fields: Fields) -> Near | None:
    terms = fields.texts("words")
    _check_terms(fields, "words", terms)
    if len(terms) < 2:
        fields.error("words", "`near` needs at least two words.", "Write `words: [price, raise | raises]`.")
        return None
    within = fields.whole("within", _WITHIN, 1)
    if within > _MAX_WITHIN:
        fields.error(
            "within",
            f"{within} words is too far apart for `near`.",
            f"Write at most {_MAX_WITHIN}, or use `all_of` instead.",
        )
        return None
    return Near(words=terms, within=within)
