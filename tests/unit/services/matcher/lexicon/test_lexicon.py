"""Reading the lexicon's files."""

from __future__ import annotations

from services.matcher.lexicon import expand, read_sections


def test_braces_expand_to_alternatives() -> None:
    assert sorted(expand("{cut|cuts} {its|} dividend")) == [
        "cut dividend",
        "cut its dividend",
        "cuts dividend",
        "cuts its dividend",
    ]


def test_a_file_is_read_by_section_without_comments() -> None:
    sections = read_sections("quoted_sources.txt")
    assert list(sections) == ["media", "research", "anonymous_experts", "offices"]
    assert "reuters" in sections["media"]
    assert not any(line.startswith("#") for lines in sections.values() for line in lines)
