"""SUNDIALS CVODE and IDA: called from C with a compiled right-hand side; CVODE through scikit-sundae as well.

The shared libraries are those that scikit-sundae's wheel brings along. Called from C no Python runs between start and
end of an integration: the integrator calls a C function that Numba made from the law's own flux kernel.
"""

import ctypes
import functools
from ctypes import POINTER, byref, c_double, c_int, c_long, c_void_p
from importlib import metadata

import numpy as np
from rivals import HEAD, ClosedSystem

from simulator.kernels import jit

BDF, NORMAL = 2, 1  # CV_BDF, CV_NORMAL
MOST_STEPS = 1_000_000
COUNTS = {"steps": "CVodeGetNumSteps", "evaluations": "CVodeGetNumRhsEvals", "setups": "CVodeGetNumLinSolvSetups"}
IDA_COUNTS = {"steps": "IDAGetNumSteps", "evaluations": "IDAGetNumResEvals", "setups": "IDAGetNumLinSolvSetups"}


class Absent(Exception):
    """SUNDIALS cannot be used here; the sentence says why."""


class Library:
    """The C functions that are needed, with their types."""

    def __init__(self):
        try:
            from sksundae import _cy_common
        except ImportError:
            raise Absent("scikit-sundae is not installed: pip install 'matano[bench]'") from None
        if jit.disabled():
            raise Absent("NUMBA_DISABLE_JIT is set, and C needs a compiled right-hand side")
        index = np.ctypeslib.as_ctypes_type(_cy_common.INT_TYPE)  # sunindextype
        core, vector = self.open("libsundials_core"), self.open("libsundials_nvecserial")
        matrix, solver = self.open("libsundials_sunmatrixband"), self.open("libsundials_sunlinsolband")
        cvode = self.open("libsundials_cvode")
        self.new_context = declare(core.SUNContext_Create, c_int, c_int, POINTER(c_void_p))
        self.pointer = declare(core.N_VGetArrayPointer, POINTER(c_double), c_void_p)
        self.new_vector = declare(vector.N_VMake_Serial, c_void_p, index, c_void_p, c_void_p)
        self.new_matrix = declare(matrix.SUNBandMatrix, c_void_p, index, index, index, c_void_p)
        self.new_solver = declare(solver.SUNLinSol_Band, c_void_p, c_void_p, c_void_p, c_void_p)
        self.create = declare(cvode.CVodeCreate, c_void_p, c_int, c_void_p)
        self.init = declare(cvode.CVodeInit, c_int, c_void_p, c_void_p, c_double, c_void_p)
        self.again = declare(cvode.CVodeReInit, c_int, c_void_p, c_double, c_void_p)
        self.set_data = declare(cvode.CVodeSetUserData, c_int, c_void_p, c_void_p)
        self.set_tolerances = declare(cvode.CVodeSStolerances, c_int, c_void_p, c_double, c_double)
        self.set_solver = declare(cvode.CVodeSetLinearSolver, c_int, c_void_p, c_void_p, c_void_p)
        self.set_most_steps = declare(cvode.CVodeSetMaxNumSteps, c_int, c_void_p, c_long)
        self.set_stop = declare(cvode.CVodeSetStopTime, c_int, c_void_p, c_double)
        self.advance = declare(cvode.CVode, c_int, c_void_p, c_double, c_void_p, POINTER(c_double), c_int)
        self.counts = {
            name: declare(getattr(cvode, function), c_int, c_void_p, POINTER(c_long))
            for name, function in COUNTS.items()
        }
        ida = self.open("libsundials_ida")
        self.ida_create = declare(ida.IDACreate, c_void_p, c_void_p)
        self.ida_init = declare(ida.IDAInit, c_int, c_void_p, c_void_p, c_double, c_void_p, c_void_p)
        self.ida_again = declare(ida.IDAReInit, c_int, c_void_p, c_double, c_void_p, c_void_p)
        self.ida_set_data = declare(ida.IDASetUserData, c_int, c_void_p, c_void_p)
        self.ida_set_kinds = declare(ida.IDASetId, c_int, c_void_p, c_void_p)
        self.ida_set_suppressed = declare(ida.IDASetSuppressAlg, c_int, c_void_p, c_int)
        self.ida_set_tolerances = declare(ida.IDASStolerances, c_int, c_void_p, c_double, c_double)
        self.ida_set_solver = declare(ida.IDASetLinearSolver, c_int, c_void_p, c_void_p, c_void_p)
        self.ida_set_most_steps = declare(ida.IDASetMaxNumSteps, c_int, c_void_p, c_long)
        self.ida_set_stop = declare(ida.IDASetStopTime, c_int, c_void_p, c_double)
        self.ida_advance = declare(
            ida.IDASolve, c_int, c_void_p, c_double, POINTER(c_double), c_void_p, c_void_p, c_int
        )
        self.ida_counts = {
            name: declare(getattr(ida, function), c_int, c_void_p, POINTER(c_long))
            for name, function in IDA_COUNTS.items()
        }
        self.context = c_void_p()
        check(self.new_context(0, byref(self.context)), "SUNContext_Create")

    @staticmethod
    def open(name: str) -> ctypes.CDLL:
        """A library from scikit-sundae's wheel: the very file that its extension modules have loaded."""
        for path in metadata.files("scikit-sundae") or ():
            if path.name.split(".")[0].split("-")[0] == name:
                return ctypes.CDLL(str(path.locate()))
        raise Absent(f"scikit-sundae's wheel brings no {name}")


