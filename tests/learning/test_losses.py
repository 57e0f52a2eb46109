from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import gnothi as gn
from gnothi.learning import cross_entropy, squared_error
from gnothi.learning.losses import Batch

RNG = np.random.default_rng(0)
NUM_DATA, MEMBERS = 8, 4
X = jnp.asarray(RNG.normal(size=(NUM_DATA, 2)), jnp.float32)
LABELS = jnp.asarray(RNG.integers(0, 3, NUM_DATA))
VALUES = jnp.asarray(RNG.normal(size=NUM_DATA), jnp.float32)
BATCH = Batch(X, LABELS, jnp.arange(NUM_DATA))


@cache
def ensemble():
    return gn.enn.Ensemble(gn.nn.stack(lambda key: gn.nn.MLP(2, (4,), 3, key=key), MEMBERS, key=jax.random.key(0)))


@cache
def epinet():
    k1, k2 = jax.random.split(jax.random.key(1))
    return gn.enn.Epinet(gn.nn.MLP(2, (4,), 3, key=k1), index_size=3, hidden=(3,), key=k2)


@eqx.filter_jit
def value(loss, enn, batch, indices):
    return loss(enn, batch, indices)


def by_point(loss, enn, indices=None, y=LABELS):
    """The loss of each data point in a batch of its own."""
    copies = [jnp.full(NUM_DATA, i) for i in range(NUM_DATA)]  # as many rows as BATCH has: one program for both
    return np.array([value(loss, enn, Batch(X[at], y[at], at), indices) for at in copies])


def test_cross_entropy_is_minus_the_log_of_the_labels_probability():
    enn = ensemble()
    log_probs = special.log_softmax(np.asarray(enn.predict(X), float), axis=-1)
    each = -log_probs[:, np.arange(NUM_DATA), LABELS].mean(axis=1)
    assert value(cross_entropy(), enn, BATCH, None) == pytest.approx(each.sum(), rel=1e-5)  # summed over all members
    drawn = jnp.array([2, 0, 2])
    mean = each[np.asarray(drawn)].mean()  # averaged over those drawn
    assert value(cross_entropy(num_indices=3), enn, BATCH, drawn) == pytest.approx(mean, rel=1e-5)


def test_saturated_logits_give_a_finite_loss_and_gradient():
    enn = gn.enn.Plain(gn.nn.MLP(2, (), 3, key=jax.random.key(0)))
    huge = jax.tree.map(lambda leaf: 1e8 * leaf, enn)
    loss, gradient = eqx.filter_jit(eqx.filter_value_and_grad(lambda e: cross_entropy()(e, BATCH, None)))(huge)
    assert jnp.isfinite(loss) and all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


def test_squared_error_is_the_gaussian_log_likelihood_but_a_constant():
    enn = ensemble()
    residuals = (np.asarray(enn.predict(X))[..., 0] - np.asarray(VALUES)) / 0.3
    wanted = (0.5 * residuals**2).mean(axis=1).sum()
    assert value(squared_error(noise_std=0.3), enn, BATCH._replace(y=VALUES), None) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("bootstrap", ["none", "exponential"])
def test_each_member_gets_the_gradient_it_would_have_alone(bootstrap):
    @eqx.filter_jit
    def gradients(enn):
        loss = cross_entropy(bootstrap=bootstrap)
        together = eqx.filter_grad(lambda e: loss(e, BATCH, None))(enn)
        # A member alone is a part of one, which keeps its number.
        parts = [
            gn.enn.Ensemble(jax.tree.map(lambda leaf, i=i: leaf[i : i + 1], enn.members), first=i)
            for i in range(MEMBERS)
        ]
        return together.members, [eqx.filter_grad(lambda e: loss(e, BATCH, None))(part).members for part in parts]

    together, alone = gradients(ensemble())
    for i, member in enumerate(alone):
        jax.tree.map(lambda a, b, i=i: np.testing.assert_allclose(a[i], b[0], rtol=1e-4, atol=1e-6), together, member)


NOISY = [
    cross_entropy(num_indices=2, bootstrap="poisson"),
    squared_error(num_indices=2, noise_std=0.5, target_noise=True, bootstrap="exponential"),
]


