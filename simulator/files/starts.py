"""What [initial] may say: one model for each shape of a start."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from simulator.files.table import Table
from simulator.files.values import (
    AMPLITUDE,
    COUNTS,
    PERIODS,
    Amount,
    Composition,
    Length,
    Quantity,
    Read,
    Seconds,
    read_amplitude,
    read_counts,
    read_periods,
)


class StepStart(Table):
    shape: Literal["step"]
    at: Length = 0.0
    left: Composition
    right: Composition


class Layer(Table):
    model_config = ConfigDict(extra="allow")
    start: Length = Field(alias="from")
    end: Length = Field(alias="to")
    __pydantic_extra__: Composition


class LayersStart(Table):
    shape: Literal["layers"]
    layers: Annotated[list[Layer], Field(min_length=1)]


class FilmStart(Table):
    shape: Literal["film"]
    at: Length = 0.0
    thickness: Length
    film: Composition
    matrix: Composition


class ExpressionStart(Table):
    """Mole fractions, or concentrations of ions, as expressions of x, by name."""

    model_config = ConfigDict(extra="allow")
    shape: Literal["expression"]
    __pydantic_extra__: dict[str, Amount]


class FileStart(Table):
    """A profile, a result, or for a box an image or a dataset; black and white: what grey values lie between."""

    shape: Literal["file"]
    path: str
    time: Seconds | None = None
    dataset: str | None = None
    black: Composition | None = None
    white: Composition | None = None


class NoiseStart(Table):
    shape: Literal["noise"]
    mean: Composition
    amplitude: Read(read_amplitude, AMPLITUDE)
    seed: Annotated[int, Field(ge=0)] = 0
    distribution: Literal["uniform", "normal"] = "uniform"
    pieces: Read(read_counts, COUNTS) | None = None


class OneWave(Table):
    amplitude: Read(read_amplitude, AMPLITUDE)
    periods: Read(read_periods, PERIODS)
    phase: Quantity("1") = 0.0


class WaveStart(Table):
    """One wave, or several as a list."""

    shape: Literal["wave"]
    mean: Composition
    amplitude: Read(read_amplitude, AMPLITUDE) | None = None
    periods: Read(read_periods, PERIODS) | None = None
    phase: Quantity("1") = 0.0
    waves: list[OneWave] = Field([])


class OneDroplet(Table):
    model_config = ConfigDict(extra="allow")
    at: Annotated[list[Length], Field(min_length=2, max_length=3)]
    radius: Length
    __pydantic_extra__: Composition


class DropletsStart(Table):
    shape: Literal["droplets"]
    matrix: Composition
    droplets: Annotated[list[OneDroplet], Field(min_length=1)]
    width: Length = 0.0


SHAPES = {
    "step": StepStart,
    "layers": LayersStart,
    "film": FilmStart,
    "noise": NoiseStart,
    "wave": WaveStart,
    "droplets": DropletsStart,
    "expression": ExpressionStart,
    "file": FileStart,
}
