"""What a decoder does not know: an epinet between its last hidden state and its head.

The decoder is as it is. An index z moves the hidden state at every position, by a learnt function of that state times
z, and the decoder's own head reads what comes of it: `logits_z = head(hidden + shift_z(hidden))`. No matrix of
vocabulary times index is made, and the decoder runs once, however many indices are drawn (Osband et al. 2023,
"Epistemic Neural Networks", sec. 3; its epinet stands on logits, ours on what the head reads). A fixed random epinet,
the prior, shifts too; training learns to take that back where there is text, and elsewhere more of it stays. One index
is one opinion on all of language: it is drawn once for all positions and all texts of a call.

Shifts are linear in z unless asked, so opposite indices shift opposite ways, and training draws them in pairs: what
came moves a pair to first order not at all, and the spread learnt is a matter of which texts were read and not of luck.

Training meets the vocabulary by samples: log p_z of a token is what the frozen model says, plus what the shift changes,
whose normalising sum is estimated from tokens drawn of the frozen model's own prediction (`candidates`).

Measured on SmolLM2 with some 3,000 tokens of news or of Python (`tests/language/test_epistemic.py`): held-out text of
the other kind is more unsure in 95 % and 100 % of pairs, where total entropy says so in 19 % and 86 %. Most of that is
what `with_epinet` measures of the texts (92 % and 100 % before a step is made); learning takes a quarter to a third of
the nats from text of the kind that was read, and a fifth from the other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.data import Dataset
from gnothi.enn import Epinet
from gnothi.language.candidates import Sampled, Table, candidates, token_vectors
from gnothi.language.generate import LanguageModel
from gnothi.language.hidden import SHORTEST, hidden_states
from gnothi.language.shifted_head import FrozenDecoder, NoBase, ShiftedHead, whitening
from gnothi.language.tokens import check_texts
from gnothi.learning import cross_entropy, fit
from gnothi.learning.adam import adam
from gnothi.learning.fit import Progress, Scalar
from gnothi.metrics.uncertainty import Uncertainty, decompose, stream_decompose
from gnothi.nn.transformer import Decoder

SCORES_AT_ONCE = 2**22  # scores (positions x vocabulary) that are in memory together


@dataclass(frozen=True)
class EpistemicSettings:
    """Sizes of the epinet, and how it learns.

    `index_size` numbers of an index; `hidden` layers of the epinet; `prior_scale`, the size of the fixed epinet's
    shift, in standard deviations of hidden states as measured; `reads_index`, as in `Epinet`; gradient `steps` on
    `batch_size` positions under `num_indices` indices each; `num_candidates` tokens stand for the vocabulary; `length`,
    to which texts to learn from are cut, in tokens.
    """

    index_size: int = 10
    hidden: tuple[int, ...] = (256,)
    prior_scale: float = 0.1
    reads_index: bool = False
    steps: int = 500
    batch_size: int = 64
    num_indices: int = 8
    num_candidates: int = 128
    learning_rate: float = 3e-4
    length: int = 128

    def __post_init__(self) -> None:
        sizes = (self.index_size, self.steps, self.batch_size, self.num_indices, *self.hidden)
        if min(sizes) < 1 or self.prior_scale < 0 or self.learning_rate <= 0:
            raise ValueError(f"sizes, steps and rates must be positive, and prior_scale 0 or more, got {self}")
        if self.num_candidates < 4 or self.length < 2:
            raise ValueError(f"num_candidates must be 4 or more, and length 2 or more, got {self}")


class NextTokens(NamedTuple):
    """What follows each token of one text: nats by kind, and `probs` of what follows the last, averaged over indices.

    `total` is `epistemic` plus `aleatoric`.
    """

    total: Float[np.ndarray, " positions"]
    epistemic: Float[np.ndarray, " positions"]
    aleatoric: Float[np.ndarray, " positions"]
    probs: Float[np.ndarray, " tokens"]


class Choices(NamedTuple):
    """A question of several answers: `by_index`, the probability of each under each index; `probs`, their mean; nats.

    `total` is `epistemic` plus `aleatoric`.
    """

    by_index: Float[np.ndarray, "samples choices"]
    probs: Float[np.ndarray, " choices"]
    total: float
    epistemic: float
    aleatoric: float


@dataclass(frozen=True)
class EpistemicLanguageModel:
    """A language model that says what it does not know; `with_epinet` makes one.

    >>> import jax, gnothi as gn
    >>> texts = ["What is learnt ...", "... from these."]
    >>> model = gn.language.load("smollm2-135m")  # doctest: +SKIP
    >>> model = gn.language.with_epinet(model, texts, key=jax.random.key(0))  # doctest: +SKIP
    >>> model = model.fit(texts, key=jax.random.key(1))  # doctest: +SKIP
    >>> model.next_tokens(["Once upon a"], key=jax.random.key(2))[0].epistemic.shape  # doctest: +SKIP
    (3,)
    """

    model: LanguageModel
    head: ShiftedHead
    settings: EpistemicSettings

    def fit(
        self, texts: Sequence[str], *, key: PRNGKeyArray, progress: Progress | None = None
    ) -> "EpistemicLanguageModel":
        """Learns from texts, by the cross-entropy of each token given those before it, averaged over indices.

        The decoder and the prior stay as they are. Texts are cut to `length` tokens, and go through the decoder once.

        **Arguments:** `texts`; `key`, for candidates, the order of positions, and indices; `progress`, called with
        (step, steps, loss) about a hundred times.

        **Returns:** the model that has learnt them.

        **Raises:** `ValueError` if no text has two tokens.
        """
        order_key, key = jax.random.split(key)
        rows = _cut(self.model, texts, self.settings.length)
        hidden = np.concatenate([states[:-1] for states in hidden_states(self.model.network, rows)])
        targets = np.concatenate([np.asarray(row[1:], np.int32) for row in rows])
        count = self.settings.num_candidates
        drawn = [
            (number, candidates(self.model.network, block, came, jax.random.fold_in(key, at), count))
            for at, (number, block, came) in enumerate(_blocks(self.model.network, hidden, targets))
        ]
        tokens, log_weights = (
            np.concatenate([np.asarray(part[which])[:number] for number, part in drawn]) for which in (0, 1)
        )
        table = Table(
            jnp.asarray(hidden), jnp.asarray(tokens), jnp.asarray(log_weights), token_vectors(self.model.network)
        )
        fitted = fit(
            Sampled(self.head, table),
            # Numbers of positions, and of the candidate that came: it is the first.
            Dataset(np.arange(len(hidden), dtype=np.float32), np.zeros(len(hidden), np.int32)),
            loss=cross_entropy(self.settings.num_indices),
            steps=self.settings.steps,
            batch_size=self.settings.batch_size,
            learning_rate=self.settings.learning_rate,
            optimiser=_falling(self.settings.steps),
            key=order_key,
            progress=progress,
        )
        return replace(self, head=fitted.head)

    def next_tokens(self, texts: Sequence[str], *, key: PRNGKeyArray, num_samples: int = 32) -> list[NextTokens]:
        """What follows each token of each text, and how unsure that is, by kind.

        **Arguments:** `texts`; `key`, for indices, each shared by all positions of all texts; `num_samples`, how many.

        **Raises:** `ValueError` if there are no texts, one is of no tokens or too long, or there are no samples.
        """
        rows = self._tokens(texts)
        indices = self._indices(key, num_samples)
        hidden = np.concatenate(hidden_states(self.model.network, rows))
        ends = np.cumsum([len(row) for row in rows])
        parts, means, start = [], [], 0
        for number, block, _ in _blocks(self.model.network, hidden):
            uncertainty, probs = _uncertainty(self.head, block, indices)
            parts.append(np.stack(uncertainty)[:, :number])
            last = ends[(ends > start) & (ends <= start + number)] - 1 - start
            means.append(np.asarray(probs[last]))
            start += number
        by_text = np.split(np.concatenate(parts, axis=1), ends[:-1], axis=1)
        return [
            NextTokens(nats[0], nats[1], nats[2], probs)
            for nats, probs in zip(by_text, np.concatenate(means), strict=True)
        ]

    def choices(
        self,
        prompt: str,
        choices: Sequence[str],
        *,
        key: PRNGKeyArray,
        num_samples: int = 32,
        per_token: bool = False,
    ) -> Choices:
        """Which of several answers follows a prompt, and how unsure that is, by kind.

        An answer's log-probability under an index is the sum of its tokens', all under that one index; the answers
        share out 1 among themselves under each index, and these shares are what is averaged and decomposed.

        **Arguments:** `prompt`; `choices`, with the space before them if there is to be one; `key`, for indices;
        `num_samples`, how many; `per_token`, whether sums are divided by the number of tokens, so that long answers
        are as good as short ones.

        **Raises:** `ValueError` if there are fewer than two choices, one is of no tokens or too long with its prompt,
        or there are no samples.
        """
        if isinstance(choices, str) or len(choices) < 2:
            raise ValueError(f"give a list of two choices or more, got {choices!r:.60}")
        (start,) = self._tokens([prompt])
        answers = [self.model.tokenizer.encode(choice, special=False) for choice in choices]
        self._check([[*start, *answer] for answer in answers], "a choice with its prompt")
        if not all(answers):
            raise ValueError(f"choice {[len(answer) for answer in answers].index(0)} has no tokens")
        indices = self._indices(key, num_samples)
        # What the head reads before each token of each answer.
        states = hidden_states(self.model.network, [[*start, *answer] for answer in answers])
        hidden = np.concatenate([row[len(start) - 1 : -1] for row in states])
        log_probs = np.concatenate(
            [
                np.asarray(_log_probs(self.head, block, targets, indices))[:, :number]
                for number, block, targets in _blocks(self.model.network, hidden, np.concatenate(answers))
            ],
            axis=1,
        )
        lengths = np.array([len(answer) for answer in answers])
        sums = np.add.reduceat(log_probs, np.cumsum(lengths) - lengths, axis=1) / (lengths if per_token else 1)
        logits = jnp.asarray(sums, jnp.float32)
        by_index = np.asarray(jax.nn.softmax(logits))
        nats = (float(part[0]) for part in decompose(logits[:, None]))
        return Choices(by_index, by_index.mean(axis=0), *nats)

    def _indices(self, key: PRNGKeyArray, num_samples: int) -> Float[Array, "samples index"]:
        if num_samples < 1:
            raise ValueError(f"num_samples must be 1 or more, got {num_samples}")
        return self.head.index.samples(key, num_samples)

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        rows = _encoded(self.model, texts)
        self._check(rows, "a text")
        return rows

    def _check(self, rows: Sequence[Sequence[int]], what: str) -> None:
        shortest, longest = min(map(len, rows)), max(map(len, rows))
        if shortest < 1 or longest > self.model.most:
            raise ValueError(f"{what} must have from 1 to {self.model.most} tokens, got {shortest} to {longest}")


def with_epinet(
    model: LanguageModel, texts: Sequence[str], settings: EpistemicSettings | None = None, *, key: PRNGKeyArray
) -> EpistemicLanguageModel:
    """A language model with an epinet that has learnt nothing yet: its mean is the model's, but for the prior.

    The epinet's last layer begins at 0, so without a prior it is the model. What it reads is whitened over `texts`
    (`whitening`): a hidden state that is unlike theirs is a large one to the epinet, and its prior shifts that far. In
    standard deviations of hidden states over `texts`, the prior's shift has a root mean square of `prior_scale` over
    texts and indices, whatever the sizes of the epinet.

    **Arguments:** `model`, which is not changed; `texts`, on which to measure: those to learn from, for instance;
    `settings`; `key`, for weights.

    **Raises:** `ValueError` if no text has two tokens.
    """
    settings = settings or EpistemicSettings()
    rows = _cut(model, texts, settings.length)
    hidden = np.concatenate(hidden_states(model.network, rows)).astype(np.float32)
    decoder = FrozenDecoder(model.network, *map(jnp.asarray, whitening(hidden)))
    width = hidden.shape[1]
    epinet_key, row_key, index_key = jax.random.split(key, 3)
    epinet = Epinet(
        NoBase(width),
        index_size=settings.index_size,
        hidden=settings.hidden,
        prior_scale=1.0 if settings.prior_scale else 0.0,
        input_size=width,
        feature_size=0,
        output_size=width,
        reads_index=settings.reads_index,
        key=epinet_key,
    )
    epinet = eqx.tree_at(lambda e: e.learnable.weights[-1], epinet, replace_fn=jnp.zeros_like)
    head = ShiftedHead(epinet, decoder)
    if settings.prior_scale:
        some = jax.random.choice(row_key, len(hidden), (min(len(hidden), 512),), replace=False)
        shifts = head.shifts(jnp.asarray(hidden)[some], head.index.samples(index_key, 32)) / decoder.deviation
        scale = settings.prior_scale / jnp.sqrt(jnp.mean(shifts**2))
        head = eqx.tree_at(lambda h: h.epinet.prior.scale, head, scale)
    return EpistemicLanguageModel(model, head, settings)


@cache  # so that the same number of steps is the same function, and compiled once
def _falling(steps: int) -> Callable[[Scalar], optax.GradientTransformation]:
    """Adam whose rate falls to 0 over `steps`, along a cosine: so that the last batches do not weigh more."""
    return lambda rate: optax.chain(adam(rate), optax.scale_by_schedule(optax.cosine_decay_schedule(1.0, steps)))


@eqx.filter_jit
def _uncertainty(
    head: ShiftedHead, hidden: Float[Array, "inputs width"], indices: Float[Array, "samples index"]
) -> tuple[Uncertainty, Float[Array, "inputs tokens"]]:
    shifts = head.shifts(hidden, indices)
    return stream_decompose(lambda sample: head.scores(hidden, shifts[sample]), len(indices))


@eqx.filter_jit
def _log_probs(
    head: ShiftedHead,
    hidden: Float[Array, "inputs width"],
    targets: Int[Array, " inputs"],
    indices: Float[Array, "samples index"],
) -> Float[Array, "samples inputs"]:
    """The log-probability of each target under each index."""

    def one(shift):
        scores = head.scores(hidden, shift).astype(jnp.float32)
        came = jnp.take_along_axis(scores, targets[:, None], axis=1)[:, 0]
        return came - jax.nn.logsumexp(scores, axis=1)

    return jax.lax.map(one, head.shifts(hidden, indices))


def _blocks(
    network: Decoder, hidden: Float[np.ndarray, "inputs width"], targets: Int[np.ndarray, " inputs"] | None = None
) -> Iterator[tuple[int, Float[Array, "block width"], Int[Array, " block"]]]:
    """Positions some at a time, so that their scores fit in memory: how many are no filling, and what was given."""
    targets = np.zeros(len(hidden), np.int32) if targets is None else np.asarray(targets, np.int32)
    size = max(1, SCORES_AT_ONCE // len(network.tokens.weight))
    size = min(size, -(-len(hidden) // SHORTEST) * SHORTEST)
    for start in range(0, len(hidden), size):
        part, asked = hidden[start : start + size], targets[start : start + size]
        missing = size - len(part)
        filled = jnp.asarray(np.pad(part, ((0, missing), (0, 0)))), jnp.asarray(np.pad(asked, (0, missing)))
        yield len(part), *filled


def _encoded(model: LanguageModel, texts: Sequence[str]) -> list[list[int]]:
    check_texts(texts)
    return [model.tokenizer.encode(text) for text in texts]


def _cut(model: LanguageModel, texts: Sequence[str], length: int) -> list[list[int]]:
    """Tokens of texts, cut into pieces of a length; pieces of one token say nothing of what comes next."""
    length = min(length, model.most)
    pieces = [row[start : start + length] for row in _encoded(model, texts) for start in range(0, len(row), length)]
    pieces = [piece for piece in pieces if len(piece) > 1]
    if not pieces:
        raise ValueError("no text has two tokens or more: there is nothing that comes next")
    return pieces
