"""Drafts are in English, whole: for a client who reads another language they say so, and wait to be translated.

A letter of which only the greeting is in the client's language would look careless. So what frames a draft is English
as well, and the account manager is told what to translate it into, and how the client is addressed there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.clients import Client
from schemas.drafts import Finding
from services.notifier.drafting.grammar import is_english

__all__ = ["address", "in_another_language", "language_name", "own_closing", "reads_english", "without_foreign_closing"]

_NAMES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "he": "Hebrew", "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch",
    "no": "Norwegian", "nb": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip
_OPENINGS = ("dear", "hello", "hi ", "good ", "to ")
_TITLES = re.compile(r"(?:mr|mrs|ms|miss|mx|dr|prof|professor|sir|dame|lord|lady)\b", re.IGNORECASE)
_CLOSINGS = ("regards", "sincerely", "yours", "wishes")
#: How letters end elsewhere, as far as a signature's first line would show it.
_FOREIGN_CLOSINGS = (
    "grüße", "grüßen", "gruß", "grüsse", "grüssen", "gruss", "hochachtungsvoll", "cordialement", "salutations",
    "bien à vous", "saludos", "atentamente", "cordiali", "saluti", "groet", "hälsningar", "hilsen", "cumprimentos",
)  # fmt: skip


def reads_english(client: Client) -> bool:
    """Whether the client reads drafts as they are written."""
    return client.language.split("-")[0].casefold() == "en"


def language_name(tag: str) -> str:
    """What the language of a BCP 47 tag is called in English; the tag itself where we don't know."""
    return _NAMES.get(tag.split("-")[0].casefold(), tag)


def address(client: Client) -> str:
    """How an English letter begins: the client's own salutation where it is English, with "Dear" before a bare name."""
    salutation = (client.salutation or client.name).strip().rstrip(",")
    if not client.salutation or salutation.casefold().startswith(_OPENINGS):
        return f"{salutation}," if client.salutation else f"Dear {salutation},"
    english = reads_english(client) or _TITLES.match(salutation) or salutation in client.name
    return f"Dear {salutation if english else client.name},"


def own_closing(line: str) -> bool:
    """Whether ``line``, a signature's first, is an English closing already."""
    return any(closing in line.casefold() for closing in _CLOSINGS)


def without_foreign_closing(signature: str) -> str:
    """``signature`` without a first line that closes a letter in another language."""
    first, _, rest = signature.partition("\n")
    return rest.strip() if rest and any(closing in first.casefold() for closing in _FOREIGN_CLOSINGS) else signature


def in_another_language(own: str, client: Client, *, closely: bool) -> Iterator[Finding]:
    """That the client reads another language than ``own`` is in. A person may have translated it: looked at closely."""
    if reads_english(client) or (closely and not is_english(own)):
        return
    name, salutation = language_name(client.language), (client.salutation or "").strip().rstrip(",")
    addressed = f", and address them as “{salutation}”" if salutation and salutation not in address(client) else ""
    message = f"{client.name} reads {name}, and this is in English."
    yield Finding(rule="language", text="", message=message, mend=f"Translate it before you send it{addressed}.")
