"""[initial] as a start, from the case alone or from the files that it names."""

from pathlib import Path

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.files import RESULTS
from simulator.files.table import contents
from simulator.laws.mixture import Mixture
from simulator.laws.table import below
from simulator.problem.box import Box
from simulator.problem.domain import Domain
from simulator.problem.field_start import Droplet, Droplets
from simulator.problem.initial import Expression, Film, Initial, Layers, Step, Tabulated
from simulator.problem.noise import Noise, Ripple, Wave


def start_of(section, mixture: Mixture | None, domain: Domain | Box | None, folder: Path) -> Initial | None:
    """The start; None where it is a field of a file and the components are not known."""
    match section.shape:
        case "step":
            return Step(section.at, section.left, section.right)
        case "layers":
            return Layers([(layer.start, layer.end, dict(layer.model_extra)) for layer in section.layers])
        case "film":
            return Film(section.at, section.thickness, section.film, section.matrix)
        case "expression":
            return Expression(dict(section.model_extra))
        case "noise":
            return Noise(**{name: value for name, value in contents(section).items() if name != "shape"})
        case "wave":
            waves = [Ripple(**contents(entry)) for entry in section.waves]
            single = (section.amplitude, section.periods, section.phase)
            return Wave(section.mean, *single, waves=waves)
        case "droplets":
            droplets = [Droplet(entry.at, entry.radius, dict(entry.model_extra)) for entry in section.droplets]
            return Droplets(section.matrix, droplets, section.width)
    if not isinstance(domain, Box):
        return from_file(section, folder)
    return None if mixture is None else from_field_file(section, mixture, domain, folder)


def from_field_file(section, mixture: Mixture, box: Box, folder: Path) -> Initial:
    """An image, a result or a dataset."""
    from simulator.files.field_values import IMAGES, dataset_start, image_start

    path = below(section.path, folder, "initial.path")
    if path.suffix.lower() in RESULTS:
        return dataset_start(path, mixture, box, section.dataset, section.time)
    if path.suffix.lower() not in IMAGES:
        known = ", ".join((*IMAGES, *RESULTS))
        raise Invalid.at("initial.path", f"expected an image or an HDF5 file ({known}), got {section.path!r}.")
    return image_start(path, mixture, section.black, section.white)


def from_file(section, folder: Path) -> Tabulated:
    """The last profile of a result, or the one nearest to `time`; or a measured profile."""
    for name in ("dataset", "black", "white"):
        if getattr(section, name) is not None:
            raise Invalid.at(f"initial.{name}", "is for two and three dimensions; leave it out.")
    path = below(section.path, folder, "initial.path")
    try:
        if path.suffix in RESULTS:
            from simulator.files.stored import open_result

            result = open_result(path)
            if not result.snapshots:
                raise Invalid.at("initial.path", f"{section.path} holds no saved time yet.")
            index = -1 if section.time is None else int(np.argmin(np.abs(result.time - section.time)))
            fractions = result.snapshots[index].composition
            return Tabulated(result.x, dict(zip(result.components, fractions, strict=True)), "initial.path")
        from simulator.files.measured import read_profile

        if section.time is not None:
            raise Invalid.at("initial.time", "a measured profile has one time only; leave it out.")
        profile = read_profile(path)
    except Invalid as invalid:
        raise Invalid(*(in_key(fault, "initial.path", str(path), section.path) for fault in invalid.faults)) from None
    return Tabulated(profile.x, dict(zip(profile.components, profile.fractions, strict=True)), "initial.path")


def in_key(fault: Fault, key: str, path: str, shown: str) -> Fault:
    """A fault of a file that a key names, at that key; the place in the file opens the sentence."""
    if fault.where.startswith("initial"):
        return fault
    place = fault.where.replace(path, shown)
    return Fault(key, f"{place}: {fault.sentence}" if place else fault.sentence)
