"""The command `matano`. Only typer is imported here; each command imports what it needs when it is called."""

try:
    from pathlib import Path
    from typing import Annotated

    import typer

    from matano.arguments import Cases, Figure, Json, Overrides, ResultArgument
    from matano.bench_options import bench
    from matano.console import command
    from matano.convert_options import convert
    from matano.lean import collect_seldom
    from matano.sweep_options import sweep
except KeyboardInterrupt:  # typer alone takes long enough to be interrupted
    raise SystemExit(130) from None

app = typer.Typer(
    name="matano",
    help="Diffusion simulated from a case file, and diffusivities recovered from profiles.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"matano {version('matano')}")
        except PackageNotFoundError:
            print("matano (not installed)")
        raise typer.Exit()


@app.callback()
def matano(
    show_version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
@command
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the case file; .toml is added.", show_default=False)
    ],
    template: Annotated[str, typer.Option(metavar="TEMPLATE", help="Which example to start from.")] = "binary-couple",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
):
    """Write a commented case file."""
    from matano.commands.new import new

    return new(name, template, force)


@app.command()
@command
def validate(
    cases: Cases,
    overrides: Overrides = None,
):
    """Check cases without running them. Every fault is told at once, with its line."""
    from matano.commands.validate import validate

    return validate(cases, overrides or [])


@app.command()
@command
def run(
    cases: Cases,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="OUT.h5", help="Result; a folder for several cases. [STEM.h5 here]"),
    ] = None,
    overrides: Overrides = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with [expect]; exit 5 when out of tolerance.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Complete a run that was interrupted.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a result that exists.")] = False,
):
    """Simulate cases."""
    from matano.commands.run import run

    return run(cases, output, overrides or [], check, resume, force)


@app.command()
@command
def info(file: ResultArgument, json: Json = False):
    """Show what ran, with what, and how well."""
    from matano.commands.info import info

    return info(file, json)


@app.command()
@command
def plot(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A result; for coefficients and thermodynamics also a case.", show_default=False
        ),
    ],
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="profiles, fluxes, penetration (films), diagnostics, path (ternaries), markers, velocity, "
            "lattice-fluxes, volume, layers, residuals (of saved analyses); "
            "of ions: potential, current-voltage, current, charge; "
            "of what un-mixes: field (also to a .gif or .mp4), energy, structure; "
            "also of a case: diffusivity, tracers, gibbs, potentials, factor, miscibility.",
        ),
    ] = "profiles",
    output: Figure = None,
    time: Annotated[
        str, typer.Option(metavar="T[,T2]", help='Which saved times a field shows ("10 h,20 h", or all). [last]')
    ] = "",
):
    """Draw a result or a case. The figure goes to STEM-KIND.png unless -o names another file."""
    from matano.commands.plot import plot

    return plot(file, kind, output, time)


@app.command()
@command
def report(
    file: ResultArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="R.html", help="Page. [STEM.html here]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a page that exists.")] = False,
):
    """Write a result as one page. Verdict, figures, analyses, provenance and the case, readable without a network."""
    from matano.commands.report import report

    return report(file, output, force)


@app.command()
@command
def analyse(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="Results (.h5), measurements (.csv) or experiments (.toml).", show_default=False
        ),
    ],
    method: Annotated[str, typer.Option(metavar="M[,M2]", help="Methods; `matano methods` lists them.")] = "",
    time: Annotated[
        str,
        typer.Option(
            metavar="TIME", help='Measured: duration of the anneal ("100 h"). Results: which saved time. [last]'
        ),
    ] = "",
    json: Json = False,
    save: Annotated[
        bool, typer.Option("--save", help="Add /analysis/METHOD to the result; measured: STEM-METHOD.json.")
    ] = False,
    output: Figure = None,
    case: Annotated[
        Path | None, typer.Option(metavar="OUT.toml", help="Write a case that simulates this with what was recovered.")
    ] = None,
    x: Annotated[str, typer.Option("--x", metavar="COLUMN", help="Column of the position, with its unit.")] = "",
    component: Annotated[str, typer.Option(metavar="NAME", help="Component to analyse.")] = "",
    ends: Annotated[str, typer.Option(metavar="A,B", help="Known mole fractions of the left and the right end.")] = "",
    basis: Annotated[str, typer.Option(metavar="at%|wt%", help="What the numbers of a profile mean.")] = "",
    temperature: Annotated[str, typer.Option(metavar="T", help='Temperature of a measured couple ("1000 degC").')] = "",
    dependent: Annotated[
        str, typer.Option(metavar="NAME", help="Component that is 1 minus the others; it may have no column.")
    ] = "",
    smoother: Annotated[
        str, typer.Option(metavar="NAME", help="Curve through noisy data: probit (default), spline, whittaker.")
    ] = "",
    composition: Annotated[
        str, typer.Option(metavar="NAME=X", help="Measured structure factors: mean mole fraction of a component.")
    ] = "",
    report: Annotated[
        Path | None,
        typer.Option(metavar="R.html", help="Write a page: data, figures, values, what is left of a profile."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that --case, --report and --save write.")
    ] = False,
):
    """Recover diffusivities from profiles. Truth and error stand beside them where the law is known."""
    from matano.commands.analyse import Options, analyse

    options = Options(method, time, x, component, ends, basis, temperature, smoother, dependent, composition)
    return analyse(files, options, json, save, output, case, report, force)


