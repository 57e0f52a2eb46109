"""How much arithmetic a program does, counted in its jaxpr: the same figure on every machine.

XLA's own analysis counts the body of a loop once, and a training run is a loop.
"""

import math
from typing import Any

from jax.extend.core import ClosedJaxpr, Jaxpr


def count_flops(program: ClosedJaxpr | Jaxpr) -> float:
    """Floating-point operations of all matrix products in a program; elementwise work, a few per cent, is not counted.

    **Arguments:** `program`, what `jax.make_jaxpr` or `jax.jit(...).trace(...).jaxpr` gives.

    **Returns:** the count; NaN if a product stands in a loop whose length only the run can tell. Of the branches of a
    condition the costliest is taken.

    >>> import jax, jax.numpy as jnp
    >>> count_flops(jax.make_jaxpr(jnp.matmul)(jnp.ones((3, 5)), jnp.ones((5, 7))))
    210.0
    """
    jaxpr = program.jaxpr if isinstance(program, ClosedJaxpr) else program
    return math.fsum(_of_equation(equation) for equation in jaxpr.eqns)


def _of_equation(equation: Any) -> float:
    name, params = equation.primitive.name, equation.params
    if name == "dot_general":
        (contracted, _), _ = params["dimension_numbers"]
        return 2.0 * equation.outvars[0].aval.size * math.prod(equation.invars[0].aval.shape[i] for i in contracted)
    if name == "scan":
        return params["length"] * count_flops(params["jaxpr"])
    if name == "while":
        inside = count_flops(params["body_jaxpr"]) + count_flops(params["cond_jaxpr"])
        return math.nan if inside else 0.0
    if name == "cond":
        return max(map(count_flops, params["branches"]))
    return math.fsum(count_flops(value) for value in params.values() if isinstance(value, ClosedJaxpr | Jaxpr))
