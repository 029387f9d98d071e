"""How this package meets Numba: one decorator, one cache folder, one set of options.

`@kernel` reads the signature from the annotations and compiles on first use, not on import: a command that does not
solve never imports Numba, and only what a run needs is compiled or loaded. Kernels call each other by name; a law
reaches an integrator as the address of a function of a fixed signature, so that no integrator is ever compiled again
for another law. With NUMBA_DISABLE_JIT=1 every kernel is the plain function it was written as.

Why not plain `numba.njit`:
- eager signatures compile at import, and Numba alone takes longer to import than `matano --help` may;
- a dispatcher passed as an argument costs 35 us a call to unpack, an address nothing;
- Numba's cache does not notice an edited callee in another file: the folder's name carries a hash of all sources.
"""

import contextlib
import dis
import functools
import hashlib
import inspect
import os
import sys
import tempfile
import types as python_types
from pathlib import Path

# Of LLVM: level 3 takes a fifth longer to compile and makes no kernel faster.
OPTIMISATION = 2


class Int:
    scalar, dimensions = "int64", 0


class Real:
    scalar, dimensions = "float64", 0


class Vector:
    scalar, dimensions = "float64", 1


class Matrix:
    scalar, dimensions = "float64", 2


class Cube:
    scalar, dimensions = "float64", 3


# What reaches an integrator as an address, by signature. A law: over the whole grid, (t, T, u, face or cell,
# parameters, out).
FLUX = (Real, Real, Matrix, Matrix, Vector, Matrix)
FLUX_SLOPES = (Real, Real, Matrix, Matrix, Vector, Cube, Cube)
SOURCE = (Real, Real, Matrix, Matrix, Vector, Matrix)
ENDS = (Real, Real, Vector, Matrix)
HISTORY = (Real, Vector, Vector)
FACTOR = (Int, Vector, Vector, Vector, Vector, Vector, Vector, Vector)
SUBSTITUTE = (Int, Vector, Vector, Vector, Vector)
# Of expressions; its address is the only one that stands among a law's parameters: floats hold integers up to 2^53.
EVALUATE = (Vector, Int, Matrix, Vector, Real, Real, Int, Matrix, Cube)
# Parts of the engine that only some systems need, on plain arrays: see `simulator.kernels.differences`.
ADD_SOURCE = (Int, Real, Real, Matrix, Matrix, Vector, Matrix, Vector)
ADD_SOURCE_SLOPES = (Int, Real, Real, Matrix, Matrix, Vector, Vector, Matrix, Matrix, Matrix, Vector)
FLUX_DIFFERENCES = (Int, Real, Real, Matrix, Matrix, Vector, Vector, Matrix, Matrix, Matrix, Cube, Cube)


def disabled() -> bool:
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def source_hash() -> str:
    """Hash of every source file of the package: it names the cache folder."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[1]
    for path in sorted(root.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def cache_folder() -> Path:
    """Where compiled kernels are kept: MATANO_CACHE_DIR, the user's cache, or a temporary folder if neither can be
    written.
    """
    candidates = [os.environ.get("MATANO_CACHE_DIR"), os.environ.get("NUMBA_CACHE_DIR")]
    candidates.append(os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"))
    checks = "-checked" if os.environ.get("NUMBA_BOUNDSCHECK", "0") != "0" else ""
    name = f"{source_hash()}-py{sys.version_info.major}{sys.version_info.minor}{checks}"
    for base in filter(None, candidates):
        folder = Path(base) / "matano" / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="matano-kernels-"))


def cache_is_cold() -> bool:
    """True before any kernel was compiled: the first run ever takes some seconds longer."""
    return not disabled() and not any(cache_folder().iterdir())


@functools.cache
def numba():
    import numba as module

    return module


@contextlib.contextmanager
def configured():
    """Numba's settings while a kernel is compiled: our folder and optimisation, then again what the process had."""
    config = numba().config
    kept = config.CACHE_DIR, config.OPT
    config.CACHE_DIR, config.OPT = str(cache_folder()), type(config.OPT)(OPTIMISATION)
    try:
        yield
    finally:
        config.CACHE_DIR, config.OPT = kept


@functools.cache
def numba_type(token):
    """The Numba type behind an annotation: a class above (arrays are C-ordered), None, or a NamedTuple of such."""
    types = numba().types
    if token is None:
        return types.void
    if issubclass(token, tuple):
        members = [numba_type(token.__annotations__[name]) for name in token._fields]
        if len(set(members)) == 1:  # Numba tells tuples of one type apart from others
            return types.NamedUniTuple(members[0], len(members), token)
        return types.NamedTuple(members, token)
    scalar = getattr(types, token.scalar)
    return types.Array(scalar, token.dimensions, "C") if token.dimensions else scalar


