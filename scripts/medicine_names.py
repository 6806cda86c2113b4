"""Write ``services/matcher/lexicon/medicines.csv`` again: the generic and brand names of medicines.

The names come from the data of the package drug-named-entity-recognition, which the development environment has. It is
read without importing the package: the import builds an index of 100,000 names and looks for files in the home folder.
Run it as ``.venv/bin/python scripts/medicine_names.py`` and read the diff.
"""

from __future__ import annotations

import bz2
import pickle
import re
from collections import defaultdict
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from spellchecker import SpellChecker

from services.matcher.text.word_lists import word_lists

PACKAGE = "drug_named_entity_recognition"
TARGET = Path(__file__).parents[1] / "services" / "matcher" / "lexicon" / "medicines.csv"
HEADER = """\
# Medicines: generic name, other generic names, brand names, and whether the generic name means more than the medicine.
# Made by scripts/medicine_names.py from the data of drug-named-entity-recognition {version} (MIT), which collects names
# from DrugBank's open data (CC0), MeSH and MedlinePlus (US National Library of Medicine, which endorses nothing here),
# the NHS (Open Government Licence) and Wikipedia (CC BY-SA); a few are added by the script. Names that are also
# ordinary words are left out. A generic name is watched under its brands too, and a brand under its generic names,
# unless these mean more in the news than the medicine (broad: yes).
generic,also,brands,broad
"""
#: A word this frequent in pyspellchecker's English dictionary is one in its own right ("tide"; but not "valium").
ORDINARY = 1000
#: The shortest name: shorter ones are abbreviations.
LETTERS = 5
#: The most brands of one medicine; the first that the data lists are the best known.
BRANDS = 24
#: Sources that list medicines in use, unlike those that list every chemical compound.
IN_USE = ("medline_plus_id", "nhs_url", "wikipedia_url")
#: Generic names that news uses for a drug of abuse, a hormone, a food or a material.
BROAD = {
    "alcohol", "amphetamine", "cannabidiol", "cannabis", "charcoal", "cocaine", "cortisol", "diamorphine", "dronabinol",
    "estradiol", "ethanol", "fentanyl", "gamma hydroxybutyric acid", "ketamine", "lysergide", "magnesium", "melatonin",
    "methadone", "methamphetamine", "nabilone", "nitrous oxide", "oxycodone", "progesterone", "psilocybin", "retinol",
    "xylitol", "zinc",
}  # fmt: skip
#: The data lists these apart, though they are one medicine.
SAME = {"thyroxine": "levothyroxine"}
#: Names that the data lacks.
MISSING = {
    "donanemab": ("kisunla",), "epinephrine": ("neffy",), "lecanemab": ("leqembi",),
    "nirmatrelvir and ritonavir": ("nirmatrelvir", "paxlovid"), "nirsevimab": ("beyfortus",),
    "resmetirom": ("rezdiffra",), "sotatercept": ("winrevair",), "suzetrigine": ("journavx",),
    "zuranolone": ("zurzuvae",),
}  # fmt: skip
#: Errors of the data.
WRONG = {"otheraronix", "otherbrufen", "reybelsus"}
#: Generic names that differ from country to country: the others that the data lists are taken for brands.
NATIONAL = {
    "acetylsalicylic acid", "aciclovir", "actinomycin", "alimemazine", "amoxycillin", "beclometasone",
    "bendrofluazide", "cefalexin", "cephalexin", "chlorphenamine", "chlorpheniramine", "ciclosporin", "clomifene",
    "colecalciferol", "cyclosporin", "cyclosporine", "dexamfetamine", "divalproex", "dosulepin", "dothiepin",
    "fludroxycortide", "frusemide", "glibenclamide", "glyburide", "glyceryl trinitrate", "hyoscine", "indometacin",
    "isoprenaline", "isoproterenol", "lignocaine", "mesalamine", "mesalazine", "nirmatrelvir", "noradrenaline",
    "oestradiol", "orciprenaline", "paracetamol", "pethidine", "phenobarbitone", "rapamycin", "rifampicin",
    "salbutamol", "scopolamine", "sodium valproate", "suxamethonium", "tetracaine", "thiamazole", "torasemide",
    "trimeprazine", "valaciclovir", "valproic acid",
}  # fmt: skip
#: The four letters that US authorities add to the generic name of a biological medicine.
_SUFFIX = re.compile(r"(?<=[a-z]{6})-[a-z]{4}$")
_NAME = re.compile(r"[a-z]+(?:[- ][a-z]+){0,2}")
_SALT = re.compile(
    r"\b(?:hydrochloride|hcl|sulfate|sulphate|sodium|potassium|calcium|magnesium|acetate|tartrate|bitartrate|maleate|citrate"
    r"|phosphate|mesylate|bromide|chloride|suppository|rectal|chain|antibody|recombinant|tablets?|capsules?|ester|acid"
    r"|hormone|injection|vaccine)\b"
)


