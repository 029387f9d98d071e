"""A solution phase of a TDB file, read by pycalphad and turned into formulas of the mole fractions and T.

The only place that imports pycalphad. Nothing is tabulated: what pycalphad makes of the parameters is a formula
already, and it becomes one of this package, term by term.
"""

import itertools
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from simulator.faults import Invalid, near
from simulator.laws.assessment import Assessed, Assessment
from simulator.laws.expression import CONSTANTS
from simulator.laws.formula import Formula, constant, exp, log, temperature, unknown
from simulator.laws.symbolic import Translation, edges_of

R = CONSTANTS["R"]
VACANCY = "VA"
ANY = "*"
PRESSURE = 101325.0
ENERGY = frozenset({"G", "L", "TC", "NT", "BMAGN", "GD", "THETA", "V0", "VA", "VC", "VK"})
MOBILITY = frozenset({"MQ", "MF"})
IDEAL, REFERENCE = "idmix", "ref"
# the gas constant among the factors of a product; elsewhere an R is a name
GAS_CONSTANT = re.compile(r"(?<![\w#.])R(?=\s*[*/])|(?<=[*/])(\s*)R(?![\w#.])")


def read_phase(text: str, name: str, phase: str, elements: tuple[str, ...]) -> Assessment:
    """What the TDB file of this text says of a phase with these elements, in capitals; `name` is for messages.

    Raises Invalid, at "phase" or "file", without pycalphad, for a text that is no TDB file, a phase or an element
    that it has not, and a phase that is no substitutional solution with or without interstitials.
    """
    try:
        from pycalphad import Database
    except ImportError:
        text = "a TDB file is read by pycalphad, which is not installed: pip install 'matano[calphad]'."
        raise Invalid.at("file", text) from None
    # pycalphad would take the gas constant to be 8.3145
    text = GAS_CONSTANT.sub(lambda found: f"{found[1] or ''}{R!r}", text.upper())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            database = Database.from_string(text, fmt="tdb")
        except Exception as error:  # a parser's, of many kinds
            raise Invalid.at("file", f"{name} cannot be read as a TDB file: {said(error)}.") from None
        if phase not in database.phases:
            listed = ", ".join(sorted(database.phases)) or "none"
            text = f"{name} has no phase {phase!r}; it has {listed}.{near(phase, database.phases)}"
            raise Invalid.at("phase", text)
        return Reading(database, name, phase, elements).assessment()


