"""The examples that `matano new` writes: what each shows, and the parts in which it differs from the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field

STEP = """\
[initial]  # mole fractions: all components, or all but one
shape = "step"  # step | layers | film | expression | file
at = "0 um"
left = {left}
right = {right}
"""

CLOSED = """\
[boundary]  # "closed" | "periodic" | {{ fixed = {{..}} }} | {{ flux = {{..}} }}
left = "closed"  #   | {{ exchange = {{ coefficient = "1e-8 m/s", {name} = 0.2 }} }}
right = "closed"
"""

REGULAR = """\
[thermodynamics]
kind = "regular"  # ideal | regular | redlich-kister | expression
omega = {omega}  # redlich-kister: lists [L0, L1, ..]
"""

CONSTANT = """\
[molar_volume]  # fluxes are then in mol/(m^2 s)
kind = "constant"  # constant | vegard | expression
V_m = "7.0e-6 m^3/mol"
"""

VEGARD = """\
[molar_volume]  # fluxes are then in mol/(m^2 s)
kind = "vegard"  # constant: V_m | vegard | expression: V_m of the x_NAME
{volumes}
"""

UNIFORM = """\
[domain]
interval = ["0 nm", "40 nm"]
cells = 400  # 4 or more in an interface
grading = "uniform"
"""

BOX = """\
[domain]  # a third entry of each for three dimensions
size = ["50 nm", "50 nm"]
cells = [200, 200]  # 4 or more in an interface
"""

NOISE = """\
[initial]
shape = "noise"  # noise | wave | droplets | expression | file
mean = { Cr = 0.4 }
amplitude = 0.01  # random values between -0.01 and 0.01 around the mean
seed = 1
"""

SEPARATING = {"gradient_energy": '"3.55e-15 J m^2/mol"', "mobility": '"degenerate"', "D": '"1e-22 m^2/s"'}

MARKERS = """\
[markers]  # inert markers, which move with the lattice
at = ["0 um"]
"""


@dataclass(frozen=True)
class Template:
    """One example: what it shows, and the parts in which it differs from a couple of two metals."""

    name: str
    title: str
    law: str = "fick"
    components: tuple[str, ...] = ("Cu", "Ni")
    dependent: str = "Cu"
    domain: str = ""
    interval: str = '["-700 um", "700 um"]'
    geometry: str = "planar"
    initial: str = ""
    boundary: str = CLOSED
    temperature: str = "1000 degC"
    end: str = "100 h"
    scheme: str = "implicit"
    rtol: str = "1e-6"
    interstitial: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    parameters: str = ""


TEMPLATES = (
    Template(
        "binary-couple",
        "Diffusion couple of two metals",
        keys={"D": '"D0*exp(-Q/(R*T))*exp(b*x_Ni)"'},
        parameters='[parameters]  # names that expressions may use\nD0 = "2e-5 m^2/s"\nQ = "235 kJ/mol"\nb = 1.2\n',
        initial=STEP.format(left="{ Ni = 0.0 }", right="{ Ni = 1.0 }"),
    ),
    Template(
        "ternary-couple",
        "Diffusion couple of three metals",
        components=("Cr", "Ni", "Fe"),
        dependent="Fe",
        keys={"D": '[["2e-15*(1 + x_Ni)", "2e-16"],\n     ["3e-16", "1e-15*exp(x_Cr)"]]'},
        initial=STEP.format(left="{ Cr = 0.25, Ni = 0.10 }", right="{ Cr = 0.10, Ni = 0.30 }"),
    ),
    Template(
        "fixed-surface",
        "Slab whose left surface is held at a composition",
        components=("C", "Fe"),
        dependent="Fe",
        interval='["0 mm", "5 mm"]',
        initial='[initial]\nshape = "expression"  # mole fractions as expressions of x\nC = "0.01"\n',
        boundary='[boundary]\nleft = { fixed = { C = 0.05 } }  # may be an expression of t\nright = "closed"\n',
        end="10 h",
        keys={"D": '{ D0 = "4.5e-5 m^2/s", Q = "155 kJ/mol" }'},
    ),
    Template(
        "sphere",
        "Sphere that takes up a component through its surface",
        interval='["0 um", "100 um"]',
        geometry="spherical",
        initial='[initial]\nshape = "expression"  # mole fractions as expressions of x, the radius\nNi = "0.1"\n',
        boundary='[boundary]\nleft = "closed"  # the centre\n'
        'right = { exchange = { coefficient = "1e-9 m/s", Ni = 0.4 } }\n',
        end="20 h",
        keys={"D": '"1e-14 m^2/s"'},
    ),
    Template(
        "thin-film",
        "Thin film between two halves of a sample",
        initial='[initial]\nshape = "film"\nat = "-1 um"  # where the film begins\n'
        'thickness = "2 um"\nfilm = { Ni = 1.0 }\nmatrix = { Ni = 0.0 }\n',
        keys={"D": '"1e-14 m^2/s"'},
    ),
    Template(
        "carburised-steel",
        "Carbon between the sites of a lattice of iron and silicon: it leaves the half with silicon, uphill",
        law="darken",
        components=("C", "Si", "Fe"),
        dependent="Fe",
        interstitial=("C",),
        interval='["-60 mm", "60 mm"]',
        temperature="1050 degC",
        end="300 h",
        keys={
            "tracer": '{ C = "3e-11*(1 + 10*x_C)", Si = "1e-15", Fe = "3e-16" }',
            "vacancy_wind": '"none"',
        },
        sections=(REGULAR.format(omega='{ C-Si = "80 kJ/mol" }'),),
        initial=STEP.format(left="{ C = 0.02, Si = 0.07 }", right="{ C = 0.02, Si = 0.0 }"),
    ),
    Template(
        "darken",
        "Kirkendall couple: tracer diffusivities, a regular solution, a volume that varies and a marker",
        law="darken",
        end="20 h",
        keys={"tracer": '{ Cu = "2e-14*exp(1.5*x_Ni)", Ni = { D0 = "1.8e-4 m^2/s", Q = "270 kJ/mol" } }'},
        sections=(
            REGULAR.format(omega='{ Cu-Ni = "8 kJ/mol" }'),
            VEGARD.format(volumes='Cu = "7.11e-6 m^3/mol"\nNi = "6.59e-6 m^3/mol"'),
            MARKERS,
        ),
        initial=STEP.format(left="{ Ni = 0.0 }", right="{ Ni = 1.0 }"),
    ),
    Template(
        "onsager",
        "Diffusion couple from phenomenological coefficients",
        law="onsager",
        components=("Cr", "Ni", "Fe"),
        dependent="Fe",
        keys={
            "L": '[["2e-13*x_Cr*(1 - x_Cr)", "-2e-13*x_Cr*x_Ni"],\n     ["-2e-13*x_Cr*x_Ni", "2e-13*x_Ni*(1 - x_Ni)"]]'
        },
        sections=('[thermodynamics]\nkind = "ideal"  # ideal | regular | redlich-kister | expression\n', CONSTANT),
        initial=STEP.format(left="{ Cr = 0.25, Ni = 0.10 }", right="{ Cr = 0.10, Ni = 0.30 }"),
    ),
    Template(
        "line-compounds",
        "Layers of two compounds that grow between copper and tin",
        law="line-compounds",
        components=("Cu", "Sn"),
        interval='["-50 um", "50 um"]',
        temperature="200 degC",
        end="81 h",
        keys={
            "left": "{ Sn = 0.0 }",
            "right": "{ Sn = 1.0 }",
            "phases": '[{ name = "Cu3Sn", Sn = 0.25, D_int = "1.26e-17 m^2/s", V_m = "8.59e-6 m^3/mol" },\n'
            '          { name = "Cu6Sn5", Sn = 0.4545, D_int = "8.50e-17 m^2/s", V_m = "10.59e-6 m^3/mol" }]',
        },
        sections=(VEGARD.format(volumes='Cu = "7.11e-6 m^3/mol"\nSn = "16.29e-6 m^3/mol"'),),
        initial=STEP.format(left="{ Sn = 0.0 }", right="{ Sn = 1.0 }"),
    ),
    Template(
        "two-phase",
        "Two phases with ranges of composition and a sharp interface between them",
        law="two-phase",
        end="50 h",
        components=("A", "B"),
        dependent="A",
        keys={
            "alpha": '{ D = "1e-14*exp(x_B)", up_to = { B = 0.2 } }',
            "beta": '{ D = "3e-14 m^2/s", from = { B = 0.6 } }',
        },
        initial=STEP.format(left="{ B = 0.05 }", right="{ B = 0.9 }"),
    ),
    Template(
        "nernst-planck",
        "Junction of two salt solutions without current",
        law="nernst-planck",
        components=(),
        interval='["-2 mm", "2 mm"]',
        temperature="25 degC",
        end="10 s",
        keys={
            "ions": "{ H = { z = 1, D = 9.311e-9 }, K = { z = 1, D = 1.957e-9 }, Cl = { z = -1, D = 2.032e-9 } }",
            "closure": '"electroneutral"',
            "current": '"0 A/m^2"',
        },
        boundary='[boundary]  # "closed" | { fixed = {..} } | { flux = {..} } | { electrode = "H" }\n'
        'left = { fixed = { H = "0.1 mol/L", K = 0.0 } }\nright = { fixed = { H = 0.0, K = "0.1 mol/L" } }\n',
        initial="[initial]  # concentrations, mol/m^3; the ion that is left out makes them neutral\n"
        'shape = "step"  # step | layers | film | expression | file\nat = "0 um"\n'
        'left = { H = "0.1 mol/L", K = 0.0 }\nright = { H = 0.0, K = "0.1 mol/L" }\n',
    ),
    Template(
        "cahn-hilliard",
        "Spinodal decomposition of iron and chromium, one dimension",
        law="cahn-hilliard",
        components=("Cr", "Fe"),
        dependent="Fe",
        domain=UNIFORM,
        temperature="500 degC",
        end="200 h",
        keys=SEPARATING,
        sections=(REGULAR.format(omega='{ Fe-Cr = "18.6 kJ/mol" }'),),
        boundary='[boundary]  # "closed" | "periodic"\nleft = "periodic"\nright = "periodic"\n',
        initial=NOISE,
    ),
    Template(
        "cahn-hilliard-2d",
        "Spinodal decomposition of iron and chromium, two dimensions",
        law="cahn-hilliard",
        components=("Cr", "Fe"),
        dependent="Fe",
        domain=BOX,
        temperature="500 degC",
        end="200 h",
        scheme="rkc",
        rtol="1e-4",
        keys=SEPARATING,
        sections=(REGULAR.format(omega='{ Fe-Cr = "18.6 kJ/mol" }'),),
        boundary='[boundary]\nsides = "periodic"  # or "closed"; or for each axis, x = "periodic" and y = "closed"\n',
        initial=NOISE,
    ),
)
