"""The training loop is held to optima that are known in closed form, and to what it promises never to touch."""

import importlib

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import gnothi as gn
from gnothi.learning import cross_entropy, fit, squared_error
from gnothi.learning.fit import minibatches

RNG = np.random.default_rng(0)
KEY = jax.random.key(0)


# --- Linear models: the optimum is known -------------------------------------------------------------------------

NUM_DATA, SIZE, NOISE = 20, 2, 0.5
X = jnp.asarray(RNG.normal(size=(NUM_DATA, SIZE)), jnp.float32)
DATA = gn.data.Dataset(
    X, X @ jnp.array([1.0, -2.0]) + 0.5 + NOISE * jnp.asarray(RNG.normal(size=NUM_DATA), jnp.float32)
)
DESIGN = np.column_stack([X, np.ones(NUM_DATA)])  # the last column is the bias's


def linear(key):
    return gn.nn.MLP(SIZE, (), 1, key=key, first_bias_std=SIZE**-0.5)  # all parameters have the law of the weights


def parameters(net):
    """Weights and bias as the rows of one matrix (members, size + 1)."""
    return np.column_stack([np.asarray(net.weights[0]).reshape(-1, SIZE), np.asarray(net.biases[0]).reshape(-1, 1)])


def ridge(decay):
    """The minimum of mean (x'w - y)^2 / (2 noise^2) + decay |w|^2."""
    precision = DESIGN.T @ DESIGN / (NUM_DATA * NOISE**2) + 2 * decay * np.eye(SIZE + 1)
    return np.linalg.solve(precision, DESIGN.T @ np.asarray(DATA.y) / (NUM_DATA * NOISE**2))


def test_fit_finds_the_ridge_solution_of_every_decay_and_rate_at_once():
    decays, rates = jnp.array([0.01, 0.3, 2.0]), jnp.array([0.1, 0.05, 0.1])

    def train(decay, rate):
        return fit(
            gn.enn.Plain(linear(KEY)),
            DATA,
            loss=squared_error(noise_std=NOISE),
            steps=600,
            learning_rate=rate,
            decay=decay,
            optimiser=optax.sgd,
            key=KEY,
        )

    found = parameters(jax.jit(jax.vmap(train))(decays, rates).network)
    np.testing.assert_allclose(found, [ridge(float(decay)) for decay in decays], rtol=1e-3, atol=1e-3)


class Ridge(eqx.Module):
    """Weight decay as a penalty, of a strength that is an array."""

    strength: jax.Array

    def __call__(self, enn):
        return self.strength * sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(enn))


@pytest.mark.parametrize("kind", ["function", "module"])
def test_a_penalty_is_added_to_the_loss_inside_compiled_code_too(kind):
    strengths = jnp.array([0.01, 0.3, 2.0])

    def train(strength):
        term = Ridge(strength)
        options = {"steps": 600, "learning_rate": 0.05, "optimiser": optax.sgd, "key": KEY}
        penalty = term if kind == "module" else lambda enn: term(enn)
        return fit(gn.enn.Plain(linear(KEY)), DATA, loss=squared_error(noise_std=NOISE), penalty=penalty, **options)

    for mapped in (jax.vmap(train), lambda rows: jax.lax.map(train, rows)):
        found = parameters(jax.jit(mapped)(strengths).network)
        np.testing.assert_allclose(found, [ridge(float(s)) for s in strengths], rtol=1e-3, atol=1e-3)


MEMBERS, PRIOR_STD = 4000, 0.8


@pytest.fixture(scope="module")
def spreads():
    """The covariance over members of a linear ensemble with and without prior functions and noise on targets."""
    nets, twins = (gn.nn.stack(linear, MEMBERS, key=key) for key in jax.random.split(KEY))
    scale = PRIOR_STD / np.std(parameters(twins))
    plain = gn.enn.Ensemble(nets)
    plus = gn.enn.WithPrior(plain, gn.enn.MatchedPrior(twins, float(scale)))

    def spread(enn, target_noise):
        trained = fit(
            enn,
            DATA,
            loss=squared_error(noise_std=NOISE, target_noise=target_noise),
            steps=600,
            learning_rate=0.1,
            decay=1 / (2 * NUM_DATA * PRIOR_STD**2),  # the Gaussian prior's, as the loss is a mean over data
            optimiser=optax.sgd,
            key=KEY,
        )
        found = parameters(getattr(trained, "network", trained).members)
        if enn is plus:
            found = found + scale * parameters(twins)
        return found.mean(axis=0), np.cov(found.T)

    return {"neither": spread(plain, False), "prior": spread(plus, False), "both": spread(plus, True)}


def distance(found, wanted):
    return np.linalg.norm(found - wanted) / np.linalg.norm(wanted)