@dataclass(frozen=True)
class Reading:
    """A phase of a database, with the elements of a case."""

    database: Any
    name: str
    phase: str
    elements: tuple[str, ...]

    def assessment(self) -> Assessment:
        known = sorted(self.database.elements - {"/-", VACANCY})
        missing = [name for name in self.elements if name not in known]
        if missing:
            raise Invalid.at("file", f"{self.name} has no {' and no '.join(missing)}; it has {', '.join(known)}.")
        self.check_sublattices()
        energy = self.part("the Gibbs energy", ENERGY, self.energy, "")
        mobility = {name: self.part(f"the mobility of {name}", MOBILITY, self.mobility, name) for name in self.elements}
        return Assessment(self.phase, self.elements, self.interstitial, energy, mobility)

    def part(self, what: str, types: frozenset[str], make, element: str) -> Assessed:
        """A formula with its range of T, or the sentence why there is none."""
        parameters = self.parameters(types, element)
        missing = self.missing_ends({"G"} if not element else types, parameters)
        if missing:
            shown = f"{'/'.join(sorted(types)) if element else 'G'}({self.phase}{'&' if element else ''}{element},"
            text = f"{self.name} does not give {what} in {self.phase}: there is no {shown}{missing[0]})"
            return Assessed(fault=f"{text}{' and others' if len(missing) > 1 else ''}.")
        twice = self.given_twice(parameters)
        if twice:
            text = "perhaps once for all constituents (*): whether they add up, programs differ. Leave one out."
            return Assessed(fault=f"{self.name} gives {twice} twice, {text}")
        low, high = self.temperatures(parameters)
        if not low < high:
            text = f"the parameters of {self.name} for {what} in {self.phase} share no range of temperatures."
            return Assessed(fault=text)
        return Assessed(make(element).tree, (low, high))

    @cached_property
    def sublattices(self) -> list[list[str]]:
        """The constituents of every sublattice that the elements leave, by name."""
        there = {VACANCY, *self.elements}
        return [
            sorted(entry.name for entry in constituents if set(entry.constituents) <= there)
            for constituents in self.database.phases[self.phase].constituents
        ]

    @cached_property
    def host(self) -> int:
        """The sublattice of the substitutional elements."""
        return next(k for k, names in enumerate(self.sublattices) if VACANCY not in names)

    @cached_property
    def interstitial_sites(self) -> int | None:
        """The sublattice of the interstitial elements, if there are any."""
        return next((k for k, names in enumerate(self.sublattices) if {VACANCY} < set(names)), None)

    @cached_property
    def interstitial(self) -> tuple[str, ...]:
        sites = self.interstitial_sites
        return () if sites is None else tuple(name for name in self.elements if name in self.sublattices[sites])

    def check_sublattices(self) -> None:
        """Raise Invalid unless mole fractions fix the site fractions."""
        phase = self.database.phases[self.phase]
        form = "".join(f"({','.join(names)})" for names in self.sublattices)
        refused = f"{self.phase} in {self.name} is {form} with these components"
        atoms = [set(names) - {VACANCY} for names in self.sublattices]
        everywhere = [name for names in atoms for name in names]
        compounds = sorted({name for name in everywhere if name not in self.elements})
        filled = [k for k, names in enumerate(self.sublattices) if VACANCY not in names and names]
        mixed = [k for k, names in enumerate(self.sublattices) if {VACANCY} < set(names)]
        absent = [name for name in self.elements if name not in everywhere]
        text = ""
        if absent:
            text = f"no sublattice holds {' or '.join(absent)}"
        elif compounds or phase.model_hints.get("ionic_liquid_2SL", False):
            text = f"{', '.join(compounds) or 'ions'} are associates or ions, whose amounts need an equilibrium"
        elif phase.model_hints.get("ordered_phase") == self.phase:
            text = "it orders, and its order needs an equilibrium; name its disordered phase"
        elif len(set(everywhere)) < len(everywhere):
            text = "an element on two sublattices needs an equilibrium between them"
        elif not filled:
            text = "vacancies beside the atoms, as many as an equilibrium says, have no mole fraction"
        elif not all(self.sublattices) or len(filled) != 1 or len(mixed) > 1:
            text = "one sublattice without vacancies must hold the substitutional ones, and at most one other atoms"
        if text:
            raise Invalid.at("phase", f"{refused}: {text}. Such a phase is not supported.")

    def parameters(self, types: frozenset[str], element: str) -> list[dict]:
        """The parameters of these types that concern the elements; of a mobility, those of one diffusing element."""
        return list(self.database.search(self.concerns(types, element)))

    def concerns(self, types: frozenset[str], element: str):
        """The query of these parameters."""
        from tinydb import where

        def within(array) -> bool:
            names = [{species.name for species in entry} for entry in array]
            return len(names) == len(self.sublattices) and all(
                ANY in given or given <= set(known) for given, known in zip(names, self.sublattices, strict=True)
            )

        return (
            (where("phase_name") == self.phase)
            & where("parameter_type").test(lambda kind: kind in types)
            & where("diffusing_species").test(lambda species: (species.name or "") == element)
            & where("constituent_array").test(within)
        )

    def missing_ends(self, types: Iterable[str], parameters: list[dict]) -> list[str]:
        """The end members, as "NI:VA", that no parameter of these types is of: pycalphad would take them for 0."""
        given = [entry for entry in parameters if entry["parameter_type"] in types]
        return [":".join(ends) for ends in self.end_members if not any(is_of(entry, ends) for entry in given)]

    def given_twice(self, parameters: list[dict]) -> str:
        """A parameter that has two values; an end member has two also if one is for all constituents."""
        seen = set()
        for entry in parameters:
            array = ":".join(
                ",".join(sorted(species.name for species in names)) for names in entry["constituent_array"]
            )
            moving = f"&{entry['diffusing_species'].name}" if entry["diffusing_species"].name else ""
            rest = f"({self.phase}{moving},{array};{entry['parameter_order']})"
            name, key = entry["parameter_type"] + rest, entry["parameter_type"].replace("L", "G") + rest
            if key in seen:
                return name
            seen.add(key)
            same = [other for other in parameters if other["parameter_type"] == entry["parameter_type"]]
            if any(is_of(entry, ends) and sum(is_of(other, ends) for other in same) > 1 for ends in self.end_members):
                return name
        return ""

    @cached_property
    def end_members(self) -> list[tuple[str, ...]]:
        return list(itertools.product(*self.sublattices))

    def temperatures(self, parameters: list[dict]) -> tuple[float, float]:
        """The range of T, in K, in which all these parameters and the functions they name are given."""
        expressions, low, high, seen = [entry["parameter"] for entry in parameters], 0.0, float("inf"), set()
        while expressions:
            expression = expressions.pop()
            if type(expression).__name__ == "Piecewise":
                edges = [edges_of(condition) for condition in expression.args[1::2]]
                low = max(low, min((first for first, _ in edges if first is not None), default=0.0))
                high = min(high, max((last for _, last in edges if last is not None), default=float("inf")))
            for name in map(str, getattr(expression, "free_symbols", ())):
                if name in self.database.symbols and name not in seen:
                    seen.add(name)
                    expressions.append(self.database.symbols[name])
        return low, high

    @cached_property
    def model(self):
        from pycalphad import Model

        try:
            return Model(self.database, [*self.elements, VACANCY], self.phase)
        except Exception as error:  # what pycalphad does not support, it says in many ways
            text = f"pycalphad makes no model of {self.phase} in {self.name}: {said(error)}."
            raise Invalid.at("phase", text) from None

    def site_fraction(self, sublattice: int, name: str):
        from pycalphad import variables

        return variables.SiteFraction(self.phase, sublattice, name)

    @cached_property
    def on_host(self) -> Formula:
        """The mole fraction of all substitutional elements together."""
        inside = [unknown(k) for k, name in enumerate(self.elements) if name in self.interstitial]
        return 1.0 - sum(inside, constant(0.0))

    @property
    def ratio(self) -> float:
        """Interstitial sites for each substitutional one."""
        sites = self.database.phases[self.phase].sublattices
        return 0.0 if self.interstitial_sites is None else sites[self.interstitial_sites] / sites[self.host]

    @cached_property
    def fractions(self) -> dict[Any, Formula]:
        """Every site fraction as a formula of the mole fractions, unknown k that of element k."""
        found, vacant = {}, constant(1.0)
        for k, name in enumerate(self.elements):
            if name in self.interstitial:
                found[self.site_fraction(self.interstitial_sites, name)] = unknown(k) / (self.ratio * self.on_host)
            else:
                found[self.site_fraction(self.host, name)] = unknown(k) / self.on_host
        for sites, names in enumerate(self.sublattices):
            if VACANCY in names:
                own = [found[self.site_fraction(sites, name)] for name in names if name != VACANCY]
                found[self.site_fraction(sites, VACANCY)] = vacant - sum(own, constant(0.0))
        return found

    @property
    def vacant(self) -> Formula:
        """The fraction of the interstitial sites that are empty."""
        return self.fractions[self.site_fraction(self.interstitial_sites, VACANCY)]

    def at_end(self, expression, host: str, inside: str = VACANCY):
        """An expression of site fractions with `host` on all substitutional and `inside` on all interstitial sites."""
        full = {self.host: host}
        if self.interstitial_sites is not None:
            full[self.interstitial_sites] = inside
        values = {symbol: 0 for symbol in self.fractions}
        for sites in range(len(self.sublattices)):
            values[self.site_fraction(sites, full.get(sites, VACANCY))] = 1
        return expression.xreplace(values)

    def energy(self, element: str) -> Formula:
        """The excess Gibbs energy of a mole of atoms, from the end members, as a formula of the mole fractions.

            g = (s/a) (E - sum_k y_k E_k - sum_I y_I (E_1I - E_1)) + RT [ c s/a y_Va ln y_Va - s ln s
                + sum_I x_I ln(a/(c s)) ],   s = 1 - sum_I x_I,   y_k = x_k/s,   y_I = a x_I/(c s)

        E what pycalphad has for a mole of formula units without ideal mixing, E_k with element k alone, E_1I with
        element 1 and interstitial sites full of I; a and c the numbers of sites.
        """
        # Without interstitials the reference energy is linear, and goes with the end members.
        left_out = {IDEAL} if self.interstitial else {IDEAL, REFERENCE}
        whole = self.formula_unit(left_out)
        sites = self.database.phases[self.phase].sublattices[self.host]
        hosts = [name for name in self.elements if name not in self.interstitial]
        ends = {name: self.at_end(whole, name) for name in hosts}
        formula = Translation(self.fractions).formula
        total = formula(whole)
        for name, end in ends.items():
            total = total - self.fractions[self.site_fraction(self.host, name)] * formula(end)
        for name in self.interstitial:
            end = formula(self.at_end(whole, hosts[0], name) - ends[hosts[0]])
            total = total - self.fractions[self.site_fraction(self.interstitial_sites, name)] * end
        if not self.interstitial:
            return total / sites
        s, vacant, c = self.on_host, self.vacant, self.ratio
        mixing = c * s * vacant * log(vacant) - s * log(s)
        inside = sum((unknown(self.elements.index(name)) for name in self.interstitial), constant(0.0))
        return s / sites * total + R * temperature * (mixing - inside * log(c * s))

    def formula_unit(self, left_out: set[str]):
        """The Gibbs energy of a mole of formula units at 1 atm without some of its contributions."""
        from pycalphad import variables
        from symengine import Add, Integer

        model = self.model
        # the atoms in a formula unit, a sum that divides each contribution, cancel
        atoms = sum(
            (
                sites * self.site_fraction(k, name)
                for k, (sites, names) in enumerate(zip(model.site_ratios, self.sublattices, strict=True))
                for name in names
                if name != VACANCY
            ),
            Integer(0),
        )
        parts = [part * atoms for name, part in model.models.items() if name not in left_out]
        return Add(*parts).xreplace({variables.P: PRESSURE})

    def mobility(self, element: str) -> Formula:
        """R T M of an element, m^2/s: exp((MF + MQ)/RT), times y_Va for an interstitial one."""
        from symengine import Symbol

        model, database = self.model, self.database
        query = self.concerns(MOBILITY, element)
        try:
            total = model.redlich_kister_sum(database.phases[self.phase], database.search, query)
        except ValueError as error:
            raise Invalid.at("phase", f"pycalphad does not sum the mobilities of {element}: {said(error)}.") from None
        total = model.symbol_replace(total, {Symbol(name): value for name, value in database.symbols.items()})
        factor = exp(Translation(self.fractions).formula(total) / (R * temperature))
        return factor * self.vacant if element in self.interstitial else factor


def said(error: Exception) -> str:
    """What an error of pycalphad says, in one line."""
    return " ".join(str(error).split())[:120].rstrip(".")


def is_of(entry: dict, ends: tuple[str, ...]) -> bool:
    """Whether a parameter is of this end member."""
    arrays = [{species.name for species in names} for names in entry["constituent_array"]]
    return all(names in ({ANY}, {end}) for names, end in zip(arrays, ends, strict=True))
