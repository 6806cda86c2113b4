"""``firstword sources``: the reliability grades of publishers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, get_args

import typer

from firstword.cli.console import error, open_input, out, print_json, table
from firstword.cli.explain import SOURCE_LABELS
from firstword.cli.operator import log_change
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from firstword.source_grades import BadRow, Rating, SourceGrades, SourceProfile, parse_domain, read_ratings
from schemas.mentions import SourceGrade, SourceKind, SourceLetter
from services.common.errors import BadInput
from services.common.settings import read_settings

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="List, explain, set and import the reliability grades of publishers.")
Domain = Annotated[str, typer.Argument(metavar="DOMAIN", help="A publisher's domain, such as news.example.")]
_SET_BY = {None: "shipped", "hand": "hand", "import": "import"}


@app.command("import")
def import_(
    file: Annotated[
        str, typer.Argument(metavar="CSV|-", help="A CSV file with the columns domain and score (0 to 1), or -.")
    ],
    over_shipped: Annotated[
        bool,
        typer.Option("--replace-built-in", "--over-shipped", help="Also change grades that ship with Firstword."),
    ] = False,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Import a file of ratings. A running system uses it within a second.

    A score from 0.85 is graded B, from 0.65 C, from 0.40 D, and below that E; grade A is given only by hand. Grades
    that were set by hand stay unchanged, and so do those that ship with Firstword, unless --replace-built-in is given.
    Importing the same file again changes nothing. Invalid rows are reported, the others are imported, and the exit
    code is 1.

    **Example:** `firstword sources import ratings.csv`
    """
    good: list[Rating] = []
    bad: list[BadRow] = []
    with open_input(file) as stream:
        try:
            text = stream.read().decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            raise BadInput(f"{file}: not UTF-8 text ({problem.reason}).", fix="Save the file as UTF-8.") from None
    for rating in read_ratings(io.StringIO(text, newline=""), file):
        if isinstance(rating, Rating):
            good.append(rating)
        else:
            bad.append(rating)
    for row in bad:
        error(str(row))
    with common.open_store(read_settings(data=data)) as store:
        name = "standard input" if file == "-" else Path(file).name
        done = SourceGrades(store).import_ratings(good, name, over_shipped=over_shipped)
        log_change(
            store,
            "sources.imported",
            name[:120],
            f"{len(done.added)} added, {len(done.changed)} changed, {len(bad)} bad",
        )
    if as_json:
        print_json({**{name: len(domains) for name, domains in vars(done).items()}, "bad_rows": len(bad)})
    else:
        out.print(
            f"Source grades: {len(done.added)} added, {len(done.changed)} changed, {len(done.unchanged)} unchanged; "
            f"not changed: {len(done.kept_by_hand)} set by hand, {len(done.kept_shipped)} that ship with Firstword; "
            f"{len(bad)} invalid row(s)."
        )
    if bad:
        raise typer.Exit(1)


