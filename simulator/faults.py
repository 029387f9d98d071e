"""Mistakes a person can mend, and computations that could not be finished: each says where, what, and what would be
right.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Fault:
    """One mistake. `where` is a key of the case ("law.D[0][1]") or a place in a file ("couple.toml:14 law.D")."""

    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}" if self.where else self.sentence


class Invalid(ValueError):
    """A case, a data file or an argument that cannot be used, with every fault that was found."""

    def __init__(self, *faults: Fault):
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults

    @classmethod
    def at(cls, where: str, sentence: str) -> "Invalid":
        return cls(Fault(where, sentence))


class NumericsError(RuntimeError):
    """A computation that could not be finished; the sentence names the cure."""


def near(word: str, words: Iterable[str]) -> str:
    """A suggestion to append to a sentence: the known word nearest to the one given, or nothing."""
    found = get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f" Did you mean {found[0]}?" if found else ""