# Functions that have no address because nothing is compiled; 0 stands for none.
PLAIN: list = [None]


class Kernel:
    """A function that Numba compiles on first use, for the signature its annotations state.

    Three ways to use one, compiled apart because the wrappers that unpack a system's arrays take longer to compile than
    most kernels: `inner` for other kernels, a call for Python, `address` for a `Caller`.
    """

    def __init__(self, function, always_inline: bool = False):
        self.function, self.always_inline = function, always_inline
        functools.update_wrapper(self, function)

    def compile(self, use: str, **choices: bool):
        """The compiled function for one use.

        It is asked for first with its callees left as they are: a function found in the cache needs none of them, and
        loading them all takes longer than a run. Where the cache has nothing, Numba cannot make sense of a `Kernel`.
        """
        if disabled():
            return self.written(use, resolved=True)
        notes = inspect.get_annotations(self.function)
        result = numba_type(notes.pop("return", None))
        signature = result(*(numba_type(note) for note in notes.values()))
        options = {"cache": True, "error_model": "numpy", "fastmath": {"contract"}, **choices}
        make = numba().njit(signature, **options)
        with configured():
            with contextlib.suppress(numba().core.errors.TypingError):
                return make(self.written(use, resolved=False))
            return make(self.written(use, resolved=True))

    def written(self, use: str, resolved: bool):
        """The function as it is written; resolved: with the kernels among its globals compiled."""
        source = self.function
        scope = dict(source.__globals__)
        for instruction in dis.get_instructions(source) if resolved else ():
            name = instruction.argval
            if instruction.opname == "LOAD_GLOBAL" and isinstance(scope.get(name), Kernel | Caller):
                scope[name] = scope[name].inner
        function = python_types.FunctionType(
            source.__code__, scope, source.__name__, source.__defaults__, source.__closure__
        )
        function.__qualname__ = f"{source.__qualname__}.{use}"  # part of the name under which Numba caches it
        function.__module__ = source.__module__
        return function

    @functools.cached_property
    def inner(self):
        options = {"forceinline": True} if self.always_inline else {}
        return self.compile("inner", no_cpython_wrapper=True, no_cfunc_wrapper=True, **options)

    @functools.cached_property
    def entry(self):
        return self.compile("entry", no_cfunc_wrapper=True, nogil=True)

    @functools.cached_property
    def address(self):
        """What a `Caller` turns back into a function: the address, or without compilation its number in PLAIN."""
        compiled = self.compile("address", no_cpython_wrapper=True)
        if disabled():
            PLAIN.append(compiled)
            return len(PLAIN) - 1
        result = compiled.get_compile_result(compiled.nopython_signatures[0])
        return result.library.get_pointer_to_function(result.fndesc.llvm_cfunc_wrapper_name)

    def __call__(self, *arguments):
        return self.entry(*arguments)


class Caller:
    """Inside a kernel: turns the address of a kernel into a function that can be called."""

    def __init__(self, signature):
        self.signature = signature

    @functools.cached_property
    def inner(self):
        if disabled():
            return lambda address: PLAIN[int(address)]
        from numba.core import cgutils
        from numba.extending import intrinsic

        types = numba().types
        function_type = types.FunctionType(types.void(*(numba_type(token) for token in self.signature)))

        @intrinsic
        def function_at(typing_context, address):
            def generate(context, builder, signature, arguments):
                function = cgutils.create_struct_proxy(function_type)(context, builder)
                function.c_addr = builder.inttoptr(arguments[0], cgutils.voidptr_t)
                return function._getvalue()

            return function_type(types.int64), generate

        return function_at


kernel = Kernel
# For a few lines in a loop over rows: to hand on its arrays takes as long as a dozen cells.
inlined_kernel = functools.partial(Kernel, always_inline=True)
flux_at = Caller(FLUX)
flux_slopes_at = Caller(FLUX_SLOPES)
source_at = Caller(SOURCE)
ends_at = Caller(ENDS)
history_at = Caller(HISTORY)
factor_at = Caller(FACTOR)
substitute_at = Caller(SUBSTITUTE)
add_source_at = Caller(ADD_SOURCE)
add_source_slopes_at = Caller(ADD_SOURCE_SLOPES)
flux_differences_at = Caller(FLUX_DIFFERENCES)
evaluate_at = Caller(EVALUATE)
