"""The posterior by Hamiltonian Monte Carlo: a floor for problems of more data than `exact` can take."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from gnothi.agents.agent import PriorKnowledge
from gnothi.agents.anchored_ensemble import AnchoredEnsembleAgent
from gnothi.agents.known_prior import NetworkPrior
from gnothi.agents.posterior import PosteriorSample, split_r_hat
from gnothi.data import Dataset
from gnothi.enn import Ensemble


@dataclass(frozen=True)
class HMCAgent:
    """NUTS (Hoffman and Gelman 2014) by BlackJAX, under the known prior: `pip install "gnothi[blackjax]"`.

    Parameters are made of standard normal numbers by a smooth map, so that there are no walls. Each chain starts at a
    member of an anchored ensemble, adapts step and masses for `warm_up` draws, and keeps all draws that follow. Every
    gradient sees all data: this is for 1,000 of them at most.

    `diagnostics` of the result: `r_hat`, the split R-hat of the data's log-likelihood over chains; `divergent`, the
    share of divergent trajectories; `leaps`, the mean length of a trajectory.

    Where nobody knows the temperature it is taken as 1.
    """

    num_chains: int = 4
    warm_up: int = 200
    draws: int = 250  # of each chain
    max_doublings: int = 7
    anchoring_steps: int = 500
    hidden: tuple[int, ...] = (50, 50)
    compiled: ClassVar[bool] = True

    def __call__(self, data: Dataset, prior: PriorKnowledge, key: PRNGKeyArray) -> PosteriorSample:
        """Runs chains, one after another.

        **Raises:** `ValueError` if BlackJAX is not installed.
        """
        try:
            import blackjax
        except ImportError as error:
            raise ValueError("the agent hmc needs BlackJAX: pip install 'gnothi[blackjax]'") from error

        law = NetworkPrior(data, prior, self.hidden)
        x, y = jnp.asarray(data.x).reshape(len(data), -1), jnp.asarray(data.y)
        anchor_key, chain_key = jax.random.split(key)
        anchored = AnchoredEnsembleAgent(num_members=self.num_chains, hidden=self.hidden, steps=self.anchoring_steps)
        starts = law.to_normal(anchored.standard_parameters(law, data, anchor_key))

        def log_likelihood(normal: Float[Array, " parameters"]) -> Float[Array, ""]:
            return law.log_likelihood(law.from_normal(normal)[None], x, y)[0]

        def log_density(normal: Float[Array, " parameters"]) -> Float[Array, ""]:
            return log_likelihood(normal) - 0.5 * jnp.sum(normal**2)

        def run(chain: tuple[Array, PRNGKeyArray]):
            start, key = chain
            warm_key, key = jax.random.split(key)
            options = {"max_num_doublings": self.max_doublings}
            adapt = blackjax.window_adaptation(blackjax.nuts, log_density, **options)
            (state, settings), _ = adapt.run(warm_key, start, self.warm_up)
            step = blackjax.nuts(log_density, **(options | settings)).step

            def draw(state, key):
                state, info = step(key, state)
                fit = state.logdensity + 0.5 * jnp.sum(state.position**2)
                return state, (state.position, fit, info.is_divergent, info.num_integration_steps)

            return jax.lax.scan(draw, state, jax.random.split(key, self.draws))[1]

        keys = jax.random.split(chain_key, self.num_chains)
        normal, fits, divergent, leaps = jax.lax.map(run, (starts, keys))
        members = law.networks(law.from_normal(normal.reshape(-1, law.num_parameters)))
        diagnostics = {
            "r_hat": split_r_hat(fits),
            "divergent": jnp.mean(divergent.astype(float)),
            "leaps": jnp.mean(leaps.astype(float)),
        }
        return PosteriorSample(Ensemble(members), diagnostics)
