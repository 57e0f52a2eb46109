"""What is minimised: a loss for one index, averaged over data, and summed or averaged over indices."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

from gnothi.learning.bootstrap import BOOTSTRAPS


class Batch(NamedTuple):
    """Some data points: inputs, targets, their numbers in the data set, and the network's constants at the inputs."""

    x: Float[Array, "data ..."]
    y: Shaped[Array, "data ..."]
    number: Int[Array, " data"]
    constants: Array | None = None


@runtime_checkable
class EpistemicPredictor(Protocol):
    """What a loss asks of a network; `gnothi.enn.EpistemicNetwork` has it."""

    index: Any

    def predict(
        self, inputs: Array, indices: Array | None = None, constants: Array | None = None
    ) -> Float[Array, "samples inputs classes"]:
        """The outputs of all inputs under all indices, or under every index there is."""


@dataclass(frozen=True)
class Loss:
    """A loss: make one with `cross_entropy` or `squared_error`.

    `num_indices` fresh indices a step are averaged over. `None` takes every index of a finite law and *sums*, as
    ensemble members must learn independently: an average would divide each member's gradient, and so multiply its
    weight decay, by their number.
    """

    kind: str
    num_indices: int | None
    bootstrap: str
    noise_std: float
    target_noise: bool

    def indices(self, enn: EpistemicPredictor, key: PRNGKeyArray, steps: int) -> Array | None:
        """Draws the indices of every step at once, or `None` where each step takes all there are."""
        if self.num_indices is None:
            return None
        drawn = enn.index.samples(key, steps * self.num_indices)
        return drawn.reshape(steps, self.num_indices, *drawn.shape[1:])

    def __call__(self, enn: EpistemicPredictor, batch: Batch, indices: Array | None) -> Float[Array, ""]:
        """The loss of one batch under the indices of one step."""
        outputs = enn.predict(batch.x, indices, batch.constants)
        noise = _noise(enn, indices, batch.number, _TARGET_SEED) if self.target_noise else None
        losses = self._of_points(outputs, batch.y, noise)
        if self.bootstrap != "none":
            losses = losses * BOOTSTRAPS[self.bootstrap](_noise(enn, indices, batch.number, _WEIGHT_SEED))
        by_index = jnp.mean(losses, axis=1)
        return jnp.sum(by_index) if self.num_indices is None else jnp.mean(by_index)

    def _of_points(self, outputs: Float[Array, "samples data classes"], y: Array, noise: Array | None):
        if self.kind == "cross_entropy":
            log_probs = jax.nn.log_softmax(outputs)
            return -jnp.sum(log_probs * jax.nn.one_hot(y, outputs.shape[-1]), axis=-1)
        targets = jnp.broadcast_to(y, outputs.shape[:2])
        if noise is not None:
            targets = targets + self.noise_std * noise
        return 0.5 * ((outputs[..., 0] - targets) / self.noise_std) ** 2


#: Bootstrapping is keyed by data point and index alone, so that it is the same at every step of every run. Weights
#: and noise on targets have keys of their own, or a point's weight would tell the sign of its noise.
_WEIGHT_SEED, _TARGET_SEED = 20_230_713, 20_180_606


def _noise(enn: EpistemicPredictor, indices: Array | None, numbers: Int[Array, " data"], seed: int):
    indices = enn.index.enumerate() if indices is None else indices
    keys = jax.vmap(lambda n: jax.random.fold_in(jax.random.key(seed), n))(numbers)
    return jax.vmap(lambda z: jax.vmap(lambda key: enn.index.noise(key, z))(keys))(indices)


def _check(num_indices: int | None, bootstrap: str) -> None:
    if num_indices is not None and num_indices < 1:
        raise ValueError(f"num_indices must be 1 or more, or None for every index, got {num_indices}")
    if bootstrap not in BOOTSTRAPS:
        raise ValueError(f"bootstrap must be one of {', '.join(map(repr, BOOTSTRAPS))}, got {bootstrap!r}")


def cross_entropy(num_indices: int | None = None, *, bootstrap: str = "none") -> Loss:
    """The cross-entropy of whole-number labels, in nats.

    **Arguments:** `num_indices`, how many fresh indices to average over at each step, or `None` to sum over every
    index of a finite law; `bootstrap`, the law of the weights, a key of `BOOTSTRAPS`.

    **Raises:** `ValueError` if either is out of range.
    """
    _check(num_indices, bootstrap)
    return Loss("cross_entropy", num_indices, bootstrap, 1.0, False)


def squared_error(
    num_indices: int | None = None, *, noise_std: float = 1.0, bootstrap: str = "none", target_noise: bool = False
) -> Loss:
    """Half the squared error in units of a known noise: the negative log-likelihood of a Gaussian, but a constant.

    **Arguments:** `num_indices` and `bootstrap` as in `cross_entropy`; `noise_std`, the deviation of the targets'
    noise, in their units; `target_noise`, whether each index learns targets to which noise of that deviation, fixed
    for each data point, is added (Osband et al. 2018, sec. 3: with a prior function, that is exact for linear models).

    **Raises:** `ValueError` if an argument is out of range.
    """
    _check(num_indices, bootstrap)
    if noise_std <= 0:
        raise ValueError(f"noise_std must be positive, got {noise_std}")
    return Loss("squared_error", num_indices, bootstrap, noise_std, target_noise)