def declare(function, result, *arguments):
    function.restype, function.argtypes = result, list(arguments)
    return function


def check(status: int, what: str) -> None:
    if status < 0:
        raise RuntimeError(f"{what} of SUNDIALS returned {status}")


@functools.cache
def library() -> Library:
    """Loaded once. Raises Absent."""
    return Library()


@functools.cache
def right_hand_side(kernel):
    """f(t, y, ydot, data) as CVODE calls it, from the kernel of a system's slopes."""
    numba = jit.numba()
    types, carray = numba.types, numba.carray
    pointer, slopes = library().pointer, kernel.inner

    @numba.cfunc(types.int32(types.float64, types.voidptr, types.voidptr, types.voidptr))
    def call(t, y, slope, data):
        head = carray(data, (HEAD,), np.float64)
        size = int(head[2]) * int(head[3])
        slopes(carray(data, (int(head[0]),), np.float64), carray(pointer(y), (size,)), carray(pointer(slope), (size,)))
        return 0

    return call


class Cvode:
    """CVODE on a closed system: BDF, banded direct solver, Jacobian by its own banded difference quotients.

    What C allocates lives as long as the process. Raises Absent.
    """

    def __init__(self, system: ClosedSystem):
        c = self.c = library()
        self.system = system
        self.y = np.zeros(system.cells * system.m)
        self.vector = c.new_vector(self.y.size, self.y.ctypes.data, c.context)
        matrix = c.new_matrix(self.y.size, system.band, system.band, c.context)
        solver = c.new_solver(self.vector, matrix, c.context)
        self.memory = c.create(BDF, c.context)
        check(c.init(self.memory, right_hand_side(system.kernel).address, 0.0, self.vector), "CVodeInit")
        check(c.set_data(self.memory, system.data.ctypes.data), "CVodeSetUserData")
        check(c.set_tolerances(self.memory, 1e-6, 1e-6), "CVodeSStolerances")
        check(c.set_solver(self.memory, solver, matrix), "CVodeSetLinearSolver")
        check(c.set_most_steps(self.memory, MOST_STEPS), "CVodeSetMaxNumSteps")

    def run(self, y0: np.ndarray, rtol: float, end: float) -> np.ndarray:
        """y at `end`; the absolute tolerance is rtol, as fractions are of size 1."""
        c = self.c
        self.y[:] = y0
        check(c.again(self.memory, 0.0, self.vector), "CVodeReInit")
        c.set_tolerances(self.memory, rtol, rtol)
        c.set_stop(self.memory, end)
        reached = c_double()
        check(c.advance(self.memory, end, self.vector, byref(reached), NORMAL), "CVode")
        return self.y.copy()

    def count(self, what: str) -> int:
        """Steps, evaluations or setups of the last run."""
        value = c_long()
        self.c.counts[what](self.memory, byref(value))
        return value.value