@app.command()
@command
def design(
    composition: Annotated[
        str,
        typer.Option(
            metavar="A=X,B=Y,C=Z",
            help="Mean mole fractions of all components; the last one is dependent.",
            show_default=False,
        ),
    ],
    span: Annotated[
        float, typer.Option(metavar="X", help="Change of every fraction along a couple.", show_default=False)
    ],
    couples: Annotated[
        int | None, typer.Option(metavar="K", help="How many. [as many as independent components]")
    ] = None,
    matrix: Annotated[str, typer.Option("--D", metavar="D,D;D,D", help="Guess of the matrix, m^2/s, row by row.")] = "",
    tracers: Annotated[
        str, typer.Option(metavar="A=D,B=D,C=D", help="Instead: tracer diffusivities, of an ideal solution.")
    ] = "",
    noise: Annotated[float, typer.Option(metavar="S", help="Standard deviation of a measured fraction.")] = 1e-3,
    points: Annotated[int, typer.Option(metavar="N", help="Points of a profile.")] = 100,
    time: Annotated[str, typer.Option(metavar="TIME", help="How long the anneal takes.")] = "100 h",
    json: Json = False,
):
    """Choose couples that determine a matrix of diffusivities best. And tell how accurate it will be."""
    from matano.commands.design import design

    return design(composition, span, couples, matrix, tracers, noise, points, time, json)


@app.command()
@command
def methods(json: Json = False):
    """List the methods of `analyse`. What each needs, what it recovers, its source."""
    from matano.commands.tables import methods

    return methods(json)


@app.command()
@command
def laws(json: Json = False):
    """List the laws of [law]. Their equations, keys and sources."""
    from matano.commands.tables import laws

    return laws(json)


@app.command()
@command
def verify(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Cases or methods; all by default.")] = None,
    full: Annotated[bool, typer.Option("--full", help="On finer grids; answers to noise and spacing on all.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="R.html", help="One page with all figures.", show_default=False)
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do again what was done before.")] = False,
    jobs: Annotated[int | None, typer.Option(metavar="N", help="Processes. [every core]")] = None,
    docs: Annotated[
        Path | None,
        typer.Option("--write-docs", metavar="FILE.md", help="The page of what is verified.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace pages that exist.")] = False,
    json: Json = False,
):
    """Simulate, recover and compare. Every method on every case it applies to; exit 5 when one is out of tolerance."""
    from matano.commands.verify import verify

    return verify(names or [], full, json, report, fresh, jobs, docs, force)


app.command()(command(bench))


@app.command()
@command
def export(
    file: ResultArgument,
    csv: Annotated[Path, typer.Option("--csv", metavar="DIR", help="Folder for the tables.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace tables that exist.")] = False,
):
    """Write a result as CSV tables. Mole fractions, fluxes and diagnostics."""
    from matano.commands.export import export

    return export(file, csv, force)


app.command()(command(sweep))
app.command()(command(convert))


@app.command("show-schema")
@command
def show_schema():
    """Print the JSON schema of case files."""
    from matano.commands.show_schema import show_schema

    return show_schema()


def main() -> None:
    collect_seldom()
    app()


if __name__ == "__main__":
    main()
