"""Next-token training: the loss is the cross-entropy, filling is not there, and what can be memorised is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.learning.next_token import compile_step, next_token_loss, train_next_token
from gnothi.nn.transformer import DecoderConfig, decoder
from tests.nn.transformer import louder

KEY = jax.random.key(0)
CONFIG = DecoderConfig(11, width=16, hidden=24, num_layers=2, num_heads=2)
TOKENS = jax.random.randint(jax.random.key(1), (3, 7), 0, 11)
LENGTHS = jnp.array([7, 4, 2])


@pytest.fixture
def net():
    return louder(decoder(CONFIG, key=KEY))


@pytest.mark.slow
def test_the_loss_is_the_cross_entropy_by_hand(net):
    total = []
    for sequence, length in zip(TOKENS, LENGTHS.tolist(), strict=True):
        scores = np.asarray(net(sequence), np.float64)
        for place in range(length - 1):
            shares = np.exp(scores[place]) / np.exp(scores[place]).sum()
            total.append(-np.log(shares[int(sequence[place + 1])]))
    assert len(total) == 6 + 3 + 1
    assert float(next_token_loss(net, TOKENS, LENGTHS)) == pytest.approx(np.mean(total), rel=1e-5)
    assert float(next_token_loss(net, TOKENS, LENGTHS, remat=True)) == pytest.approx(np.mean(total), rel=1e-5)


def test_filling_does_not_count(net):
    other = jnp.where(jnp.arange(7) < LENGTHS[:, None], TOKENS, (TOKENS + 5) % 11)
    assert (other != TOKENS).sum() == 3 + 5
    loss = float(next_token_loss(net, TOKENS, LENGTHS))
    assert float(next_token_loss(net, other, LENGTHS)) == pytest.approx(loss, rel=1e-6)
    assert float(next_token_loss(net, other, LENGTHS + jnp.array([0, 1, 0]))) != pytest.approx(loss, rel=1e-3)
    assert float(next_token_loss(net, TOKENS, jnp.ones(3, int))) == 0


def test_the_loss_is_in_float32(net):
    half = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), net)
    loss = next_token_loss(half, TOKENS, LENGTHS)
    assert loss.dtype == jnp.float32
    assert float(loss) == pytest.approx(float(next_token_loss(net, TOKENS, LENGTHS)), rel=0.05)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_a_sequence_is_memorised(dtype):
    net = decoder(CONFIG, key=KEY)
    sequence = jnp.array([[1, 2, 3, 1, 4, 5, 1, 6, 7, 1, 8]])  # what follows 1 is told by what came before
    trained, losses = train_next_token(net, sequence, steps=200, key=KEY, learning_rate=1e-2, dtype=dtype)
    assert losses[0] == pytest.approx(np.log(11), rel=0.1)
    assert losses[-1] < 0.01
    assert trained.tokens.weight.dtype == jnp.float32
    np.testing.assert_array_equal(jnp.argmax(trained(sequence[0]), axis=-1)[:-1], sequence[0, 1:])


@pytest.mark.slow
def test_decay_is_apart_from_the_gradient():
    """AdamW: a step with decay is one without and then less by `learning_rate * decay` of what was there."""
    net = louder(decoder(CONFIG, key=KEY))
    options = {"steps": 1, "key": KEY, "learning_rate": 0.01}
    without, _ = train_next_token(net, TOKENS, LENGTHS, **options)
    decayed, _ = train_next_token(net, TOKENS, LENGTHS, decay=0.5, **options)
    for one, other, start in zip(*map(jax.tree.leaves, (without, decayed, net)), strict=True):
        np.testing.assert_allclose(other, one - 0.005 * start, atol=1e-6)
        assert jnp.abs(one - start).max() > 0.005


@pytest.mark.slow
def test_weights_come_back_in_their_own_type(net):
    half = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), net)
    trained, losses = train_next_token(half, TOKENS, LENGTHS, steps=3, key=KEY)
    assert {leaf.dtype for leaf in jax.tree.leaves(trained)} == {jnp.dtype(jnp.bfloat16)}
    assert losses.dtype == jnp.float32 and losses.shape == (3,)


@pytest.mark.slow
def test_a_mesh_of_one_device_changes_nothing(net):
    mesh = jax.make_mesh((1, 1, 1), ("data", "fsdp", "tensor"))
    options = {"steps": 5, "key": KEY, "batch_size": 2}
    alone, losses = train_next_token(net, TOKENS, LENGTHS, **options)
    placed, same = train_next_token(net, TOKENS, LENGTHS, mesh=mesh, **options)
    np.testing.assert_allclose(same, losses, rtol=1e-5)
    assert jax.tree.structure(placed) == jax.tree.structure(alone)


@pytest.mark.slow
def test_bytes_of_a_step_on_one_device():
    mesh = jax.make_mesh((1,), ("fsdp",))
    found = compile_step(CONFIG, mesh, 2, 8)
    count = sum(leaf.size for leaf in jax.tree.leaves(decoder(CONFIG, key=KEY)))
    assert found.parameters == 4 * count
    assert found.optimiser == 8 * count + 4
    assert found.batch == 4 * (2 * 8 + 2)
    assert found.temporaries > 2 * count  # the rounded weights, at the least
    assert found.total == sum(found)


def test_bad_arguments_are_refused(net):
    def train(tokens=TOKENS, lengths=LENGTHS, **options):
        train_next_token(net, tokens, lengths, **{"steps": 1, "key": KEY, **options})

    with pytest.raises(ValueError, match="steps and batch_size must be 1 or more, got 0 and 32"):
        train(steps=0)
    with pytest.raises(ValueError, match="lengths must be from 2 to 7, got 1 to 7"):
        train(lengths=jnp.array([7, 1, 2]))
    with pytest.raises(ValueError, match=r"tokens must be from 0 to 10, got \d to 11"):
        train(tokens=TOKENS.at[0, 0].set(11))
    with pytest.raises(ValueError, match="give at least one sequence"):
        train(tokens=TOKENS[:0], lengths=LENGTHS[:0])
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1] * 6).reshape(2, 3), ("data", "fsdp"))
    with pytest.raises(ValueError, match="batch_size must be a multiple of the 6 data and fsdp devices, got 4"):
        compile_step(CONFIG, mesh, 4, 8)
