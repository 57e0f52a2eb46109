import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from gnothi.nn import MLP

CUT_NORMAL = stats.truncnorm(-2, 2)


def test_weights_are_cut_normals_of_deviation_088_over_root_fan_in():
    net = MLP(100, (300,), 200, key=jax.random.key(0))
    for weight, fan_in in zip(net.weights, (100, 300), strict=True):
        standard = np.asarray(weight).ravel() * np.sqrt(fan_in)
        assert np.abs(standard).max() <= 2 + 1e-5
        assert standard.std() == pytest.approx(CUT_NORMAL.std(), rel=0.01)  # 0.8796, not 1: cut and not rescaled
        assert stats.kstest(standard, CUT_NORMAL.cdf).pvalue > 1e-3


def test_biases_are_zero_but_the_first_layers_if_asked():
    plain, biased = (MLP(4, (3000, 20), 2, key=jax.random.key(1), first_bias_std=std) for std in (0.0, 0.5))
    assert not any(bias.any() for bias in (*plain.biases, *biased.biases[1:]))
    assert stats.kstest(np.asarray(biased.biases[0]) / 0.5, CUT_NORMAL.cdf).pvalue > 1e-3


def test_no_number_is_used_twice():
    net = MLP(5, (6, 7), 8, key=jax.random.key(2), first_bias_std=1.0)
    drawn = np.concatenate([np.ravel(w) * np.sqrt(w.shape[1]) for w in net.weights] + [net.biases[0]])
    assert len(np.unique(drawn.round(6))) > 0.99 * len(drawn)


@pytest.mark.parametrize("hidden", [(), (7,), (7, 5, 3)])
def test_outputs_are_those_of_a_relu_network(hidden):
    net = MLP(4, hidden, 3, key=jax.random.key(3), first_bias_std=1.0)
    x = jnp.linspace(-1, 2, 4)
    features = np.asarray(x, float)
    for weight, bias in list(zip(net.weights, net.biases, strict=True))[:-1]:
        features = np.maximum(np.asarray(weight, float) @ features + np.asarray(bias, float), 0)
    np.testing.assert_allclose(net.features(x), features, atol=1e-6)
    wanted = np.asarray(net.weights[-1], float) @ features + np.asarray(net.biases[-1], float)
    np.testing.assert_allclose(net(x), wanted, atol=1e-6)
    np.testing.assert_array_equal(net(x), net.head(net.features(x)))


@pytest.mark.parametrize("sizes", [(0, (5,), 2), (3, (5, 0), 2), (3, (), 0)])
def test_a_layer_without_units_is_refused(sizes):
    with pytest.raises(ValueError, match="at least one unit"):
        MLP(*sizes, key=jax.random.key(0))
