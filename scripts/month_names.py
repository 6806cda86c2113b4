"""Write ``services/ingest/parse/month_names.csv`` again: the names of the months in the languages of Europe.

The names come from the Unicode CLDR through Babel, which the development environment has. Run it as
``.venv/bin/python scripts/month_names.py`` and read the diff.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from pathlib import Path

from babel import Locale

TARGET = Path(__file__).parents[1] / "services" / "ingest" / "parse" / "month_names.csv"
#: Locales by language; those of some countries differ from their language's own.
LOCALES = {
    "bg": ("bg",), "bs": ("bs",), "ca": ("ca",), "cs": ("cs",), "cy": ("cy",), "da": ("da",), "de": ("de", "de_AT"),
    "el": ("el",), "en": ("en", "en_GB"), "es": ("es", "es_MX"), "et": ("et",), "eu": ("eu",), "fi": ("fi",),
    "fr": ("fr", "fr_CA"), "ga": ("ga",), "gl": ("gl",), "hr": ("hr",), "hu": ("hu",), "is": ("is",), "it": ("it",),
    "lt": ("lt",), "lv": ("lv",), "mk": ("mk",), "mt": ("mt",), "nb": ("nb",), "nl": ("nl",), "nn": ("nn",),
    "pl": ("pl",), "pt": ("pt", "pt_PT"), "ro": ("ro",), "ru": ("ru",), "sk": ("sk",), "sl": ("sl",), "sq": ("sq",),
    "sr": ("sr", "sr_Latn"), "sv": ("sv",), "tr": ("tr",), "uk": ("uk",),
}  # fmt: skip
#: Abbreviations that publishing systems write and CLDR lacks, as "language: names of month 1 / month 2 / …".
OTHERS = {
    "de": "jan jän/feb/mär mrz/apr/mai/jun/jul/aug/sep sept/okt/nov/dez",
    "es": "ene/feb/mar/abr/may/jun/jul/ago/sep set setiembre/oct/nov/dic",
    "fr": "jan/fév fev fevr/mars mar/avr/mai/juin/juil/août aou/sep sept/oct/nov/déc",
    "it": "gen/feb/mar/apr/mag/giu/lug/ago/set sett/ott/nov/dic",
    "nl": "jan/feb/mrt/apr/mei/jun/jul/aug/sep sept/okt/nov/dec",
    "pt": "jan/fev/mar/abr/mai/jun/jul/ago/set/out/nov/dez",
    "ru": "янв/фев/мар/апр/май/июн/июл/авг/сен/окт/ноя/дек",
    "uk": "січ/лют/бер/кві/тра/чер/лип/сер/вер/жов/лис/гру",
}


def fold(name: str) -> str:
    """Return ``name`` in lower case, without accents and the final dot; must be what ``dates.py`` does."""
    apart = unicodedata.normalize("NFKD", name.casefold().replace("ı", "i"))
    return "".join(char for char in apart if not unicodedata.combining(char)).strip(". ")


def names() -> dict[tuple[str, int], set[str]]:
    """Return the languages in which a name is that of a month, by (name, month)."""
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for language, locales in LOCALES.items():
        for locale in locales:
            months = Locale.parse(locale).months
            for form in ("format", "stand-alone"):
                for width in ("wide", "abbreviated"):
                    for month, name in months[form][width].items():
                        found[fold(name), month].add(language)
        for month, others in enumerate(OTHERS.get(language, "").split("/"), 1):
            for name in others.split():
                found[fold(name), month].add(language)
    # A number or a number's letter, and names of several words, can't be told from the rest of a date.
    return {key: languages for key, languages in found.items() if key[0].isalpha() and len(key[0]) > 2}


def main() -> None:
    """Write the file."""
    lines = [f"{name},{month},{' '.join(sorted(languages))}" for (name, month), languages in sorted(names().items())]
    TARGET.write_text("name,month,languages\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
