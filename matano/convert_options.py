"""The options of `matano convert`, which has more of them than the other commands together."""

from pathlib import Path
from typing import Annotated

import typer


def convert(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A raw export of a probe (CSV, TSV).", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="OUT.csv", help="Profile. [STEM-profile.csv here]")
    ] = None,
    x: Annotated[str, typer.Option("--x", metavar="COLUMN", help="Column of the position, with its unit.")] = "",
    stage: Annotated[
        str, typer.Option(metavar="X,Y", help='Columns of stage coordinates, "X [mm],Y [mm]": distance along the line.')
    ] = "",
    names: Annotated[
        list[str] | None, typer.Option("--name", metavar="OLD=NEW", help="What a column is called otherwise: X=Zr.")
    ] = None,
    columns: Annotated[str, typer.Option(metavar="A,B,C", help="Components to read. [all]")] = "",
    basis: Annotated[
        str, typer.Option(metavar="at%|wt%", help="What the numbers mean where the header is silent.")
    ] = "",
    to: Annotated[str, typer.Option(metavar="fraction|at%|wt%", help="What the profile is written in.")] = "fraction",
    balance: Annotated[str, typer.Option(metavar="NAME", help="Component without a column: makes up the rest.")] = "",
    oxides: Annotated[
        str, typer.Option(metavar="cations|molecules", help="What oxides are read as. [wt%: cations; mol%: molecules]")
    ] = "",
    masses: Annotated[
        list[str] | None, typer.Option("--mass", metavar="NAME=M", help="g/mol, of a component that is no element.")
    ] = None,
    totals: Annotated[
        str, typer.Option(metavar="LOW,HIGH", help="Rows with another total in percent are left out, as in 97,103.")
    ] = "",
    limits: Annotated[
        list[str] | None, typer.Option("--limit", metavar="NAME=L", help="Limit of detection, in the column's unit.")
    ] = None,
    below: Annotated[
        str, typer.Option(metavar="half|zero|limit|leave-out", help="What stands for values below their limit.")
    ] = "half",
    leave_out: Annotated[
        str, typer.Option(metavar="LINES", help="Lines of the file not to read, as in 12,15-18.")
    ] = "",
    header: Annotated[int | None, typer.Option(metavar="LINE", help="Line of the header. [found]")] = None,
    encoding: Annotated[str, typer.Option(metavar="NAME", help="Encoding of the file. [found]")] = "",
    without_errors: Annotated[bool, typer.Option("--without-errors", help="Do not read uncertainties.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a profile that exists.")] = False,
):
    """Read a raw export of a probe and write a clean profile. How it was read stands above the numbers."""
    from matano.commands.convert import Options, convert

    given = {
        "names": tuple(names or ()),
        "masses": tuple(masses or ()),
        "limits": tuple(limits or ()),
        "errors": not without_errors,
    }
    words = {"x": x, "stage": stage, "columns": columns, "basis": basis, "to": to, "balance": balance, "oxides": oxides}
    words |= {"totals": totals, "below": below, "leave_out": leave_out, "header": header, "encoding": encoding}
    return convert(file, Options(**words, **given), output, json, force)
