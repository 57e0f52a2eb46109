"""bsuite's bandit: arms that pay 0 to 1 in equal steps, always the same; an episode is one pull.

gymnax's draws its arms again every episode, so that there is nothing to learn.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.decisions.environments.environment import Action, TabularEnvironment, Transition, check_action


class SimpleBandit(TabularEnvironment[Int[Array, ""]]):
    """A bandit of `num_arms` arms; a state is the number of pulls, 0 or 1.

    **Arguments:** `num_arms`, 2 or more; `mapping_seed`, of NumPy's legacy generator, says what each arm pays.

    **Raises:** `ValueError` if there are fewer than 2 arms.
    """

    num_arms: int = eqx.field(static=True)
    mapping_seed: int = eqx.field(static=True)
    pays: Float[Array, " arms"]

    def __init__(self, num_arms: int = 11, mapping_seed: int = 0):
        if num_arms < 2:
            raise ValueError(f"num_arms must be 2 or more, got {num_arms}")
        self.num_arms, self.mapping_seed = num_arms, mapping_seed
        order = np.random.RandomState(mapping_seed).choice(range(num_arms), size=num_arms, replace=False)
        self.pays = jnp.asarray(np.linspace(0, 1, num_arms)[order])

    @property
    def num_actions(self) -> int:
        """The arms."""
        return self.num_arms

    @property
    def observation_shape(self) -> tuple[int, int]:
        """One number, which is always 1."""
        return 1, 1

    @property
    def num_states(self) -> int:
        """2: before the pull, and after it."""
        return 2

    def reset(self, key: PRNGKeyArray) -> Int[Array, ""]:
        """Before the pull."""
        return jnp.int32(0)

    def step(self, state: Int[Array, ""], action: Action, key: PRNGKeyArray) -> tuple[Int[Array, ""], Transition]:
        """What the arm pays."""
        check_action(action, self.num_arms)
        return jnp.int32(1), Transition(self.pays[action], jnp.bool_(True), jnp.bool_(False))

    def observe(self, state: Int[Array, ""]) -> Float[Array, "1 1"]:
        """Nothing: 1."""
        return jnp.ones((1, 1))

    def index(self, state: Int[Array, ""]) -> Int[Array, ""]:
        """The number of pulls."""
        return state