@app.command("list")
def list_(
    find: Annotated[str, typer.Argument(help="Only sources with this text in their domain, publisher or owner.")] = "",
    kind: Annotated[str | None, typer.Option("--kind", help=f"One of {', '.join(get_args(SourceKind))}.")] = None,
    grade: Annotated[str | None, typer.Option("--grade", help="Only this grade, A to F.")] = None,
    set_by: Annotated[str | None, typer.Option("--set-by", help="Only grades set by: shipped, hand or import.")] = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List sources and their grades.

    **Example:** `firstword sources list --kind wire --grade A`
    """
    with common.open_store(read_settings(data=data)) as store:
        grades = SourceGrades(store).grades()
    wanted = find.lower()
    shown = [
        source
        for source in grades
        if (kind is None or source.kind == _one_of(kind, get_args(SourceKind), "--kind"))
        and (grade is None or source.grade == _one_of(grade.upper(), get_args(SourceLetter), "--grade"))
        and (set_by is None or _SET_BY.get(source.set_by) == _one_of(set_by, tuple(_SET_BY.values()), "--set-by"))
        and (not wanted or any(wanted in (text or "").lower() for text in _searched(source)))
    ]
    if as_json:
        print_json([source.model_dump(mode="json") for source in shown])
        return
    table(
        ("domain", "grade", "publisher", "owner", "kind", "set by"),
        (
            (
                source.domain,
                source.grade,
                source.publisher,
                source.owner or "",
                source.kind,
                _SET_BY.get(source.set_by, ""),
            )
            for source in shown
        ),
        empty="No source matches.",
    )


def _searched(source: SourceGrade) -> tuple[str | None, ...]:
    return source.domain, source.publisher, source.owner


@app.command("grade")
def grade_(
    domain: Domain,
    letter: Annotated[
        str, typer.Argument(metavar="LETTER", help="The grade, from A (reliable) to E (unreliable); F means unknown.")
    ],
    ground: Annotated[
        str, typer.Option("--reason", "--ground", help="The reason, in one sentence. It is shown with the grade.")
    ],
    publisher: Annotated[str | None, typer.Option("--publisher", help="The publisher's name.")] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", help="The owner. Publishers with the same owner count as one source.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help=f"One of {', '.join(get_args(SourceKind))}.")] = None,
    data: DataDir = None,
) -> None:
    """Set a grade by hand and start a new track record for the source. A running system uses it within a second.

    **Example:** `firstword sources grade news.example C --ground "Corrected two of our stories in a month."`
    """
    if not ground.strip():
        raise BadInput("--ground is empty.", fix="Give the reason for the grade in one sentence.")
    wanted: SourceLetter = _one_of(letter.upper(), get_args(SourceLetter), "LETTER")  # type: ignore[assignment]
    of_kind: SourceKind | None = None if kind is None else _one_of(kind, get_args(SourceKind), "--kind")  # type: ignore[assignment]
    with common.open_store(read_settings(data=data)) as store:
        change = SourceGrades(store).grade(
            parse_domain(domain), wanted, ground.strip(), publisher=publisher, owner=owner, kind=of_kind
        )
        detail = f"{change.after.grade}, before {change.before.grade}: {change.after.ground}"
        log_change(store, "source.graded", change.after.domain, detail)
    out.print(f"{change.after.domain}: {change.before.grade} → {change.after.grade}", markup=False)


@app.command("reset")
def reset(domain: Domain, data: DataDir = None) -> None:
    """Start a new track record for a source: the grade that was set applies until new outcomes change it."""
    with common.open_store(read_settings(data=data)) as store:
        after = SourceGrades(store).reset(parse_domain(domain))
        log_change(store, "source.reset", after.domain)
    out.print(f"{after.domain}: grade {after.grade}; the track record starts now.", markup=False)


@app.command("explain")
def explain(domain: Domain, data: DataDir = None, as_json: AsJson = False) -> None:
    """Explain the grade of a source: its reason, who set it, and the outcomes of the source's rumors.

    **Example:** `firstword sources explain reuters.com`
    """
    wanted = parse_domain(domain)
    with common.open_store(read_settings(data=data)) as store:
        profile = SourceGrades(store).explain(wanted)
    if as_json:
        print_json(
            {
                "domain": wanted,
                "known": profile.known,
                "set": profile.set_grade.model_dump(mode="json"),
                "today": profile.today.grade,
                "record": profile.today.record,
                "outcomes": [outcome.model_dump(mode="json") for outcome in profile.record.outcomes],
            }
        )
        return
    for line in _lines(wanted, profile):
        out.print(line, markup=False)


def _lines(domain: str, profile: SourceProfile) -> list[str]:
    source, today = profile.set_grade, profile.today
    lines = [f"{source.publisher}  {domain}"]
    if not profile.known and source.domain != domain:
        lines.append(f"no grade of its own        uses the grade of {source.domain}")
    lines += [
        f"grade today                {today.grade}: {SOURCE_LABELS[today.grade]}",
        f"grade that was set         {source.grade}: {SOURCE_LABELS[source.grade]}",
        f"reason                     {source.ground}",
        f"owner                      {source.owner or 'unknown'}",
        f"kind                       {source.kind}",
        f"set by                     {_set_by(source)}",
    ]
    if source.record_since:
        lines.append(f"track record since         {source.record_since:%Y-%m-%d %H:%M} UTC")
    if today.record:
        lines.append(f"track record               {today.record}")
    elif profile.record.outcomes:
        lines.append(f"track record               {profile.record.describe()}: too few to change the grade")
    else:
        lines.append("track record               no outcomes yet")
    lines += [f"  {rumor.at:%Y-%m-%d}  {rumor.outcome:9}  {rumor.headline}" for rumor in profile.record.outcomes]
    return lines


def _set_by(source: SourceGrade) -> str:
    if source.set_by is None:
        return "shipped with Firstword"
    who = {"hand": "by hand", "import": "an import"}.get(source.set_by, source.set_by)
    return f"{who}, {source.set_at:%Y-%m-%d %H:%M} UTC" if source.set_at else who


def _one_of(given: str, known: tuple[str, ...], option: str) -> str:
    if given not in known:
        raise BadInput(f"{option}: {given!r} is not a valid value.", fix=f"Choose from {', '.join(known)}.")
    return given
