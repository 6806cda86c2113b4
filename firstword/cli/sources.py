"""``firstword sources``: how far which publisher is relied on, and why."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, get_args

import typer

from firstword.cli.console import error, open_input, out, print_json, table
from firstword.cli.explain import SOURCE_WORDS
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from firstword.source_grades import BadRow, Rating, Sources, Standing, domain_of, read_ratings
from schemas.mentions import SourceGrade, SourceKind, SourceLetter
from services.common.errors import BadInput
from services.common.settings import read_settings

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Publishers: how far they are relied on, why, and how their rumors have ended."
)
Domain = Annotated[str, typer.Argument(metavar="DOMAIN", help="A publisher's domain, such as news.example.")]
_SET_BY = {None: "shipped", "hand": "hand", "import": "import"}


@app.command("import")
def import_(
    file: Annotated[str, typer.Argument(metavar="CSV|-", help="Columns: domain, and a score from 0 to 1.")],
    over_shipped: Annotated[
        bool, typer.Option("--over-shipped", help="Let the file also change the grades that ship with Firstword.")
    ] = False,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take in a file of ratings: B from 0.85, C from 0.65, D from 0.40 on, below that E; A is only given by hand.

    What is set by hand stays. What ships with Firstword stays too, unless --over-shipped. The same file twice changes
    nothing. Rows that can't be used are named, and make the exit code 1; the rest is taken in. Live within a second.

    [b]Example[/b]  firstword sources import ratings.csv
    """
    good: list[Rating] = []
    bad: list[BadRow] = []
    with open_input(file) as stream:
        try:
            text = stream.read().decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            raise BadInput(f"{file}: not UTF-8 text ({problem.reason}).", fix="Save the file as UTF-8.") from None
    for row in read_ratings(io.StringIO(text, newline=""), file):
        if isinstance(row, Rating):
            good.append(row)
        else:
            bad.append(row)
    for each in bad:
        error(str(each))
    with common.open_store(read_settings(data=data)) as store:
        name = "standard input" if file == "-" else Path(file).name
        done = Sources(store).take_in(good, name, over_shipped=over_shipped)
    if as_json:
        print_json({**{name: len(domains) for name, domains in vars(done).items()}, "bad_rows": len(bad)})
    else:
        out.print(
            f"{len(done.added)} added, {len(done.changed)} changed, {len(done.unchanged)} as before; "
            f"kept: {len(done.kept_by_hand)} set by hand, {len(done.kept_shipped)} that ship with Firstword; "
            f"{len(bad)} row(s) could not be used."
        )
    if bad:
        raise typer.Exit(1)


