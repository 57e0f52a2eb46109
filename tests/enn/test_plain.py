import jax
import numpy as np

import gnothi as gn


def test_every_joint_sample_is_the_network_itself():
    net = gn.nn.MLP(2, (4,), 3, key=jax.random.key(0))
    enn, x = gn.enn.Plain(net), jax.random.normal(jax.random.key(1), (5, 2))
    draws = gn.sample(enn, x, 3, key=jax.random.key(2))
    np.testing.assert_array_equal(draws, np.broadcast_to(jax.vmap(net)(x), (3, 5, 3)))
    assert enn.constants(x) is None