@pytest.mark.parametrize("loss", NOISY, ids=lambda loss: f"{loss.kind}-{loss.bootstrap}-{loss.target_noise}")
def test_noise_is_fixed_by_data_point_and_index(loss):
    """A batch's loss is the mean of its points' losses, whichever points share the batch and in whatever order."""
    enn = epinet()
    y = VALUES if loss.kind == "squared_error" else LABELS
    indices = enn.index.samples(jax.random.key(5), 2)
    each = by_point(loss, enn, indices, y)
    assert value(loss, enn, BATCH._replace(y=y), indices) == pytest.approx(each.mean(), rel=1e-4)

    @given(st.lists(st.integers(0, NUM_DATA - 1), min_size=NUM_DATA, max_size=NUM_DATA))
    @settings(max_examples=10, deadline=None)
    def check(rows):
        at = jnp.array(rows)
        assert value(loss, enn, Batch(X[at], y[at], at), indices) == pytest.approx(each[rows].mean(), rel=1e-4)

    check()


def test_noise_depends_on_data_point_and_index():
    loss, enn = cross_entropy(num_indices=1, bootstrap="exponential"), epinet()
    z = enn.index.samples(jax.random.key(5), 2)
    first = Batch(X[:1], LABELS[:1], jnp.array([0]))
    one, renamed = value(loss, enn, first, z[:1]), value(loss, enn, first._replace(number=jnp.array([1])), z[:1])
    plain = cross_entropy(num_indices=1)
    weights = [one / value(plain, enn, first, z[:1]), value(loss, enn, first, z[1:]) / value(plain, enn, first, z[1:])]
    assert abs(weights[0] - weights[1]) > 1e-3 and abs(one - renamed) > 1e-3


@cache
def many_silent_members():
    linear = gn.nn.MLP(2, (), 1, key=jax.random.key(0))
    return gn.enn.Ensemble(jax.tree.map(lambda leaf: jnp.zeros((5000, *leaf.shape)), linear))


def per_member(loss, y=0.0, number=3):
    """The loss of every member of an ensemble whose outputs are 0, for one data point: by the gradient of a weight."""
    enn = many_silent_members()
    batch = Batch(jnp.zeros((1, 2)), jnp.array([y]), jnp.array([number]))
    # d loss / d output = (output - target) * weight / noise_std^2, and the bias is the output.
    return np.asarray(eqx.filter_jit(eqx.filter_grad(lambda e: loss(e, batch, None)))(enn).members.biases[0][:, 0])


def test_targets_get_noise_of_the_deviation_asked_for():
    targets = -(0.3**2) * per_member(squared_error(noise_std=0.3, target_noise=True), y=2.0)
    assert targets.mean() == pytest.approx(2.0, abs=5 * 0.3 / np.sqrt(5000))
    assert targets.std() == pytest.approx(0.3, rel=0.06)


@pytest.mark.parametrize("bootstrap", ["bernoulli", "exponential", "poisson"])
def test_a_points_weight_does_not_tell_its_noise(bootstrap):
    """Else those that count most would all be pushed the same way."""
    pushes = per_member(squared_error(target_noise=True, bootstrap=bootstrap))
    assert abs(pushes.mean()) < 5 * np.sqrt(2 / 5000)


@pytest.mark.parametrize("make", [cross_entropy, squared_error])
def test_arguments_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match="num_indices must be 1 or more, or None for every index, got 0"):
        make(num_indices=0)
    with pytest.raises(ValueError, match=r"bootstrap must be one of 'none', .* got 'gauss'"):
        make(bootstrap="gauss")


def test_noise_must_be_positive():
    with pytest.raises(ValueError, match=r"noise_std must be positive, got 0\.0"):
        squared_error(noise_std=0.0)


def test_indices_are_drawn_afresh_at_each_step():
    drawn = cross_entropy(num_indices=2).indices(epinet(), jax.random.key(0), 5)
    assert drawn.shape == (5, 2, 3) and len(np.unique(drawn)) == 30
    assert cross_entropy().indices(ensemble(), jax.random.key(0), 5) is None
