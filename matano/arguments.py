"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer


def key_and_value(entries: list[str] | None) -> list[str]:
    """The entries of --set as they are; a usage error for one without a sign of equality."""
    for entry in entries or []:
        if not entry.partition("=")[1]:
            raise typer.BadParameter(f"{entry[:80]!r} is not KEY=VALUE, as in domain.cells=800.")
    return entries or []


Cases = Annotated[list[Path], typer.Argument(metavar="CASE", help="Case files (TOML).", show_default=False)]
ResultArgument = Annotated[Path, typer.Argument(metavar="FILE.h5", help="A result.", show_default=False)]
Figure = Annotated[Path | None, typer.Option("-o", "--output", metavar="FIG", help="Figure: .png, .pdf or .svg.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        callback=key_and_value,
        help="Give a key of the case another value.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
