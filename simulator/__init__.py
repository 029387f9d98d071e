"""Diffusion in one dimension: a case or a Problem in, profiles and fluxes out.

    case = simulator.load("cu-ni.toml")
    result = simulator.solve(case.problem, case.controls)

The names below are imported when they are first used, so that `import simulator` costs nothing.
"""

from importlib import import_module

NAMES = {
    "load": "simulator.files.case:load",
    "open": "simulator.files.hdf5:open_result",
    "solve": "simulator.solve",
    "Problem": "simulator.problem.problem:Problem",
    "Controls": "simulator.solve.controls:Controls",
    "Result": "simulator.solve.result:Result",
    "FieldResult": "simulator.solve.field_result:FieldResult",
    "Mixture": "simulator.laws.mixture:Mixture",
    "Domain": "simulator.problem.domain:Domain",
    "Step": "simulator.problem.initial:Step",
    "Layers": "simulator.problem.initial:Layers",
    "Film": "simulator.problem.initial:Film",
    "Expression": "simulator.problem.initial:Expression",
    "Tabulated": "simulator.problem.initial:Tabulated",
    "Noise": "simulator.problem.noise:Noise",
    "Wave": "simulator.problem.noise:Wave",
    "Ripple": "simulator.problem.noise:Ripple",
    "Droplets": "simulator.problem.field_start:Droplets",
    "Droplet": "simulator.problem.field_start:Droplet",
    "Sampled": "simulator.problem.field_start:Sampled",
    "Box": "simulator.problem.box:Box",
    "FieldProblem": "simulator.problem.field_problem:FieldProblem",
    "Closed": "simulator.problem.boundary:Closed",
    "Fixed": "simulator.problem.boundary:Fixed",
    "Flux": "simulator.problem.boundary:Flux",
    "Exchange": "simulator.problem.boundary:Exchange",
    "Periodic": "simulator.problem.boundary:Periodic",
    "Boundary": "simulator.problem.boundary:Boundary",
    "Temperature": "simulator.problem.temperature:Temperature",
    "Thermodynamics": "simulator.laws.thermodynamics:Thermodynamics",
    "MolarVolume": "simulator.laws.molar_volume:MolarVolume",
    "Fick": "simulator.laws.fick:Fick",
    "Darken": "simulator.laws.darken:Darken",
    "Onsager": "simulator.laws.onsager:Onsager",
    "LineCompounds": "simulator.laws.line_compounds:LineCompounds",
    "TwoPhase": "simulator.laws.two_phase:TwoPhase",
    "electrochemistry": "simulator.laws.electrochemistry",
    "kirkendall_planes": "simulator.solve.kirkendall:kirkendall_planes",
    "LAWS": "simulator.laws.catalogue:LAWS",
    "SCHEMES": "simulator.solve.schemes:SCHEMES",
    "EXACT": "simulator.solve.exact:EXACT",
}

__all__ = ["__version__", *NAMES]


def __getattr__(name: str):
    if name == "__version__":
        value = version()
    elif name in NAMES:
        module, _, attribute = NAMES[name].partition(":")
        value = import_module(module)
        value = getattr(value, attribute) if attribute else value
    else:
        raise AttributeError(f"module 'simulator' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def version() -> str:
    """Of the distribution; "0+unknown" when it runs from a folder without being installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("matano")
    except PackageNotFoundError:
        return "0+unknown"
