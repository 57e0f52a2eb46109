"""The decoder: a cache changes nothing, no token sees what follows it, and depth does not cost programs."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.nn.transformer import DecoderConfig, decoder, unstacked
from tests.nn.transformer import louder

KEY = jax.random.key(0)
SIZES = {"vocabulary_size": 50, "width": 32, "hidden": 48, "num_layers": 3, "num_heads": 4}
FAMILIES = {
    "llama": DecoderConfig(**SIZES, num_kv_heads=2, tied=False),
    "qwen": DecoderConfig(**SIZES, num_kv_heads=1, head_size=16, head_norm=True, bias=True),
    "windowed": DecoderConfig(**SIZES, window=3),
}
TOKENS = jax.random.randint(jax.random.key(1), (9,), 0, 50)


def made(config):
    """Weights of size .2, with which what attention adds is not lost beside the embedding."""
    net = decoder(config, key=KEY)
    return louder(net)


@pytest.fixture(params=FAMILIES.values(), ids=FAMILIES)
def config(request):
    return request.param


@pytest.mark.slow
def test_decoding_with_a_cache_is_reading_whole(config):
    net = unstacked(made(config))
    whole = net.features(TOKENS)
    prompt, room = 4, 6
    filled = jnp.concatenate([TOKENS[:prompt], jnp.zeros(3, int)])  # filling that nobody looks at
    features, caches = eqx.filter_jit(net.read)(filled, room)
    caches = jax.tree.map(lambda leaf: leaf[None], caches)  # of one sequence
    decode = eqx.filter_jit(net.decode)
    np.testing.assert_allclose(features[:prompt], whole[:prompt], atol=1e-5)
    places = jnp.arange(len(filled) + room)
    positions = jnp.where(places < len(filled), places, places - len(filled) + prompt)
    for time in range(len(TOKENS) - prompt):
        position, where = prompt + time, len(filled) + time
        seen = ((places < prompt) | (places >= len(filled))) & (places <= where)
        if net.window is not None:
            seen &= position - positions < net.window
        at = jnp.array([position])
        feature, caches = decode(TOKENS[at], at, jnp.int32(where), seen[None], caches)
        np.testing.assert_allclose(feature[0], whole[position], atol=1e-5)


def test_no_token_sees_those_after_it(config):
    net = made(config)
    other = TOKENS.at[6:].set((TOKENS[6:] + 1) % 50)
    before, after = net(TOKENS), net(other)
    np.testing.assert_allclose(before[:6], after[:6], atol=1e-5)
    assert (jnp.abs(before[6:] - after[6:]).max(axis=1) > 1e-3).all()


def test_a_window_ends():
    config = DecoderConfig(**{**SIZES, "num_layers": 1}, window=3)
    net, other = made(config), TOKENS.at[2].set((TOKENS[2] + 1) % 50)
    differs = jnp.abs(net(TOKENS) - net(other)).max(axis=1) > 1e-6
    np.testing.assert_array_equal(differs, [False] * 2 + [True] * 3 + [False] * 4)


def test_attention_knows_distances_and_not_places():
    """Rotary positions: the same tokens later in a sequence, with nothing before them to see, say the same."""
    net = made(DecoderConfig(**{**SIZES, "num_layers": 1}, window=4))
    pattern = TOKENS[:4]
    twice = net(jnp.concatenate([pattern, jnp.zeros(3, int), pattern]))
    np.testing.assert_allclose(twice[3], twice[10], atol=1e-5)


def test_layers_one_by_one_are_layers_stacked(config):
    net = made(config)
    np.testing.assert_allclose(unstacked(net)(TOKENS), net(TOKENS), atol=1e-5)
    with pytest.raises(ValueError, match="stacked: decode with unstacked"):
        net.decode(TOKENS[:1], jnp.zeros(1, int), jnp.int32(0), jnp.ones((1, 1), bool), ())


def test_programs_do_not_grow_with_depth():
    def size(num_layers):
        net = decoder(DecoderConfig(**{**SIZES, "num_layers": num_layers}), key=KEY)
        return len(str(jax.make_jaxpr(lambda tokens: net(tokens))(TOKENS)).splitlines())

    assert size(2) == size(20)


@pytest.mark.slow
def test_working_out_again_changes_no_gradient(config):
    net = made(config)

    def loss(net, remat):
        return jnp.mean(net(TOKENS, remat=remat) ** 2)

    kept, again = (eqx.filter_grad(loss)(net, remat) for remat in (False, True))
    for one, other in zip(jax.tree.leaves(kept), jax.tree.leaves(again), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
        assert jnp.abs(one).max() > 0


def test_half_precision_is_nearly_as_good(config):
    net = made(config)
    half = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), net)
    exact, found = net(TOKENS), half(TOKENS)
    assert found.dtype == jnp.bfloat16
    # Eight bits of precision, through three layers.
    assert float(jnp.abs(found - exact).max() / jnp.abs(exact).max()) < 0.06


def test_bad_sizes_are_refused():
    with pytest.raises(ValueError, match="4 heads must divide width 32, and 3 key-value heads"):
        decoder(DecoderConfig(**SIZES, num_kv_heads=3), key=KEY)
    with pytest.raises(ValueError, match="5 heads must divide width 32"):
        decoder(DecoderConfig(**{**SIZES, "num_heads": 5}), key=KEY)