# The exact posterior covariance, of noise NOISE and prior deviation PRIOR_STD.
POSTERIOR = np.linalg.inv(DESIGN.T @ DESIGN / NOISE**2 + np.eye(SIZE + 1) / PRIOR_STD**2)


def test_an_ensemble_without_noise_or_priors_does_not_spread(spreads):
    assert np.trace(spreads["neither"][1]) < 1e-6 * np.trace(POSTERIOR)


def test_prior_functions_alone_spread_by_the_square_of_the_posterior_covariance(spreads):
    """Less than the posterior: of order 1/n^2. The tolerance is 4,000 members' sampling error of about 2 %, twice."""
    assert distance(spreads["prior"][1], POSTERIOR @ POSTERIOR / PRIOR_STD**2) < 0.06


def test_prior_functions_and_noise_on_targets_sample_the_exact_posterior(spreads):
    mean, covariance = spreads["both"]
    assert distance(covariance, POSTERIOR) < 0.06
    decay = 1 / (2 * NUM_DATA * PRIOR_STD**2)
    np.testing.assert_allclose(mean, ridge(decay), atol=5 * np.sqrt(np.trace(POSTERIOR) / MEMBERS))


# --- Networks: what changes, what does not ------------------------------------------------------------------------

POINTS = jnp.asarray(RNG.normal(size=(30, 2)), jnp.float32)
TOY = gn.data.Dataset(POINTS, (POINTS[:, 0] > 0).astype(int))


def mlp(key):
    return gn.nn.MLP(2, (5,), 2, key=key)


def epinet(key):
    k1, k2, k3 = jax.random.split(key, 3)
    learns = gn.enn.Epinet(mlp(k1), index_size=3, hidden=(4,), prior_scale=0.5, key=k2)
    return gn.enn.WithPrior(learns, gn.enn.LinearPrior(gn.nn.stack(mlp, 3, key=k3), jnp.array(0.3)))


@pytest.mark.slow
def test_priors_stay_bit_for_bit_and_everything_else_learns():
    before = epinet(KEY)
    after = fit(before, TOY, loss=cross_entropy(num_indices=2), steps=20, decay=1.0, batch_size=7, key=KEY)
    frozen = [(before.prior, after.prior), (before.network.prior, after.network.prior)]
    for old, new in frozen:
        assert jax.tree.structure(old) == jax.tree.structure(new)
        for a, b in zip(jax.tree.leaves(old), jax.tree.leaves(new), strict=True):
            assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
    for name in ("base", "learnable"):
        for a, b in zip(*(jax.tree.leaves(getattr(e.network, name)) for e in (before, after)), strict=True):
            assert (a != b).any()


class Forgetful(gn.enn.EpistemicNetwork):
    """Computes its prior functions at every step."""

    network: gn.enn.WithPrior

    @property
    def index(self):
        return self.network.index

    def __call__(self, x, z):
        return self.network(x, z)

    def predict(self, inputs, indices=None, constants=None):
        return self.network.predict(inputs, indices)

    def constants(self, inputs):
        return None


def leaves_close(a, b, atol=1e-5):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=atol), a, b)


@pytest.mark.slow
def test_priors_computed_once_are_priors_computed_at_every_step():
    enn = epinet(KEY)
    options = {"loss": cross_entropy(num_indices=2), "steps": 25, "batch_size": 7, "key": KEY}
    leaves_close(fit(enn, TOY, **options), fit(Forgetful(enn), TOY, **options).network)


@pytest.mark.slow
def test_seeds_side_by_side_are_seeds_one_by_one():
    def train(key):
        return fit(epinet(key), TOY, loss=cross_entropy(num_indices=2), steps=20, batch_size=7, key=key)

    keys = jax.random.split(KEY, 3)
    together = jax.jit(jax.vmap(train))(keys)
    for i, key in enumerate(keys):
        found = jax.tree.map(lambda leaf, i=i: leaf[i], gn.nn.partition(together)[0])
        leaves_close(found, gn.nn.partition(train(key))[0])


@pytest.mark.slow
def test_indices_too_many_to_hold_are_drawn_step_by_step(monkeypatch):
    def train(bulk):
        monkeypatch.setattr(importlib.import_module("gnothi.learning.fit"), "MAX_BULK", bulk)
        enn = gn.enn.MeanField(mlp(KEY), std=0.5)
        # A number of steps that no other test takes: a program that is compiled already would not look at MAX_BULK.
        steps = 311 if bulk else 312
        return fit(enn, TOY, loss=cross_entropy(num_indices=2), steps=steps, learning_rate=0.03, key=KEY)

    held, drawn = train(2**24), train(0)
    for enn in (held, drawn):
        assert float(gn.metrics.accuracy(gn.sample(enn, TOY.x, 50, key=KEY), TOY.y).value) > 0.9
    assert (held.mean.weights[0] != drawn.mean.weights[0]).all()


