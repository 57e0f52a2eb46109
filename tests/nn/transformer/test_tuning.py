"""What is trained of an encoder: nothing changes at the start, and only the chosen part can change."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.nn.frozen import partition
from gnothi.nn.transformer import EncoderConfig, encoder
from gnothi.nn.transformer.tuning import last_layers, low_rank
from tests.nn.transformer import louder

NETWORK = louder(encoder(EncoderConfig(44, width=32, hidden=48, num_layers=3, num_heads=4), key=jax.random.key(0)))
TOKENS = jnp.array([3, 1, 4, 1, 5, 0, 0])
KEY = jax.random.key(1)
TUNED = {"last": last_layers(NETWORK, 2), "all": last_layers(NETWORK, 3), "low rank": low_rank(NETWORK, 4, key=KEY)}


def trained(network) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(partition(network)[0]))


@pytest.mark.parametrize("name", TUNED)
def test_nothing_has_changed_before_training(name):
    types = jnp.array([0, 0, 1, 1, 1, 0, 0])
    found = TUNED[name](TOKENS, 5, types)
    np.testing.assert_allclose(found[:5], NETWORK(TOKENS, 5, types)[:5], atol=1e-5)


def test_what_can_be_trained():
    layer = sum(leaf[0].size for leaf in jax.tree.leaves(NETWORK.layers))
    assert trained(TUNED["last"]) == 2 * layer
    assert trained(TUNED["all"]) == 3 * layer  # and not the embeddings
    assert trained(TUNED["low rank"]) == 2 * 3 * (32 * 4 + 4 * 32)


def test_a_low_rank_change_is_of_that_rank_in_queries_and_values_alone():
    tuned = eqx.tree_at(lambda t: t.up, TUNED["low rank"], jax.random.normal(KEY, TUNED["low rank"].up.shape))
    change = jax.tree.map(lambda a, b: np.asarray(a - b), tuned.merged(), NETWORK)
    attention = change.layers.attention
    for part in (attention.query, attention.value):
        assert [np.linalg.matrix_rank(layer, tol=1e-4) for layer in part.weight] == [4, 4, 4]
    assert not attention.key.weight.any() and not attention.output.weight.any() and not change.tokens.weight.any()


@pytest.mark.parametrize("name", TUNED)
def test_gradients_reach_what_is_trained(name):
    trainable, rest = partition(TUNED[name])

    def loss(trainable):
        return jnp.sum(eqx.combine(trainable, rest)(TOKENS, 5)[:5] ** 2 * jnp.arange(32))

    gradients = jax.tree.leaves(jax.grad(loss)(trainable))
    assert gradients and any(float(jnp.abs(leaf).max()) > 0 for leaf in gradients)


def test_layers_and_ranks_must_be_there():
    for count in (0, 4):
        with pytest.raises(ValueError, match="of 3 layers 1 to 3 can be trained"):
            last_layers(NETWORK, count)
    with pytest.raises(ValueError, match="rank must be 1 or more"):
        low_rank(NETWORK, 0, key=KEY)
