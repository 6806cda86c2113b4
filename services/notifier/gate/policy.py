"""The kinds of findings, the effect of each, and the defaults that a regulated firm can live with (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from services.notifier.roles import ROLES, Role

__all__ = ["EFFECTS", "KINDS", "OTHER", "Effect", "GatePolicy", "Kind"]

#: block: the message can't go out until the text is changed · second_person: somebody else has to approve it too ·
#: reason: whoever approves it gives a reason, which is kept · warn: it is shown · off: it is not shown. From the
#: strictest to the mildest.
Effect = Literal["block", "second_person", "reason", "warn", "off"]
EFFECTS: tuple[Effect, ...] = get_args(Effect)


class Kind(NamedTuple):
    """A kind of finding in words, and its effect where the firm sets none."""

    label: str
    default: Effect


#: Findings of a rule that is not listed.
OTHER = "other"
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "invented.figure": Kind("A number, amount or percentage that no source has", "block"),
        "invented.date": Kind("A date that no source has", "block"),
        "invented.name": Kind("A name that no source has", "block"),
        "invented.quotation": Kind("A quotation that no source has", "block"),
        "restricted_name": Kind("A restricted name, outside what Firstword wrote about it", "block"),
        "restricted_edit": Kind("Words added to a message about a restricted name", "reason"),
        "compliance": Kind("A word that must never be said in the client's trade", "block"),
        "standing_sentence": Kind("A sentence of the client's trade that stands in every message is missing", "block"),
        "trade_tone": Kind("A word that is out of tone in the client's trade", "reason"),
        "promise": Kind("A promise: “guaranteed”, “risk-free”, “buy now”", "block"),
        "confrontation": Kind("Telling the client that they are wrong", "block"),
        "insistence": Kind("Telling the client what they must do, or should have known", "reason"),
        "cursing": Kind("A curse word", "block"),
        "quoted_cursing": Kind("A curse word in a quotation", "warn"),
        "slang": Kind("Slang", "reason"),
        "text_speak": Kind("Text-speak", "reason"),
        "polarizing": Kind("A polarizing topic, such as politics or religion", "reason"),
        "unchecked": Kind("A text that could be checked only in part", "reason"),
        "meaning.number": Kind("A figure, unit or direction that differs from the evidence", "block"),
        # Negations and opposites are found wrongly in three of a hundred true sentences (tests/corpus/meaning): a
        # person may overrule these findings with a reason.
        "meaning.negation": Kind("A “not” that was added or lost", "reason"),
        "meaning.agent": Kind("Who did it to whom is mixed up", "block"),
        "meaning.hedge": Kind("Unconfirmed news said as fact", "block"),
        "meaning.opposite": Kind("The opposite of what the evidence says", "reason"),
        "meaning.quantity": Kind("The whole for a part, or at most for at least", "block"),
        "meaning.certainty": Kind("A forecast or an opinion said as certain", "block"),
        "meaning.swap": Kind("A name or a date in the place of another", "block"),
        "meaning.unsure": Kind("The meaning may differ from the evidence: a person should look", "reason"),
        "cliche": Kind("A cliché", "warn"),
        "drama": Kind("Dramatic words", "warn"),
        "jargon": Kind("Jargon that the client may not know", "warn"),
        "language": Kind("Not in the client's language", "warn"),
        "spelling": Kind("Spelling", "warn"),
        "slip": Kind("A slip of the pen", "warn"),
        "grammar": Kind("Grammar", "warn"),
        "readability": Kind("Long or hard sentences", "warn"),
        "length": Kind("A long message", "warn"),
        "questions": Kind("More than one question", "warn"),
        "emoji": Kind("An emoji", "warn"),
        "exclamation": Kind("An exclamation mark", "warn"),
        "capitals": Kind("Words in capitals", "warn"),
        OTHER: Kind("Any other finding", "warn"),
    }
)


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """The firm's effects by kind; the defaults apply to kinds that it doesn't name.

    ``second_persons`` are the ids of the users, and ``second_roles`` the roles, who may approve as the second person,
    whoever the client's account manager is. If there are none, everybody may who may see the draft. Of either, only
    those whose role has the permission ``messages.second``.
    """

    effects: Mapping[str, Effect] = field(default_factory=dict)
    second_persons: tuple[str, ...] = ()
    second_roles: tuple[Role, ...] = ()

    def effect(self, kind: str) -> Effect:
        """Return the effect of findings of ``kind``."""
        return self.effects.get(kind, KINDS[kind].default)

    def names(self, user_id: str, role: Role) -> bool:
        """Return whether the firm names a user, or their role, as a second person."""
        named = user_id in self.second_persons or role in self.second_roles
        return named and "messages.second" in ROLES[role].may

    def may_second(self, user_id: str, role: Role, first_by: str) -> bool:
        """Return whether a user may approve what ``first_by`` has approved: never the same person."""
        if user_id == first_by or "messages.second" not in ROLES[role].may:
            return False
        return self.names(user_id, role) or not (self.second_persons or self.second_roles)

    def milder(self) -> tuple[str, ...]:
        """Return the kinds whose effect is milder than the default."""
        return tuple(
            kind for kind, effect in self.effects.items() if EFFECTS.index(effect) > EFFECTS.index(KINDS[kind].default)
        )