@pytest.mark.slow
def test_an_ensemble_in_parts_is_an_ensemble_whole():
    nets, twins = (gn.nn.stack(mlp, 4, key=key) for key in jax.random.split(KEY))

    def train(rows, first):
        nets_, twins_ = jax.tree.map(lambda leaf: leaf[rows], (nets, twins))
        enn = gn.enn.WithPrior(gn.enn.Ensemble(nets_, first=first), gn.enn.MatchedPrior(twins_, 2.0, first))
        loss = cross_entropy(bootstrap="exponential")
        return fit(enn, TOY, loss=loss, steps=25, batch_size=7, decay=0.01, key=KEY).network.members

    parts = [train(slice(0, 2), jnp.array(0)), train(slice(2, 4), jnp.array(2))]
    joined = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *parts)
    leaves_close(joined, train(slice(None), jnp.array(0)), atol=1e-4)


@pytest.mark.parametrize(("num_data", "steps", "batch_size"), [(12, 9, 4), (11, 9, 4), (5, 3, 4), (1, 2, 1)])
def testminibatches_are_epochs_end_to_end(num_data, steps, batch_size):
    rows = np.asarray(minibatches(KEY, num_data, steps, batch_size))
    assert rows.shape == (steps, batch_size)
    for start in range(0, rows.size, num_data):
        epoch = rows.ravel()[start : start + num_data]
        assert len(set(epoch)) == len(epoch) and set(epoch) <= set(range(num_data))


def test_epochs_have_orders_of_their_own():
    orders = np.asarray(minibatches(KEY, 50, 3, 50))
    assert (orders[0] != orders[1]).any() and (orders[1] != orders[2]).any()
    assert (np.sort(orders) == np.arange(50)).all()


@pytest.mark.parametrize("steps", [7, 250])
def test_progress_is_told_step_by_step(steps):
    told = []
    enn, loss = gn.enn.Plain(mlp(KEY)), cross_entropy()
    fit(enn, TOY, loss=loss, steps=steps, learning_rate=0.01, progress=lambda *a: told.append(a), key=KEY)
    jax.effects_barrier()
    numbers, totals, losses = zip(*told, strict=True)
    assert list(numbers) == sorted(set(numbers)) and set(totals) == {steps}
    assert len(told) == (7 if steps == 7 else 125) and numbers[-1] == steps
    assert np.isfinite(losses).all() and losses[-1] < losses[0]


def test_a_fit_is_a_function_of_its_key():
    def train(seed):
        enn, key = gn.enn.Plain(mlp(KEY)), jax.random.key(seed)
        return np.asarray(fit(enn, TOY, loss=cross_entropy(), steps=20, batch_size=7, key=key).network.weights[0])

    np.testing.assert_array_equal(train(1), train(1))
    assert (train(1) != train(2)).any()


@pytest.mark.parametrize(
    ("options", "rows", "message"),
    [
        ({"steps": 0}, 30, "steps and batch_size must be 1 or more, got 0 and 100"),
        ({"steps": 5, "batch_size": 0}, 30, "got 5 and 0"),
        ({"steps": 5}, 0, "no data to fit"),
    ],
)
def test_bad_arguments_are_refused(options, rows, message):
    data = jax.tree.map(lambda leaf: leaf[:rows], TOY)
    with pytest.raises(ValueError, match=message):
        fit(gn.enn.Plain(mlp(KEY)), data, loss=cross_entropy(), key=KEY, **options)


def test_targets_that_are_a_column_are_refused():
    """They would broadcast against the outputs of all points, and something else would be learnt in silence."""
    with pytest.raises(ValueError, match=r"one target for each of 30 rows, got shape \(30, 1\)"):
        fit(gn.enn.Plain(mlp(KEY)), gn.data.Dataset(TOY.x, TOY.y[:, None]), loss=cross_entropy(), steps=1, key=KEY)


@pytest.mark.parametrize(
    ("loss", "x", "y", "message"),
    [
        (cross_entropy(), np.nan, 0, r"data\.x holds NaN or infinity in 1 of 3 rows \(first: row 1\)"),
        (cross_entropy(), 0.0, 2, r"data\.y: 1 of 3 labels lie outside 0 \.\. 1 \(first: row 1, label 2\)"),
        (cross_entropy(), 0.0, 0.5, r"data\.y has labels of type float32"),
        (squared_error(), 0.0, np.inf, r"data\.y holds NaN or infinity in 1 of 3 rows \(first: row 1\)"),
    ],
)
def test_bad_data_are_refused(loss, x, y, message):
    y = jnp.array([0, y, 1], jnp.int32 if isinstance(y, int) else jnp.float32)
    data = gn.data.Dataset(jnp.zeros((3, 2)).at[1, 1].set(x), y)
    with pytest.raises(ValueError, match=message):
        fit(gn.enn.Plain(gn.nn.MLP(2, (), 2, key=KEY)), data, loss=loss, steps=1, key=KEY)
