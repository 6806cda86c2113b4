"""The words of the code base: terms that were replaced do not come back, and docstrings say what things do."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("bench", "firstword", "schemas", "scripts", "services", "tests")
#: Retired words, with the word to use. They are looked for in names, docstrings, comments, pages and docs.
RETIRED = {
    "mend": "fix",
    "mends": "fixes",
    "mended": "fixed",
    "heard": "assigned, received",
    "hearing": "assignment",
    "witness": "evidence record",
    "witnesses": "evidence records",
    "testimony": "evidence",
    "testimonies": "evidence",
    "happening": "event",
    "dull": "not news",
    "nameless": "uncategorized",
    "fared": "outcomes",
    "chatter": "log throttle",
    "firststart": "sample",
    "whatif": "compare",
    "notafeed": "parse errors",
    "wordings": "rewordings",
    "reckon": "count, calculate",
    "reckons": "counts",
    "reckoned": "counted",
}
#: Names in events, stored data and archives that are already in use; they keep their spelling.
STORED_NAMES = frozenset(("mend", "heard_until", "_heard_until"))
#: Loop variables that do not say what they are.
VAGUE = frozenset(("each", "one"))
INDIRECT = re.compile(r"(What|Whether|How|Which|Who|Whom|Whose|Where|When|Why)\b")
WORD = re.compile(r"[A-Za-z]+")
CODE_SPAN = re.compile(r"``[^`]+``|`[^`]+`|{{.*?}}|{%.*?%}")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def python_files() -> list[Path]:
    return [
        path
        for folder in SOURCES
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "versions" not in path.parts and path != Path(__file__)
    ]


def prose_files() -> list[Path]:
    found = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    found += (ROOT / "docs").rglob("*.md")
    found += (ROOT / "services").rglob("*.html")
    return sorted(found)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def words_of(text: str) -> Iterator[str]:
    for word in WORD.findall(CAMEL.sub(" ", CODE_SPAN.sub(" ", text))):
        yield word.lower()


def code_words(source: str) -> Iterator[tuple[int, str]]:
    """Yield the words of names and comments with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.NAME, tokenize.COMMENT) and token.string not in STORED_NAMES:
            for word in words_of(token.string.replace("_", " ")):
                yield token.start[0], word


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), text


def retired_in(path: Path, found: Iterator[tuple[int, str]]) -> list[str]:
    return [
        f"{named(path)}:{line}: say {RETIRED[word]!r} instead of {word!r}" for line, word in found if word in RETIRED
    ]


@pytest.fixture(scope="module")
def parsed() -> dict[Path, tuple[str, ast.Module]]:
    sources = {path: path.read_text(encoding="utf-8") for path in python_files()}
    return {path: (source, ast.parse(source)) for path, source in sources.items()}


@pytest.mark.slow
def test_no_retired_word_is_in_the_code(parsed: dict[Path, tuple[str, ast.Module]]) -> None:
    wrong = []
    for path, (source, tree) in parsed.items():
        wrong += retired_in(path, code_words(source))
        wrong += retired_in(path, ((line, word) for line, text in docstrings(tree) for word in words_of(text)))
    assert not wrong, "\n".join(wrong)


def test_no_retired_word_is_on_a_page_or_in_the_docs() -> None:
    wrong = []
    for path in prose_files():
        lines = path.read_text(encoding="utf-8").splitlines()
        wrong += retired_in(path, ((number, word) for number, line in enumerate(lines, 1) for word in words_of(line)))
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_docstrings_begin_with_what_a_thing_does_or_is(parsed: dict[Path, tuple[str, ast.Module]]) -> None:
    wrong = [
        f"{named(path)}:{line}: {text.splitlines()[0]}"
        for path, (_, tree) in parsed.items()
        for line, text in docstrings(tree)
        if INDIRECT.match(text)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_loop_variables_name_their_element(parsed: dict[Path, tuple[str, ast.Module]]) -> None:
    wrong = []
    for path, (_, tree) in parsed.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
                names = [name for name in ast.walk(node.target) if isinstance(name, ast.Name)]
                wrong += [f"{named(path)}:{name.lineno}: {name.id}" for name in names if name.id in VAGUE]
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_no_service_has_two_classes_of_one_name(parsed: dict[Path, tuple[str, ast.Module]]) -> None:
    places: dict[tuple[str, str], list[str]] = {}
    for path, (_, tree) in parsed.items():
        root, second, *_ = path.relative_to(ROOT).parts
        if root not in ("firstword", "schemas", "services"):
            continue
        if second == "client":  # its models are named after those of the API
            continue
        owner = f"{root}/{second}" if root == "services" else root
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault((owner, node.name), []).append(named(path))
    wrong = [f"{name}: {', '.join(found)}" for (_, name), found in places.items() if len(found) > 1]
    assert not wrong, "\n".join(wrong)
