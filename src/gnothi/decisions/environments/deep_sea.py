"""Deep Sea: one path of N right moves through an N x N grid is rewarded, and each right move costs a little.

Exploration without direction finds the reward after about 2^N episodes. Which of the two actions is "right" differs
from cell to cell. Osband et al. 2020, "Behaviour Suite for Reinforcement Learning" (bsuite), whose laws and constants
these are.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray
from scipy.special import ndtri

from gnothi.decisions.environments.environment import Action, TabularEnvironment, Transition, check_action

#: The sizes that bsuite scores, 10,000 episodes each.
DEEP_SEA_SIZES = tuple(range(10, 51, 2))


class Cell(eqx.Module):
    """Where the diver is. `row` is also the number of steps taken; it is N once the episode is over."""

    row: Int[Array, ""]
    column: Int[Array, ""]


class DeepSea(TabularEnvironment[Cell]):
    """Deep Sea of `size` x `size` cells, from the upper left, one row down a step.

    **Arguments:** `size`, 2 or more; `stochastic`: a right move fails with probability 1 / size, and a step from
    either end of the last row pays standard normal noise on top; `mapping_seed`, of NumPy's legacy generator, says
    which action is right in which cell; without `randomise_actions` it is action 1 everywhere; `move_cost`, what
    `size` right moves cost together.

    **Raises:** `ValueError` if the size is less than 2.
    """

    size: int = eqx.field(static=True)
    stochastic: bool = eqx.field(static=True)
    mapping_seed: int = eqx.field(static=True)
    randomise_actions: bool = eqx.field(static=True)
    move_cost: float = eqx.field(static=True)
    #: Which action is right, cell after cell; a last row that nobody acts in keeps every look-up in range.
    right: Int[Array, " cells"]

    def __init__(
        self,
        size: int = 10,
        stochastic: bool = False,
        mapping_seed: int = 42,
        randomise_actions: bool = True,
        move_cost: float = 0.01,
    ):
        if size < 2:
            raise ValueError(f"size must be 2 or more, got {size}")
        self.size, self.stochastic, self.mapping_seed = size, stochastic, mapping_seed
        self.randomise_actions, self.move_cost = randomise_actions, move_cost
        right = np.ones((size + 1, size), np.int32)
        if randomise_actions:  # bsuite's own generator, so that its mapping is ours
            right[:size] = np.random.RandomState(mapping_seed).binomial(1, 0.5, (size, size))
        self.right = jnp.asarray(right.ravel())

    @property
    def num_actions(self) -> int:
        """2: one of them is right, the other left."""
        return 2

    @property
    def observation_shape(self) -> tuple[int, int]:
        """The grid."""
        return self.size, self.size

    @property
    def num_states(self) -> int:
        """The cells, and one for the end."""
        return self.size**2 + 1

    @property
    def optimal_return(self) -> float:
        """What an episode pays on average if every move is right."""
        success = (1 - 1 / self.size) ** (self.size - 1) if self.stochastic else 1.0
        return success - self.move_cost

    def reset(self, key: PRNGKeyArray) -> Cell:
        """The upper left."""
        return Cell(jnp.int32(0), jnp.int32(0))

    def step(self, state: Cell, action: Action, key: PRNGKeyArray) -> tuple[Cell, Transition]:
        """One row down, and one column left or right, but never out of the grid; see `Environment.step`."""
        check_action(action, self.num_actions)
        if not self.stochastic:
            return self.move(state, action)
        # Two normals of one draw, so that no key is split; the first is below its quantile with probability 1 / size.
        luck = jax.random.normal(key, (2,))
        return self.move(state, action, luck[0] < ndtri(1 / self.size), luck[1])

    def move(
        self,
        state: Cell,
        action: Action,
        slips: bool | Bool[Array, ""] = False,
        noise: float | Float[Array, ""] = 0.0,
    ) -> tuple[Cell, Transition]:
        """`step` with its luck given: whether a right move fails, and the noise at the ends of the last row.

        All is arithmetic, without a branch: thousands of copies run at the speed of memory.
        """
        last = self.size - 1
        right = self._is_right(state, action).astype(jnp.int32)
        at_end = (state.row == last) & ((state.column == 0) | (state.column == last))
        reward = right * ((state.column == last) - self.move_cost / self.size) + at_end * noise
        # A left move shifts by -1, a right move by 1, one that fails by 0.
        column = jnp.clip(state.column + 2 * right - 1 - right * slips, 0, last)
        row = jnp.minimum(state.row + 1, self.size)
        return Cell(row, column), Transition(jnp.asarray(reward, float), row == self.size, jnp.bool_(False))

    def is_mistake(self, state: Cell, action: Action) -> Bool[Array, ""]:
        """Whether the action leaves the rewarded path: left on the diagonal. bsuite counts episodes with one."""
        return (state.row == state.column) & ~self._is_right(state, action)

    def observe(self, state: Cell) -> Float[Array, "size size"]:
        """1 where the diver is, 0 elsewhere; 0 everywhere once the episode is over."""
        places = jnp.arange(self.size)
        return jnp.outer(places == state.row, places == state.column).astype(float)

    def index(self, state: Cell) -> Int[Array, ""]:
        """Cells row by row; last, the end of the episode."""
        return jnp.minimum(state.row * self.size + state.column, self.size**2)

    def _is_right(self, state: Cell, action: Action) -> Bool[Array, ""]:
        # In bounds by the last row of `right`; to say so spares a comparison a step.
        where = state.row * self.size + state.column
        return self.right.at[where].get(mode="promise_in_bounds") == action
