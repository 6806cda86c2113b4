"""What an interest asks of the news: a shipped topic, a query of its own, or both."""

from __future__ import annotations

from collections.abc import Iterator

from firstword.book.fields import Fields, nearest
from firstword.book.nodes import MappingNode, Node, SequenceNode
from schemas.clients import Near, Query
from services.matcher.mentions.topics import all_topics, find_topic
from services.matcher.text.normalize import words

__all__ = ["ASKING", "NO_TOPIC", "implied_topic", "read_query", "read_topic"]

#: The fields of an interest that ask.
ASKING = ("topic", "any_of", "all_of", "none_of", "near")
_NEAR = ("words", "within")
#: How many words apart, if the book doesn't say.
_WITHIN = 8
_FURTHEST = 50
#: What a book writes so that a name which is a topic's is looked for as it stands.
NO_TOPIC = "false"


def implied_topic(name: str, kind: str) -> str | None:
    """The id of the shipped topic that an interest of this name and kind means if nothing else is said of it."""
    topic = find_topic(name) if kind == "topic" else None
    return topic.id if topic else None


def read_topic(fields: Fields) -> str | None:
    """The id of the topic that is named; an unknown one is an error."""
    name = fields.text("topic")
    if name is None or name == NO_TOPIC:
        return None
    topic = find_topic(name)
    if topic is None:
        alike = nearest(name, all_topics())
        fix = f"Did you mean {alike!r}? " if alike else ""
        fields.error("topic", f"{name!r} is no topic.", f"{fix}'firstword clients topics' lists them.")
        return None
    return topic.id


def read_query(fields: Fields, topic: str | None) -> Query | None:
    """The query that is written, or None where there is none."""
    if not any(name in fields for name in ASKING[1:]):
        return None
    near = tuple(_nears(fields))
    terms = {name: fields.texts(name) for name in ("any_of", "all_of", "none_of")}
    for name, given in terms.items():
        _check_terms(fields, name, given)
    if topic is None and not (near or terms["any_of"] or terms["all_of"]):
        fields.error(
            "none_of" if "none_of" in fields else "near",
            "This looks for nothing: it says only what must not stand there.",
            "Add `any_of: […]`, `all_of: […]`, `near: …` or `topic: …`.",
        )
    return Query(**terms, near=near)


def _check_terms(fields: Fields, name: str, terms: tuple[str, ...]) -> None:
    for term in terms:
        if not all(words(each) for each in term.split("|")):
            fields.error(name, f"{term!r} holds no word to look for.", "Write a word, a phrase, or `one | other`.")


def _nears(fields: Fields) -> Iterator[Near]:
    node = fields.node("near")
    nodes: list[Node] = [] if node is None else node.items if isinstance(node, SequenceNode) else [node]
    for at, each in enumerate(nodes):
        path = f"{fields.where('near')}[{at}]" if isinstance(node, SequenceNode) else fields.where("near")
        if not isinstance(each, MappingNode):
            fields.report.error(
                each.line, path, "This must have fields.", f"Write `near: {{words: [a, b], within: {_WITHIN}}}`."
            )
            continue
        inner = Fields(each, path, _NEAR, fields.report)
        near = _near(inner)
        if near is not None:
            yield near


def _near(fields: Fields) -> Near | None:
    terms = fields.texts("words")
    _check_terms(fields, "words", terms)
    if len(terms) < 2:
        fields.error("words", "Near what? It takes two words at least.", "Write `words: [price, raise | raises]`.")
        return None
    within = fields.whole("within", _WITHIN, 1)
    if within > _FURTHEST:
        fields.error(
            "within", f"{within} words apart is not near.", f"Write at most {_FURTHEST}, or use `all_of` instead."
        )
        return None
    return Near(words=terms, within=within)
