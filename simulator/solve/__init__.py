"""How a problem is solved. The package can be called: `simulator.solve(problem, controls)` is its function `solve`."""

import sys
from types import ModuleType


class Solve(ModuleType):
    """A package whose name is also that of its main function."""

    def __call__(self, *arguments, **keywords):
        from simulator.solve.solve import solve

        return solve(*arguments, **keywords)


sys.modules[__name__].__class__ = Solve
