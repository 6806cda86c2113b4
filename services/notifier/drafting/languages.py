"""Drafts are written in English. For a client who reads another language, the account manager is told to translate.

A letter with only its greeting in the client's language would look careless, so greeting and closing are English too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.clients import Client
from schemas.drafts import Finding
from services.notifier.drafting.grammar import is_english

__all__ = ["check_language", "greeting", "is_closing", "language_name", "reads_english", "without_foreign_closing"]

_NAMES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "he": "Hebrew", "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch",
    "no": "Norwegian", "nb": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip
_OPENINGS = ("dear", "hello", "hi ", "good ", "to ")
_TITLES = re.compile(r"(?:mr|mrs|ms|miss|mx|dr|prof|professor|sir|dame|lord|lady)\b", re.IGNORECASE)
_CLOSINGS = ("regards", "sincerely", "yours", "wishes")
#: Closings in other languages, as the first line of a signature may show them.
_FOREIGN_CLOSINGS = (
    "grüße", "grüßen", "gruß", "grüsse", "grüssen", "gruss", "hochachtungsvoll", "cordialement", "salutations",
    "bien à vous", "saludos", "atentamente", "cordiali", "saluti", "groet", "hälsningar", "hilsen", "cumprimentos",
)  # fmt: skip


def reads_english(client: Client) -> bool:
    """Return whether the client reads English."""
    return client.language.split("-")[0].casefold() == "en"


def language_name(tag: str) -> str:
    """Return the English name of the language of a BCP 47 tag, or the tag itself if it is not known."""
    return _NAMES.get(tag.split("-")[0].casefold(), tag)


def greeting(client: Client) -> str:
    """Return the first line of a letter: the client's salutation if it is English, with "Dear" before a bare name."""
    salutation = (client.salutation or client.name).strip().rstrip(",")
    if not client.salutation or salutation.casefold().startswith(_OPENINGS):
        return f"{salutation}," if client.salutation else f"Dear {salutation},"
    english = reads_english(client) or _TITLES.match(salutation) or salutation in client.name
    return f"Dear {salutation if english else client.name},"


def is_closing(line: str) -> bool:
    """Return whether ``line``, the first of a signature, is an English closing."""
    return any(closing in line.casefold() for closing in _CLOSINGS)


def without_foreign_closing(signature: str) -> str:
    """Return ``signature`` without a first line that closes a letter in another language."""
    first, _, rest = signature.partition("\n")
    return rest.strip() if rest and any(closing in first.casefold() for closing in _FOREIGN_CLOSINGS) else signature


def check_language(own: str, client: Client, *, closely: bool) -> Iterator[Finding]:
    """Report that the client reads another language. ``closely``: check whether a person translated ``own``."""
    if reads_english(client) or (closely and not is_english(own)):
        return
    name, salutation = language_name(client.language), (client.salutation or "").strip().rstrip(",")
    addressed = (
        f", and address the client as “{salutation}”" if salutation and salutation not in greeting(client) else ""
    )
    message = f"{client.name} reads {name}, and this message is in English."
    yield Finding(rule="language", text="", message=message, mend=f"Translate it before you send it{addressed}.")
