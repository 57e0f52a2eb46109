"""Which device holds what: sharding rules that a mesh turns on by the names of its axes.

Three axes, any of which a mesh may leave out. Devices along "data" hold the same weights and read different sequences.
Those along "fsdp" read different sequences too, but each keeps a part of every weight, and of what the optimiser
remembers of it, and gathers the rest when a layer is due (Rajbhandari et al. 2020, "ZeRO", stage 3). Those along
"tensor" read the same sequences and split each product among themselves, by outputs and then by inputs, so that a pair
of maps costs one sum (Shoeybi et al. 2019, "Megatron-LM", sec. 3); between layers each keeps a part of the positions
(Korthikanti et al. 2022, sec. 4.2.2), or all of them would keep every layer's input for the gradient.

Rules go by the type of a node, never by its name. Leading axes, such as that of stacked layers, are left whole.
"""

from typing import Any, TypeVar

import equinox as eqx
import jax
from jax.sharding import AbstractMesh, AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float, PyTree

from gnothi.nn.transformer.decoder import Decoder, DecoderLayer
from gnothi.nn.transformer.parts import Embedding, LayerNorm, Linear, RMSNorm

AnyMesh = Mesh | AbstractMesh
Tree = TypeVar("Tree")


def shardings(network: PyTree, mesh: AnyMesh, *, gathered: bool = False) -> PyTree:
    """Where each array of a network goes.

    A `Linear` has the side of its weights that `split` names on "tensor", the other on "fsdp", and its biases with its
    outputs. An `Embedding` has tokens on "tensor" and width on "fsdp". Norms are whole on every device. A dimension
    that an axis of the mesh does not divide is left whole.

    **Arguments:** `network`, a `Decoder`, an `Encoder` or a part of one, of arrays or of `jax.ShapeDtypeStruct`;
    `mesh`, of devices or abstract; `gathered`, whether to leave out "fsdp", as when a layer is computed.

    **Returns:** the same tree with a `NamedSharding` for each array, over axes of type `Auto`.

    >>> import equinox as eqx, jax
    >>> from gnothi.nn.transformer.parts import linear
    >>> part = eqx.filter_eval_shape(lambda: linear(64, 32, key=jax.random.key(0)))
    >>> shardings(part, jax.sharding.AbstractMesh((2, 4), ("fsdp", "tensor"))).weight.spec
    P('fsdp', 'tensor')
    """
    mesh = _automatic(mesh)
    fsdp = None if gathered else "fsdp"

    def placed(leaf: Any, *sides: str | None) -> NamedSharding:
        axes: list[str | None] = [None] * (len(leaf.shape) - len(sides))
        for size, axis in zip(leaf.shape[len(axes) :], sides, strict=True):
            axes.append(axis if axis in mesh.axis_names and size % mesh.shape[axis] == 0 else None)
        return NamedSharding(mesh, PartitionSpec(*axes))

    def of(node: Any) -> PyTree:
        if isinstance(node, Linear):
            sides, bias = ((fsdp, "tensor"), "tensor") if node.split == "outputs" else (("tensor", fsdp), None)
            return jax.tree.map(lambda leaf: placed(leaf, *sides) if leaf is node.weight else placed(leaf, bias), node)
        if isinstance(node, Embedding):
            return jax.tree.map(lambda leaf: placed(leaf, "tensor", fsdp), node)
        return jax.tree.map(placed, node)  # norms, and whatever else there is

    return jax.tree.map(of, network, is_leaf=lambda node: isinstance(node, (Linear, Embedding, RMSNorm, LayerNorm)))


def batch_axes(mesh: AnyMesh) -> tuple[str, ...]:
    """The axes of a mesh along which devices read different sequences: "data" and "fsdp", those it has."""
    return tuple(axis for axis in ("data", "fsdp") if axis in mesh.axis_names)


def batch_sharding(mesh: AnyMesh) -> NamedSharding:
    """Where a batch goes: its leading axis over "data" and "fsdp"."""
    return NamedSharding(_automatic(mesh), PartitionSpec(batch_axes(mesh) or None))


def whole_sharding(mesh: AnyMesh) -> NamedSharding:
    """Where an array goes that every device holds whole."""
    return NamedSharding(_automatic(mesh), PartitionSpec())


def keep(tree: Tree, places: PyTree) -> Tree:
    """Keeps arrays where `shardings` said, within a compiled program; their gradients too."""
    return jax.tree.map(jax.lax.with_sharding_constraint, tree, places)


class PlacedLayer(eqx.Module):
    """A layer that gathers its weights when it is due, and leaves positions split among "tensor" devices.

    Map it over a batch by `jax.vmap` with `spmd_axis_name=batch_axes(mesh)`, which keeps the batch split, too.
    """

    layer: DecoderLayer
    mesh: Mesh | AbstractMesh = eqx.field(static=True)

    @property
    def attention(self):
        """The layer's attention."""
        return self.layer.attention

    def __call__(
        self, x: Float[Array, "positions width"], turns: Array, seen: Array
    ) -> tuple[Float[Array, "positions width"], tuple[Array, Array]]:
        """One layer of one sequence, and its keys and values."""
        # Kept apart first, so that its gradient is summed to where each part is kept and not to every device.
        layer = keep(self.layer, shardings(self.layer, self.mesh))
        x, cache = keep(layer, shardings(layer, self.mesh, gathered=True))(x, turns, seen)
        divides = "tensor" in self.mesh.axis_names and len(x) % self.mesh.shape["tensor"] == 0
        split = PartitionSpec("tensor" if divides else None, None)
        return jax.lax.with_sharding_constraint(x, NamedSharding(self.mesh, split)), cache


def placed(decoder: Decoder, mesh: AnyMesh) -> Decoder:
    """A decoder that computes the same with its work split over a mesh; for use within a compiled program.

    **Arguments:** `decoder`, its weights wherever `shardings` puts them; `mesh`.

    **Returns:** the decoder with layers that are `PlacedLayer`; its embedding, norm and head are gathered at once.
    """
    mesh = _automatic(mesh)
    layers = decoder.layers
    decoder = eqx.tree_at(lambda d: d.layers, decoder, None)
    decoder = keep(keep(decoder, shardings(decoder, mesh)), shardings(decoder, mesh, gathered=True))
    if isinstance(layers, tuple):
        wrapped: Any = tuple(PlacedLayer(layer, mesh) for layer in layers)
    else:
        wrapped = PlacedLayer(layers, mesh)
    return eqx.tree_at(lambda d: d.layers, decoder, wrapped, is_leaf=lambda node: node is None)


def _automatic(mesh: AnyMesh) -> Any:
    """The mesh with the compiler free to choose what no rule says."""
    kinds = (AxisType.Auto,) * len(mesh.axis_names)
    if isinstance(mesh, Mesh):
        return Mesh(mesh.devices, mesh.axis_names, axis_types=kinds)
    return AbstractMesh(mesh.axis_sizes, mesh.axis_names, axis_types=kinds)
