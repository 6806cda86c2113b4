"""The bill of materials, the licenses and the audit of what Firstword depends on."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts import audit_dependencies, licenses, locked, sbom
from scripts.audit_dependencies import (
    Accepted,
    Finding,
    NotReachable,
    ask,
    judge,
    look_up,
    read_accepted,
    read_database,
)
from scripts.locked import ROOT, LockedPackage, read_lock

JINJA = LockedPackage("jinja2", "3.1.2", None, ("0" * 64,), ("firstword",))


def test_a_lock_is_read_whole() -> None:
    text = (ROOT / "requirements-stack.txt").read_text()
    packages = read_lock(ROOT / "requirements-stack.txt")
    assert len(packages) == sum("==" in line for line in text.splitlines() if not line.startswith((" ", "#")))
    assert sum(len(package.hashes) for package in packages) == text.count("--hash=sha256:")
    aiohttp = next(package for package in packages if package.name == "aiohttp")
    assert "faust-streaming" in aiohttp.via
    uvloop = next(package for package in packages if package.name == "uvloop")
    assert uvloop.marker == "sys_platform != 'win32'"
    assert "firstword" in uvloop.via


def test_a_line_that_is_no_package_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("aiohttp==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\ngit+https://example.org/x\n")
    with pytest.raises(ValueError, match=r"lock\.txt:3: this is no pinned package"):
        read_lock(lock)
    lock.write_text("\n")
    with pytest.raises(ValueError, match="no package is pinned"):
        read_lock(lock)


def test_the_bill_names_every_package_and_model_and_is_the_same_again() -> None:
    first, second = sbom.bill(ROOT, "1.2.3"), sbom.bill(ROOT, "1.2.3")
    assert json.dumps(first) == json.dumps(second)
    named = {component["bom-ref"] for component in first["components"]}
    assert {package.purl for package in read_lock(ROOT / "requirements-stack.txt")} < named
    assert "services/matcher/reading/model/reader.onnx" in named
    assert first["serialNumber"] != sbom.bill(ROOT, "1.2.4")["serialNumber"]
    scopes = {component["name"]: component.get("scope") for component in first["components"]}
    assert (scopes["httpx"], scopes["aiokafka"]) == ("required", "optional")
    by_ref = {entry["ref"]: set(entry["dependsOn"]) for entry in first["dependencies"]}
    assert set().union(*by_ref.values()) | {first["metadata"]["component"]["bom-ref"]} == by_ref.keys()
    assert all(component["licenses"] for component in first["components"] if component["type"] == "library")
    assert not any("://" in value for value in _strings(first))


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _strings(inner)]
    return [value] if isinstance(value, str) else []


def test_the_licenses_of_all_locked_packages_are_known_and_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    names = [package.name for package in read_lock(licenses.LOCK)]
    declared = {name: licenses._declared(name) for name in names}
    assert licenses.problems(names, licenses._rows(licenses.TABLE), declared) == []


@pytest.mark.parametrize(
    ("table", "declared", "said"),
    [
        ([], "MIT", "has no row"),
        ([{"package": "x", "license": "GPL-3.0-only", "declared": "GPL"}], "GPL", "GPL-3.0-only is not allowed"),
        ([{"package": "x", "license": "MIT OR GPL-3.0-only", "declared": "a"}], "a", "GPL-3.0-only is not allowed"),
        ([{"package": "x", "license": "UNKNOWN", "declared": "a"}], "a", "UNKNOWN is not allowed"),
        ([{"package": "x", "license": "MIT", "declared": "MIT"}], "BUSL-1.1", "declares 'BUSL-1.1' now, not 'MIT'"),
    ],
)
def test_a_license_that_is_new_changed_or_not_allowed_is_named(
    table: list[dict[str, str]], declared: str, said: str
) -> None:
    (problem,) = licenses.problems(["x"], table, {"x": declared})
    assert said in problem
    (gone,) = licenses.problems([], [{"package": "y", "license": "MIT", "declared": "MIT"}], {})
    assert "y is not locked any more" in gone


def record(**more: Any) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": "Jinja2"}
    events = [{"introduced": "0"}, {"fixed": "3.1.3"}]
    affected = {"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": "OSV-1", "summary": "A flaw.", "affected": [affected | more.pop("affected", {})], **more}


def ranges(*events: dict[str, str]) -> dict[str, Any]:
    return {"affected": {"ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}}


@pytest.mark.parametrize(
    ("given", "is_found"),
    [
        ({}, True),
        ({"withdrawn": "2026-01-01T00:00:00Z"}, False),
        (ranges({"introduced": "3.1.3"}), False),
        (ranges({"introduced": "3.0"}, {"last_affected": "3.1.2"}), True),
        (ranges({"introduced": "3.0"}, {"last_affected": "3.1.1"}), False),
        (ranges({"introduced": "0"}, {"fixed": "2.0"}, {"introduced": "3.1"}, {"fixed": "3.2"}), True),
        (ranges({"introduced": "0"}, {"fixed": "3.1.2"}), False),
        ({"affected": {"ranges": [], "versions": ["3.1.2"]}}, True),
        ({"affected": {"package": {"ecosystem": "npm", "name": "jinja2"}}}, False),
    ],
)
def test_a_record_concerns_the_versions_that_it_names(given: dict[str, Any], is_found: bool) -> None:
    assert bool(look_up([JINJA], [record(**given)])) is is_found


def test_a_finding_says_what_to_do() -> None:
    (finding,) = look_up([JINJA], [record()])
    assert str(finding) == "jinja2 3.1.2: OSV-1. A flaw. Fixed in 3.1.3: make lock ARGS=--upgrade."


def test_records_are_read_from_an_archive_or_a_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("OSV-1.json", json.dumps(record()))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "OSV-1.json").write_text(json.dumps(record()))
    for place in (tmp_path / "all.zip", tmp_path / "folder"):
        assert [found["id"] for found in read_database(place)] == ["OSV-1"]
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "broken.zip", tmp_path / "empty", tmp_path / "missing.zip"):
        with pytest.raises(NotReachable):
            list(read_database(place))


def client(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))


def test_all_packages_are_asked_about_at_once() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content) == {"queries": [{"package": {"purl": "pkg:pypi/jinja2@3.1.2"}}]}
        return httpx.Response(200, json={"results": [{"vulns": [{"id": "OSV-1"}]}]})

    assert ask([JINJA], client(answer)) == [Finding(JINJA, "OSV-1")]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(403, text="no"),
        httpx.Response(200, text="<html>sign in</html>"),
        httpx.Response(200, json={"results": []}),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"results": [{"vulns": [{}]}]}),
    ],
)
def test_an_answer_that_says_nothing_is_never_taken_for_good_news(answer: httpx.Response) -> None:
    with pytest.raises(NotReachable):
        ask([JINJA], client(lambda _: answer))


def test_what_could_not_be_asked_is_said_and_fails_where_it_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AUDIT_REQUIRED", raising=False)
    missing = ["--database", str(tmp_path / "missing.zip")]
    assert audit_dependencies.main(missing) == 75
    assert "NOT CHECKED:" in capsys.readouterr().err
    assert audit_dependencies.main([*missing, "--required"]) == 1
    monkeypatch.setenv("AUDIT_REQUIRED", "true")
    assert audit_dependencies.main(missing) == 1


def test_a_vulnerable_package_of_ours_fails_the_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = next(package for package in read_lock(ROOT / "requirements-stack.txt") if package.name == "jinja2")
    every = {"package": {"ecosystem": "PyPI", "name": "jinja2"}, "versions": [ours.version]}
    (tmp_path / "x.json").write_text(json.dumps({"id": "OSV-2", "affected": [every]}))
    assert audit_dependencies.main(["--database", str(tmp_path)]) == 1
    assert "OSV-2" in capsys.readouterr().err


def test_a_finding_is_accepted_with_a_reason_until_a_day(tmp_path: Path) -> None:
    table = tmp_path / "accepted.csv"
    table.write_text("id,package,until,reason\nOSV-1,jinja2,2027-01-01,we never render untrusted templates\n")
    accepted = read_accepted(table)
    assert judge([Finding(JINJA, "OSV-1")], accepted, date(2026, 12, 31)) == ([], [])
    assert judge([Finding(JINJA, "OSV-1")], accepted, date(2027, 1, 1))[0] == [Finding(JINJA, "OSV-1")]
    assert judge([Finding(JINJA, "OSV-3")], accepted, date(2026, 12, 31)) == ([Finding(JINJA, "OSV-3")], accepted)
    for row in ("OSV-1,jinja2,soon,reason", "OSV-1,jinja2,2027-01-01,"):
        table.write_text(f"id,package,until,reason\n{row}\n")
        with pytest.raises(ValueError, match=r"accepted\.csv:2"):
            read_accepted(table)


def test_our_own_acceptances_are_well_formed() -> None:
    assert all(isinstance(entry, Accepted) for entry in read_accepted(audit_dependencies.ACCEPTED))
    assert locked.ROOT == ROOT