@app.command("list")
def list_(
    find: Annotated[str, typer.Argument(help="A part of the domain, publisher or owner.")] = "",
    kind: Annotated[str | None, typer.Option("--kind", help=f"One of {', '.join(get_args(SourceKind))}.")] = None,
    grade: Annotated[str | None, typer.Option("--grade", help="A letter from A to F.")] = None,
    set_by: Annotated[str | None, typer.Option("--set-by", help="shipped, hand or import.")] = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List sources and the grades that are set.

    [b]Example[/b]  firstword sources list --kind wire --grade A
    """
    with common.open_store(read_settings(data=data)) as store:
        found = Sources(store).grades()
    wanted = find.lower()
    shown = [
        each
        for each in found
        if (kind is None or each.kind == _one_of(kind, get_args(SourceKind), "--kind"))
        and (grade is None or each.grade == _one_of(grade.upper(), get_args(SourceLetter), "--grade"))
        and (set_by is None or _SET_BY.get(each.set_by) == _one_of(set_by, tuple(_SET_BY.values()), "--set-by"))
        and (not wanted or any(wanted in (part or "").lower() for part in (each.domain, each.publisher, each.owner)))
    ]
    if as_json:
        print_json([each.model_dump(mode="json") for each in shown])
        return
    table(
        ("domain", "grade", "publisher", "owner", "kind", "set by"),
        ((e.domain, e.grade, e.publisher, e.owner or "", e.kind, _SET_BY.get(e.set_by, "")) for e in shown),
        empty="No source fits.",
    )


@app.command("grade")
def grade_(
    domain: Domain,
    letter: Annotated[str, typer.Argument(metavar="LETTER", help="A reliable … E unreliable, F not known.")],
    ground: Annotated[str, typer.Option("--ground", help="Why, in a sentence: it is shown to whoever asks.")],
    publisher: Annotated[str | None, typer.Option("--publisher", help="The publisher's name.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Papers of one owner are one source.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help=f"One of {', '.join(get_args(SourceKind))}.")] = None,
    data: DataDir = None,
) -> None:
    """Set a grade. Live within a second in a running system; the track record of the source begins anew.

    [b]Example[/b]  firstword sources grade news.example C --ground "Corrected two of our stories in a month."
    """
    if not ground.strip():
        raise BadInput("--ground: no ground is given.", fix="Say in a sentence why.")
    wanted: SourceLetter = _one_of(letter.upper(), get_args(SourceLetter), "LETTER")  # type: ignore[assignment]
    of_kind: SourceKind | None = None if kind is None else _one_of(kind, get_args(SourceKind), "--kind")  # type: ignore[assignment]
    with common.open_store(read_settings(data=data)) as store:
        change = Sources(store).grade(
            domain_of(domain), wanted, ground.strip(), publisher=publisher, owner=owner, kind=of_kind
        )
    out.print(f"{change.after.domain}: {change.before.grade} → {change.after.grade}", markup=False)


@app.command("reset")
def reset(domain: Domain, data: DataDir = None) -> None:
    """Begin the track record of a source anew: from now on it counts as what was set, until new outcomes move it."""
    with common.open_store(read_settings(data=data)) as store:
        after = Sources(store).reset(domain_of(domain))
    out.print(f"{after.domain}: counts as {after.grade}, which was set; its record begins now", markup=False)


@app.command("explain")
def explain(domain: Domain, data: DataDir = None, as_json: AsJson = False) -> None:
    """Say what a source is worth today and why: grade, ground, owner, who set it when, and how its rumors ended.

    [b]Example[/b]  firstword sources explain reuters.com
    """
    wanted = domain_of(domain)
    with common.open_store(read_settings(data=data)) as store:
        standing = Sources(store).explain(wanted)
    if as_json:
        print_json(
            {
                "domain": wanted,
                "known": standing.known,
                "set": standing.set_grade.model_dump(mode="json"),
                "today": standing.today.grade,
                "record": standing.today.record,
                "outcomes": [each.model_dump(mode="json") for each in standing.record.outcomes],
            }
        )
        return
    for line in _lines(wanted, standing):
        out.print(line, markup=False)


def _lines(domain: str, standing: Standing) -> list[str]:
    source, today = standing.set_grade, standing.today
    lines = [f"{source.publisher}  {domain}"]
    if not standing.known and source.domain != domain:
        lines.append(f"no grade of its own        that of {source.domain} counts")
    lines += [
        f"counts today as            {today.grade}: {SOURCE_WORDS[today.grade]}",
        f"grade that was set         {source.grade}: {SOURCE_WORDS[source.grade]}",
        f"ground                     {source.ground}",
        f"owner                      {source.owner or 'not known here'}",
        f"kind                       {source.kind}",
        f"set by                     {_set_by(source)}",
    ]
    if source.record_since:
        lines.append(f"record counts since        {source.record_since:%Y-%m-%d %H:%M} UTC")
    if today.record:
        lines.append(f"track record               {today.record}")
    elif standing.record.outcomes:
        lines.append(f"track record               {standing.record.describe()}: too few to move the grade")
    else:
        lines.append("track record               none of its rumors has ended here yet")
    lines += [f"  {each.at:%Y-%m-%d}  {each.outcome:9}  {each.headline}" for each in standing.record.outcomes]
    return lines


def _set_by(source: SourceGrade) -> str:
    if source.set_by is None:
        return "Firstword: it ships with the package"
    who = {"hand": "by hand", "import": "an import"}.get(source.set_by, source.set_by)
    return f"{who}, {source.set_at:%Y-%m-%d %H:%M} UTC" if source.set_at else who


def _one_of(given: str, known: tuple[str, ...], option: str) -> str:
    if given not in known:
        raise BadInput(f"{option}: {given!r} is none of them.", fix=f"Choose from {', '.join(known)}.")
    return given