class _Plain(pickle.Unpickler):
    """Reads tables, lists, texts and numbers only."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")


def _data() -> dict[str, dict[str, Any]]:
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("The package is missing. Run `make setup-dev`.")
    with bz2.open(Path(spec.submodule_search_locations[0]) / "drug_ner_dictionary.pkl.bz2") as file:
        data: dict[str, dict[str, Any]] = _Plain(file).load()
    return data


def medicines() -> dict[str, tuple[list[str], list[str]]]:
    """Return the other generic names and the brands of each medicine by its generic name, in lower case."""
    data = _data()
    facts = data["drug_canonical_to_data"]
    names: dict[str, list[str]] = defaultdict(list)
    in_use = set(MISSING)
    for name, (canonical, *_) in data["drug_variant_to_canonical"].items():
        generic = _SUFFIX.sub("", SAME.get(canonical, canonical))
        names[generic].append(name)
        if any(source in facts.get(canonical, {}) for source in IN_USE):
            in_use.add(generic)
    for generic, added in MISSING.items():
        names[generic] += [name for name in (generic, *added) if name not in names[generic]]
    found = {}
    for generic, known in names.items():
        if generic not in in_use or not _NAME.fullmatch(generic):
            continue
        others = [name for name in known if name != generic]
        also = [name for name in others if name in NATIONAL]
        brands = [name for name in others if name not in NATIONAL and _is_usable(name, generic)][:BRANDS]
        if also or brands:
            found[generic] = (also, brands)
    return found


def _is_usable(name: str, generic: str) -> bool:
    """Return whether news calls the medicine so, and nothing else."""
    if name in WRONG or not _NAME.fullmatch(name) or len(name.replace(" ", "")) < LETTERS or _SALT.search(name):
        return False
    # Latin and foreign forms of the generic name, and biosimilars, which are named after it.
    if name.split("-")[0].startswith(generic[: max(LETTERS, len(generic) - 3)]):
        return False
    return not _is_ordinary(name)


def _is_ordinary(name: str) -> bool:
    if " " in name or "-" in name:
        return False
    lists = word_lists()
    listed = any(name in words for words in (lists.common_words, lists.function_words, lists.goods, lists.given_names))
    return listed or _frequency(name) >= ORDINARY


def _frequency(word: str) -> int:
    count: int = _DICTIONARY.word_frequency[word]
    return count


_DICTIONARY = SpellChecker()


def lines() -> list[str]:
    """Return the lines of the file."""
    rows = []
    for generic, (also, brands) in sorted(medicines().items()):
        broad = "yes" if generic in BROAD or _is_ordinary(generic) else ""
        rows.append(f"{generic},{';'.join(also)},{';'.join(brand.title() for brand in brands)},{broad}")
    return HEADER.format(version=distribution(PACKAGE.replace("_", "-")).version).splitlines() + rows


def main() -> None:
    """Write the file."""
    TARGET.write_text("\n".join(lines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
