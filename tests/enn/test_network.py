"""What every epistemic network must satisfy, whatever its kind."""

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

import gnothi as gn
from gnothi.enn import EpistemicNetwork, FiniteIndexDistribution


def mlp(key: Array, hidden=(6, 5)) -> gn.nn.MLP:
    return gn.nn.MLP(2, hidden, 3, key=key, first_bias_std=1.0)


class Twice(gn.nn.FeatureNetwork):
    """A base network that is no `MLP`, for inputs that are no vectors."""

    weight: Array

    def features(self, x: Array) -> Array:
        return jnp.tanh(self.weight @ x.ravel())

    def head(self, features: Array) -> Array:
        return features[:3] * features[3:]


def twice(key: Array) -> Twice:
    return Twice(jax.random.normal(key, (6, 2)))


@cache
def network(kind: str) -> EpistemicNetwork:
    keys = iter(jax.random.split(jax.random.key(0), 4))
    match kind:
        case "plain":
            return gn.enn.Plain(mlp(next(keys)))
        case "ensemble":
            return gn.enn.Ensemble(gn.nn.stack(mlp, 4, key=next(keys)))
        case "part":
            return gn.enn.Ensemble(gn.nn.stack(mlp, 4, key=next(keys)), first=jnp.array(8))
        case "any_ensemble":
            return gn.enn.Ensemble(gn.nn.stack(twice, 4, key=next(keys)))
        case "ensemble+":
            twins = gn.nn.stack(mlp, 4, key=jax.random.key(9))
            return gn.enn.WithPrior(network("ensemble"), gn.enn.MatchedPrior(twins, 3.0))
        case "part+":
            twins = gn.nn.stack(mlp, 4, key=jax.random.key(9))
            return gn.enn.WithPrior(network("part"), gn.enn.MatchedPrior(twins, 3.0, jnp.array(8)))
        case "dropout":
            return gn.enn.Dropout(mlp(next(keys)), 0.4)
        case "epinet":
            return gn.enn.Epinet(mlp(next(keys)), index_size=4, hidden=(5,), prior_scale=2.0, key=next(keys))
        case "any_epinet":
            sizes = {"input_size": 2, "feature_size": 6, "output_size": 3}
            return gn.enn.Epinet(twice(next(keys)), index_size=4, hidden=(5,), key=next(keys), **sizes)
        case "epinet+":
            small = gn.nn.stack(lambda key: mlp(key, (3,)), 4, key=next(keys))
            return gn.enn.WithPrior(network("epinet"), gn.enn.LinearPrior(small, 0.3))
        case "gaussian_head":
            return gn.enn.GaussianHead(mlp(next(keys)), jax.random.normal(next(keys), (1, 18, 4)), read="biased")
        case "linearised":
            return gn.enn.Linearised(
                mlp(next(keys)), tuple(gn.enn.gauss_newton(network("plain").network, inputs(), "kron"))
            )
        case "weight_gaussian":
            return gn.enn.WeightGaussian(mlp(next(keys)), jnp.full(71, 0.3), jax.random.normal(next(keys), (2, 71)))
        case "batch_ensemble":
            return gn.enn.BatchEnsemble(mlp(next(keys)), 4, key=next(keys))
        case "last_layer_ensemble+":
            heads = gn.nn.stack(lambda key: gn.nn.MLP(5 + 2, (4,), 3, key=key), 4, key=next(keys))
            enn = gn.enn.LastLayerEnsemble(mlp(next(keys)), heads)
            return gn.enn.WithPrior(enn, gn.enn.MatchedPrior(gn.nn.stack(mlp, 4, key=jax.random.key(9)), 3.0))
        case "random_features":
            net = gn.enn.RandomFeatureNetwork(2, 3, width=4, depth=2, count=8, key=next(keys))
            return gn.enn.GaussianHead(net, jax.random.normal(next(keys), (3, 8, 8)))
    raise AssertionError(kind)


KINDS = [
    "plain",
    "ensemble",
    "part",
    "any_ensemble",
    "ensemble+",
    "part+",
    "dropout",
    "epinet",
    "any_epinet",
    "epinet+",
    "gaussian_head",
    "linearised",
    "weight_gaussian",
    "batch_ensemble",
    "last_layer_ensemble+",
    "random_features",
]


def inputs() -> Array:
    rows = jnp.asarray(np.random.default_rng(0).normal(size=(6, 2)), jnp.float32)
    return rows.at[4].set(rows[1])  # the same input twice


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_predict_is_the_network_at_every_input_and_index(kind):
    enn, x = network(kind), inputs()

    @eqx.filter_jit
    def everything(enn, x, few, many):
        one_by_one = jax.vmap(lambda z: jax.vmap(lambda row: enn(row, z))(x))(many)
        spared = enn.predict(x, many, enn.constants(x))
        return enn.predict(x, many), one_by_one, spared, enn.predict(x, few)

    many = enn.index.samples(jax.random.key(1), 7)
    predicted, one_by_one, spared, few = everything(enn, x, many[:2], many)
    assert predicted.shape == (7, 6, 3)
    np.testing.assert_allclose(predicted, one_by_one, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(spared, predicted, rtol=1e-5, atol=1e-6)  # constants change nothing
    np.testing.assert_allclose(few, predicted[:2], rtol=1e-4, atol=1e-5)
    # One index for all inputs of a joint sample: the same input, asked twice, answers once.
    np.testing.assert_allclose(predicted[:, 4], predicted[:, 1], rtol=1e-5, atol=1e-6)
    if kind != "plain":
        assert np.ptp(np.asarray(predicted), axis=0).max() > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_without_indices_every_one_is_taken_or_the_lack_is_said(kind):
    enn, x = network(kind), inputs()
    if isinstance(enn.index, FiniteIndexDistribution):
        all_indices = enn.index.enumerate()
        np.testing.assert_allclose(enn.predict(x), enn.predict(x, all_indices), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(enn.predict(x, None, enn.constants(x)), enn.predict(x), rtol=1e-5, atol=1e-6)
    else:
        with pytest.raises(ValueError, match="endlessly many indices"):
            enn.predict(x)


def test_sample_draws_indices_from_the_law():
    enn, x, key = network("epinet"), inputs(), jax.random.key(3)
    draws = gn.sample(enn, x, 5, key=key)
    np.testing.assert_array_equal(draws, enn.predict(x, enn.index.samples(key, 5)))
    assert len(np.unique(np.asarray(draws[:, 0, 0]))) == 5
    with pytest.raises(ValueError, match="num_samples must be 1 or more, got 0"):
        gn.sample(enn, x, 0, key=key)
