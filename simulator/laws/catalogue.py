"""The laws there are: one line each."""

from simulator.faults import Invalid, near
from simulator.laws.cahn_hilliard import CahnHilliard
from simulator.laws.darken import Darken
from simulator.laws.fick import Fick
from simulator.laws.law import Law
from simulator.laws.line_compounds import LineCompounds
from simulator.laws.nernst_planck import NernstPlanck
from simulator.laws.onsager import Onsager
from simulator.laws.two_phase import TwoPhase

LAWS: tuple[type[Law], ...] = (Fick, Darken, Onsager, LineCompounds, TwoPhase, NernstPlanck, CahnHilliard)


def law_of(kind: str, where: str = "law.kind") -> type[Law]:
    """The class of a law by its kind; Invalid with a suggestion for an unknown one."""
    kinds = [law.kind for law in LAWS]
    if kind not in kinds:
        raise Invalid.at(where, f"unknown law {repr(kind)[:40]}; there is {', '.join(kinds)}.{near(str(kind), kinds)}")
    return LAWS[kinds.index(kind)]