@functools.cache
def residual_of(kernel):
    """F(t, y, ydot, r, data) as IDA calls it, from a kernel of (data, y, slope, r); the data begin with their size, and
    y's follows at the places of m and of the points: see `double_layer.ChargedSystem`."""
    numba = jit.numba()
    types, carray = numba.types, numba.carray
    pointer, residual = library().pointer, kernel.inner

    @numba.cfunc(types.int32(types.float64, types.voidptr, types.voidptr, types.voidptr, types.voidptr))
    def call(t, y, slope, r, data):
        head = carray(data, (5,), np.float64)
        size = int(head[3]) * (int(head[4]) - 2)
        residual(
            carray(data, (int(head[0]),), np.float64),
            carray(pointer(y), (size,)),
            carray(pointer(slope), (size,)),
            carray(pointer(r), (size,)),
        )
        return 0

    return call


class Ida:
    """IDA on a system with algebraic rows: BDF, banded direct solver, Jacobian by its own banded difference quotients.

    system: as `double_layer.ChargedSystem`. suppressed: whether the algebraic unknowns are left out of the error test.
    What C allocates lives as long as the process. Raises Absent.
    """

    def __init__(self, system, suppressed: bool = False):
        c = self.c = library()
        self.system = system
        size = system.cells * system.m
        self.y, self.slope, self.kinds = np.zeros(size), np.zeros(size), system.differential.copy()
        self.vectors = [c.new_vector(size, array.ctypes.data, c.context) for array in (self.y, self.slope, self.kinds)]
        matrix = c.new_matrix(size, system.band, system.band, c.context)
        solver = c.new_solver(self.vectors[0], matrix, c.context)
        self.memory = c.ida_create(c.context)
        call = residual_of(system.residual)
        check(c.ida_init(self.memory, call.address, 0.0, *self.vectors[:2]), "IDAInit")
        check(c.ida_set_data(self.memory, system.data.ctypes.data), "IDASetUserData")
        check(c.ida_set_kinds(self.memory, self.vectors[2]), "IDASetId")
        check(c.ida_set_suppressed(self.memory, int(suppressed)), "IDASetSuppressAlg")
        check(c.ida_set_tolerances(self.memory, 1e-6, 1e-6), "IDASStolerances")
        check(c.ida_set_solver(self.memory, solver, matrix), "IDASetLinearSolver")
        check(c.ida_set_most_steps(self.memory, MOST_STEPS), "IDASetMaxNumSteps")

    def run(self, y0: np.ndarray, slope0: np.ndarray, rtol: float, end: float) -> np.ndarray:
        """y at `end` from a consistent start; the absolute tolerance is rtol."""
        c = self.c
        self.y[:], self.slope[:] = y0, slope0
        check(c.ida_again(self.memory, 0.0, *self.vectors[:2]), "IDAReInit")
        c.ida_set_tolerances(self.memory, rtol, rtol)
        c.ida_set_stop(self.memory, end)
        reached = c_double()
        check(c.ida_advance(self.memory, end, byref(reached), *self.vectors[:2], NORMAL), "IDASolve")
        return self.y.copy()

    def count(self, what: str) -> int:
        """Steps, evaluations or setups of the last run."""
        value = c_long()
        self.c.ida_counts[what](self.memory, byref(value))
        return value.value


class ScikitSundae:
    """The same CVODE through scikit-sundae, whose right-hand side is a Python function around the compiled one."""

    def __init__(self, system: ClosedSystem, rtol: float):
        try:
            from sksundae.cvode import CVODE
        except ImportError:
            raise Absent("scikit-sundae is not installed: pip install 'matano[bench]'") from None
        compiled, data, band = system.kernel.entry, system.data, system.band

        writable = np.empty(system.cells * system.m)

        def slopes(t, y, slope):
            writable[:] = y  # it comes read-only, which is another type
            compiled(data, writable, slope)

        self.solver = CVODE(
            slopes, rtol=rtol, atol=rtol, linsolver="band", lband=band, uband=band, max_num_steps=MOST_STEPS
        )

    def run(self, y0: np.ndarray, end: float) -> np.ndarray:
        answer = self.solver.solve(np.array([0.0, end]), y0)
        if not answer.success:
            raise RuntimeError(f"scikit-sundae: {answer.message}")
        return answer.y[-1]
