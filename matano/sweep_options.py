"""The options of `matano sweep`."""

from pathlib import Path
from typing import Annotated

import typer

from matano.arguments import Json, key_and_value


def sweep(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="A case file (TOML).", show_default=False)],
    folder: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of the runs and tables.", show_default=False)
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUES",
            callback=key_and_value,
            help="A:B:N or A:B:N:KIND (linear, log, uniform, log-uniform, normal), a list [..], or one value for all.",
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--value", metavar="QUANTITY", help='What the table shows: "x_Ni, at = 10 um, time = 1 h".'),
    ] = None,
    method: Annotated[
        str, typer.Option(metavar="M[,M2]", help="Methods of analyse whose coefficients the table shows.")
    ] = "",
    at: Annotated[
        str, typer.Option(metavar="X[,X2]", help="Mole fractions at which they are read off. [0.25,0.5,0.75]")
    ] = "",
    zipped: Annotated[bool, typer.Option("--zip", help="Take values one by one, not each with every other.")] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="Of random draws.")] = 0,
    jobs: Annotated[int | None, typer.Option(metavar="N", help="Processes; 1 needs no dask. [every core]")] = None,
    cluster: Annotated[str, typer.Option(metavar="ADDRESS", help="A dask scheduler, such as tcp://host:8786.")] = "",
    retry: Annotated[bool, typer.Option("--retry", help="Do runs again that failed before.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the tables of another sweep.")] = False,
    json: Json = False,
):
    """Run a case at many values of its keys. What was done before is not done again."""
    from matano.commands.sweep import sweep

    return sweep(
        case, settings or [], folder, values or [], method, at, zipped, seed, jobs, cluster, retry, force, json
    )
