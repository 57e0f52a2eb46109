"""The encoder: filling is not seen, every token sees every other, layers can be looked at one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.nn.transformer import EncoderConfig, encoder
from tests.nn.transformer import louder

CONFIG = EncoderConfig(50, width=32, hidden=48, num_layers=3, num_heads=4, max_length=16)
TOKENS = jax.random.randint(jax.random.key(1), (7,), 1, 50)


@pytest.fixture
def net():
    net = encoder(CONFIG, key=jax.random.key(0))
    return louder(net)


def test_filling_is_not_seen(net):
    exact = net(TOKENS, 7)
    for filling in (0, 13):
        longer = jnp.concatenate([TOKENS, jnp.full(5, filling)])
        np.testing.assert_allclose(net(longer, 7)[:7], exact, atol=1e-5)


def test_every_token_sees_every_other(net):
    before, after = net(TOKENS, 7), net(TOKENS.at[3].set((TOKENS[3] + 1) % 50), 7)
    assert (jnp.abs(before - after).max(axis=1) > 1e-3).all()


def test_order_counts(net):
    assert (
        jnp.abs(net(TOKENS, 7)[0] - net(TOKENS.at[jnp.array([3, 4])].set(TOKENS[jnp.array([4, 3])]), 7)[0]).max() > 1e-3
    )


def test_layers_can_be_looked_at(net):
    after = net.after_each_layer(TOKENS, 7)
    assert after.shape == (4, 7, 32)
    np.testing.assert_allclose(after[-1], net(TOKENS, 7), atol=1e-5)
    # Post-norm: after every part each vector has mean 0 and variance 1.
    np.testing.assert_allclose(after.mean(axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(after.var(axis=-1), 1, atol=1e-3)


def test_segments_are_read(net):
    types = jnp.array([0, 0, 0, 1, 1, 1, 1])
    assert jnp.abs(net(TOKENS, 7, types) - net(TOKENS, 7)).max() > 1e-3
    np.testing.assert_allclose(net(TOKENS, 7, jnp.zeros(7, int)), net(TOKENS, 7), atol=1e-6)


def test_more_tokens_than_positions_are_refused(net):
    with pytest.raises(ValueError, match="17 tokens are more than the 16 positions"):
        net(jnp.zeros(17, int), 17)
