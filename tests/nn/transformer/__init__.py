"""Networks to test on."""

import equinox as eqx
import jax

from gnothi.nn.transformer import Embedding, Linear


def louder(net):
    """The same network with weights of size .2, with which what layers add is not lost beside the embedding."""

    def is_map(node):
        return isinstance(node, (Linear, Embedding))

    def louder_map(node):
        return eqx.tree_at(lambda m: m.weight, node, 10 * node.weight) if is_map(node) else node

    return jax.tree.map(louder_map, net, is_leaf=is_map)
