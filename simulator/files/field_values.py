"""Fields to start from: grey values of an image, the last field of a result, or any dataset of an HDF5 file."""

from pathlib import Path

import numpy as np

from simulator.faults import Invalid, near
from simulator.files.stored import reading, text_of
from simulator.laws.mixture import Mixture
from simulator.problem.box import Box
from simulator.problem.field_start import Sampled
from simulator.problem.initial import Composition, composition

WHERE = "initial.path"
IMAGES = (".png", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg", ".gif", ".pgm", ".ppm")
COLOURS = 3


def image_start(path: Path, mixture: Mixture, black: Composition | None, white: Composition | None) -> Sampled:
    """Mole fractions on straight lines between those of black and white; the lowest row of the image is at y = 0.

    Colours count by their mean, transparency is left out; whole numbers are shares of the largest that their kind
    holds. Raises Invalid for what is no image.
    """
    if black is None or white is None:
        missing = "black" if black is None else "white"
        example = f"{missing} = {{ {mixture.independent[0]} = {0.1 if black is None else 0.9} }}"
        raise Invalid.at(f"initial.{missing}", f"is missing: an image needs both compositions, such as {example}.")
    grey = grey_values(path)
    ends = [mixture.complete(composition(given, mixture, f"initial.{name}")[:, None])[:, 0]
            for name, given in (("black", black), ("white", white))]  # fmt: skip
    return Sampled(
        {name: ends[0][k] + (ends[1][k] - ends[0][k]) * grey for k, name in enumerate(mixture.components)}, WHERE
    )


def grey_values(path: Path) -> np.ndarray:
    """Grey values (ny, nx) from 0 to 1, the lowest row of the image first."""
    from matplotlib.image import imread

    try:
        pixels = np.asarray(imread(path))
    except Exception:  # readers of damaged and of huge images raise whatever they like
        raise Invalid.at(WHERE, f"{path.name}: is not an image that can be read; save it as PNG.") from None
    largest = np.iinfo(pixels.dtype).max if np.issubdtype(pixels.dtype, np.integer) else 1.0
    if pixels.ndim == 3:
        # a fourth channel, or a second, is transparency
        pixels = pixels[..., :COLOURS].mean(axis=-1) if pixels.shape[-1] >= COLOURS else pixels[..., 0]
    grey = pixels.astype(float) / largest
    if grey.ndim != 2 or not np.isfinite(grey).all() or grey.min() < 0.0 or grey.max() > 1.0:
        raise Invalid.at(WHERE, f"{path.name}: expected one picture with grey values from 0 to 1.")
    return np.ascontiguousarray(grey[::-1])


def dataset_start(path: Path, mixture: Mixture, box: Box, dataset: str | None, time: float | None) -> Sampled:
    """The last field of a result, or the one nearest to `time` in s; or a dataset of any HDF5 file.

    A dataset is of the shape ([nz,] ny, nx), for the first independent component of a binary, or has a first axis with
    the independent or with all components. Raises Invalid for what is neither.
    """
    import h5py

    try:
        file = h5py.File(path, "r", locking=False)
    except OSError:
        text = "there is no such file." if not path.exists() else "is not an HDF5 file."
        raise Invalid.at(WHERE, f"{path.name}: {text}") from None
    with file, reading(path):
        if dataset is not None:
            return Sampled(by_component(whole(file, dataset), mixture, box), "initial.dataset")
        if "mole_fraction" not in file or "component" not in file or "saved" not in file.attrs:
            raise Invalid.at(WHERE, f'{path.name}: is no result; name one of its arrays, dataset = "/c".')
        times = file["time"][: int(file.attrs["saved"])]
        if not times.size:
            raise Invalid.at(WHERE, f"{path.name}: holds no saved time yet.")
        index = -1 if time is None else int(np.argmin(np.abs(times - time)))
        values, names = file["mole_fraction"][index % times.size], [text_of(name) for name in file["component"][:]]
        if values.ndim != 1 + box.dimensions:
            text = f"holds fields of {values.ndim - 1} dimensions, and this domain has {box.dimensions}."
            raise Invalid.at(WHERE, f"{path.name}: {text}")
        return Sampled(dict(zip(names, values, strict=True)), WHERE)


def whole(file, dataset: str) -> np.ndarray:
    """An array of a file, as numbers."""
    import h5py

    found: list[str] = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    name = dataset.strip("/")
    if name not in found:
        hint = near(name, found) or f" It holds {', '.join(sorted(found)[:12]) or 'none'}."
        raise Invalid.at("initial.dataset", f"there is no dataset {dataset!r}.{hint}")
    if file[name].dtype.kind not in "fiu":
        raise Invalid.at("initial.dataset", f"{dataset} does not hold numbers.")
    return np.asarray(file[name][...], float)


def by_component(values: np.ndarray, mixture: Mixture, box: Box) -> dict[str, np.ndarray]:
    """The rows of an array by the names of what they are."""
    if values.ndim == box.dimensions and mixture.m == 1:
        return {mixture.independent[0]: values}
    names = {mixture.m: mixture.independent, mixture.m + 1: mixture.components}
    if values.ndim != box.dimensions + 1 or len(values) not in names:
        got = " x ".join(map(str, values.shape))
        needed = f"components, {', '.join(reversed(box.axes))}"
        text = f"has the shape {got}; expected {needed}, with {mixture.m} or {mixture.m + 1} components."
        raise Invalid.at("initial.dataset", text)
    return dict(zip(names[len(values)], values, strict=True))
