"""Which of several answers a decoder finds likeliest after a prompt."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from gnothi.language.hidden import hidden_states
from gnothi.nn.transformer import Decoder

PROMPTS_AT_ONCE = 256  # whose hidden states are in memory together
POSITIONS_AT_ONCE = 64  # at which scores of the whole vocabulary are in memory together


def choice_log_probs(
    network: Decoder, prompts: Sequence[Sequence[int]], choices: Sequence[Sequence[Sequence[int]]]
) -> list[Float[np.ndarray, " choices"]]:
    """The log-probability, in nats, of each choice as what follows its prompt.

    A choice's is the sum over its tokens. What two choices of a prompt have in common is read once: where each is of
    one token, the prompt alone is.

    **Arguments:** `network`; `prompts`, of tokens; `choices` of each prompt, of tokens.

    **Raises:** `ValueError` if a prompt or a choice has no tokens.
    """
    if not all(len(prompt) for prompt in prompts) or not all(len(one) for many in choices for one in many):
        raise ValueError("every prompt and every choice needs a token or more")
    found: list[np.ndarray] = []
    for start in range(0, len(prompts), PROMPTS_AT_ONCE):
        chosen = slice(start, start + PROMPTS_AT_ONCE)
        found += _some(network, prompts[chosen], choices[chosen])
    return found


def _some(network, prompts, choices) -> list[Float[np.ndarray, " choices"]]:
    rows: dict[tuple[int, ...], int] = {}
    asked = []  # row, position in it, token that is to come
    for prompt, of_prompt in zip(prompts, choices, strict=True):
        for choice in of_prompt:
            row = rows.setdefault((*prompt, *choice[:-1]), len(rows))
            asked += [(row, len(prompt) - 1 + place, token) for place, token in enumerate(choice)]
    states = hidden_states(network, list(rows))
    hidden = np.stack([states[row][place] for row, place, _ in asked])
    targets = np.array([token for _, _, token in asked], np.int32)
    missing = -len(targets) % POSITIONS_AT_ONCE
    blocks = np.pad(hidden, ((0, missing), (0, 0))).reshape(-1, POSITIONS_AT_ONCE, hidden.shape[1])
    of_blocks = np.pad(targets, (0, missing)).reshape(-1, POSITIONS_AT_ONCE)
    came = [
        np.asarray(_log_probs(network, jnp.asarray(block), jnp.asarray(tokens)))
        for block, tokens in zip(blocks, of_blocks, strict=True)
    ]
    lengths = np.array([len(choice) for of_prompt in choices for choice in of_prompt])
    sums = np.add.reduceat(np.concatenate(came)[: len(targets)].astype(float), np.cumsum(lengths) - lengths)
    return np.split(sums, np.cumsum([len(of_prompt) for of_prompt in choices])[:-1])


@eqx.filter_jit
def _log_probs(
    network: Decoder, hidden: Float[Array, "positions width"], targets: Int[Array, " positions"]
) -> Float[Array, " positions"]:
    scores = network.scores(hidden).astype(jnp.float32)
    came = jnp.take_along_axis(scores, targets[:, None], axis=1)[:, 0]
    return came - jax.nn.logsumexp(scores, axis=1)
