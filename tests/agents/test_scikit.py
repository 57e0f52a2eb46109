import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import KNNAgent, PriorKnowledge, RandomForestAgent
from gnothi.data import Dataset

KEY = jax.random.key(0)
# Class 1 of three is never seen.
DATA = Dataset(np.array([[0.0], [0.1], [5.0], [5.1], [5.2]], np.float32), np.array([0, 0, 2, 2, 2], np.int32))


def probabilities(sampler, x):
    return np.exp(np.asarray(sampler.predict(jnp.array(x)[:, None])))


@pytest.mark.parametrize("agent", [KNNAgent(), RandomForestAgent(trees=10)])
def test_a_class_never_seen_is_not_impossible(agent):
    probs = probabilities(agent(DATA, PriorKnowledge(3), KEY), [5.1])
    np.testing.assert_allclose(probs, [[[0.01, 0.01, 0.99]]], rtol=1e-5)


def test_neighbours_vote():
    probs = probabilities(KNNAgent(neighbors=3)(DATA, PriorKnowledge(3), KEY), [0.0])
    np.testing.assert_allclose(probs, [[[2 / 3, 0.01, 1 / 3]]], rtol=1e-5)


def test_with_fewer_data_than_neighbours_all_vote():
    probs = probabilities(KNNAgent(neighbors=50)(DATA, PriorKnowledge(3), KEY), [0.0, 9.0])
    np.testing.assert_allclose(probs, np.broadcast_to([0.4, 0.01, 0.6], (1, 2, 3)), rtol=1e-5)


def test_a_forest_is_a_function_of_its_key():
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(40, 2)).astype(np.float32), rng.integers(0, 2, 40).astype(np.int32))

    def draws(seed):
        sampler = RandomForestAgent(trees=5)(data, PriorKnowledge(2), jax.random.key(seed))
        return np.asarray(sampler.predict(jnp.asarray(data.x)))

    np.testing.assert_array_equal(draws(1), draws(1))
    assert (draws(1) != draws(2)).any()


def test_images_are_flattened_and_indices_say_nothing():
    images = Dataset(np.arange(24, dtype=np.float32).reshape(6, 2, 2), np.array([0, 0, 0, 1, 1, 1], np.int32))
    sampler = KNNAgent()(images, PriorKnowledge(2), KEY)
    draws = sampler.predict(jnp.asarray(images.x), sampler.index.samples(KEY, 4))
    assert draws.shape == (4, 6, 2) and (draws == draws[:1]).all()
