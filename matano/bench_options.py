"""Options of `matano bench`."""

from pathlib import Path
from typing import Annotated

import typer

from matano.arguments import Json


def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Benchmarks; all by default.")] = None,
    smallest: Annotated[bool, typer.Option("--smallest", help="The smallest size of each, in seconds.")] = False,
    json: Json = False,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE.json", help="Keep what was measured, with machine, versions, commit."),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="DIR", help="Error against time, cost against size, limits, promises."),
    ] = None,
    readme: Annotated[
        Path | None,
        typer.Option("--write-readme", metavar="README.md", help="Write the table of speed between its markers."),
    ] = None,
    measured: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE.json", help="Use what --save has kept, and measure only what is named."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that --save and --figures write.")] = False,
):
    """Measure speed and error. Other programs run beside where they are installed."""
    from matano.commands.bench import bench

    return bench(names or [], smallest, json, save, figures, readme, measured, force)
