"""What training must not touch is marked by its type, never by its name."""

from typing import Any

import equinox as eqx
import jax
from jaxtyping import PyTree


class Frozen(eqx.Module):
    """Marks a part of a network as never differentiated, decayed or optimised: subclass it (prior functions do)."""


class Held(Frozen):
    """A network, or a part of one, that is used and not trained."""

    network: Any


def partition(tree: PyTree) -> tuple[PyTree, PyTree]:
    """Splits a network into what training may change and everything else; `equinox.combine` joins them again.

    **Arguments:** `tree`, any pytree of arrays and modules.

    **Returns:** `(trainable, rest)`: floating-point arrays outside every `Frozen` module, and all that is left.
    """

    def is_frozen(node):
        return isinstance(node, Frozen)

    def trainable(node):
        return jax.tree.map(lambda _: False, node) if is_frozen(node) else eqx.is_inexact_array(node)

    return eqx.partition(tree, jax.tree.map(trainable, tree, is_leaf=is_frozen))
