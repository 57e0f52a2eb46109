"""A decoder that writes: many prompts of different lengths at once, in one compiled loop.

Prompts are filled up at their ends; what is written goes behind the filling, which nobody looks at, and positions count
on from each prompt's own end. So a sequence's tokens do not depend on what it is decoded with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.language.tokens import Tokenizer, chat_text, fill
from gnothi.nn.transformer import Decoder, turned, unstacked

FILL = 16  # prompts are filled up to a multiple of it: a compiled program each
SPACE = 32  # there is space for so many more tokens, or a multiple: a compiled program each


@dataclass(frozen=True)
class LanguageModel:
    """A decoder of text: `network` with its layers one by one; `tokenizer`; `ends`, tokens after which nothing follows;
    `template` of its chats, Jinja; `most` positions it was made for.

    >>> import gnothi as gn
    >>> model = gn.language.load("smollm2-135m")  # doctest: +SKIP
    >>> model.answer("What is the capital of France?", most=16)  # doctest: +SKIP
    'The capital of France is Paris.'
    """

    network: Decoder
    tokenizer: Tokenizer
    ends: tuple[int, ...]
    template: str | None
    most: int

    def write(
        self, prompts: Sequence[str], most: int = 100, *, temperature: float = 0.0, key: PRNGKeyArray | None = None
    ) -> list[str]:
        """What follows each prompt; arguments as of `write_tokens`."""
        rows = [self.tokenizer.encode(prompt) for prompt in prompts]
        return [self.tokenizer.decode(row) for row in self.write_tokens(rows, most, temperature=temperature, key=key)]

    def answer(
        self,
        question: str | Sequence[Mapping[str, str]],
        most: int = 100,
        *,
        temperature: float = 0.0,
        key: PRNGKeyArray | None = None,
    ) -> str:
        """The answer to a question, or to a chat of messages with `role` and `content`.

        **Raises:** `ValueError` if the model has no chat template.
        """
        if self.template is None:
            raise ValueError("this model has no chat template: use write")
        chat = [{"role": "user", "content": question}] if isinstance(question, str) else question
        return self.write([chat_text(self.template, chat)], most, temperature=temperature, key=key)[0]

    def write_tokens(
        self,
        prompts: Sequence[Sequence[int]],
        most: int,
        *,
        temperature: float = 0.0,
        key: PRNGKeyArray | None = None,
        room: int = FILL,
    ) -> list[list[int]]:
        """The tokens that follow each prompt, up to the first of `ends`, which is left out.

        **Arguments:** `prompts`; `most`, how many tokens; `temperature`, 0 for the likeliest token each time; `key`,
        wanted where it is more; `room`, to a multiple of which prompts are filled up: a compiled program each.

        **Raises:** `ValueError` if a prompt is empty or too long, the temperature below 0, or there is no key.
        """
        if not prompts or not all(len(prompt) for prompt in prompts):
            raise ValueError("every prompt needs a token or more")
        if most < 1 or max(map(len, prompts)) + most > self.most:
            raise ValueError(f"most must be from 1 to what {self.most} positions leave after the prompts, got {most}")
        if temperature < 0:
            raise ValueError(f"temperature must be 0 or more, got {temperature}")
        if temperature > 0 and key is None:
            raise ValueError("drawing at a temperature takes a key, for example key=jax.random.key(0)")
        tokens, lengths = fill(prompts, multiple=room)
        key = jax.random.key(0) if key is None else key
        filled = jnp.asarray(tokens), jnp.asarray(lengths)
        drawn_at = jnp.float32(temperature) if temperature else None
        space = -(-most // SPACE) * SPACE
        written, counts = _write(self.network, *filled, key, drawn_at, jnp.int32(most), space, self.ends)
        return [row[:count].tolist() for row, count in zip(np.asarray(written), np.asarray(counts), strict=True)]

    def for_many(self) -> "LanguageModel":
        """A copy whose weights lie as many prompts at once want them on a CPU: from about 8 it writes faster than the
        original, and for one prompt no faster. What it writes is the same, to rounding."""
        return replace(self, network=turned(unstacked(self.network)))

    def scores(self, tokens: Sequence[int]) -> Float[np.ndarray, "positions tokens"]:
        """Scores (logits) of what follows each token of one sequence."""
        filled, lengths = fill([tokens], multiple=FILL)
        return np.asarray(_scores(self.network, jnp.asarray(filled[0])))[: lengths[0]]


@eqx.filter_jit
def _scores(network: Decoder, tokens: Int[Array, " positions"]) -> Float[Array, "positions tokens"]:
    return network(tokens)


@eqx.filter_jit
def _write(
    network: Decoder,
    tokens: Int[Array, "prompts positions"],
    lengths: Int[Array, " prompts"],
    key: PRNGKeyArray,
    temperature: Float[Array, ""] | None,
    most: Int[Array, ""],
    space: int,
    ends: tuple[int, ...],
) -> tuple[Int[Array, "prompts written"], Int[Array, " prompts"]]:
    network = unstacked(network)
    count, width = tokens.shape
    places = jnp.arange(width + space)
    # The position of each place of the cache: the prompt's own, then what is written.
    of_place = jnp.where(places < width, places, lengths[:, None] + places - width)
    is_token = (places < lengths[:, None]) | (places >= width)

    def choose(features, time):
        scores = network.scores(features).astype(jnp.float32)
        if temperature is None:
            return jnp.argmax(scores, axis=-1).astype(jnp.int32)
        keys = jax.random.split(jax.random.fold_in(key, time), count)
        return jax.vmap(jax.random.categorical)(keys, scores / temperature).astype(jnp.int32)

    def going(state):
        time, _, _, _, ended, _ = state
        return (time < most) & ~ended.all()

    def step(state):
        time, features, caches, out, ended, counts = state
        token = choose(features, time)
        ended = ended | jnp.isin(token, jnp.array(ends, jnp.int32))
        out = out.at[:, time].set(token)
        counts = counts + ~ended
        position = lengths + time
        seen = is_token & (places <= width + time)
        if network.window is not None:
            seen = seen & (position[:, None] - of_place < network.window)
        features, caches = network.decode(token, position, width + time, seen, caches)
        return time + 1, features, caches, out, ended, counts

    features, caches = jax.vmap(lambda row: network.read(row, space))(tokens)
    features = jnp.take_along_axis(features, (lengths - 1)[:, None, None], axis=1)[:, 0]
    nothing = jnp.zeros((count, space), jnp.int32), jnp.zeros(count, bool), jnp.zeros(count, jnp.int32)
    state = (jnp.int32(0), features, caches, *nothing)
    _, _, _, out, _, counts = jax.lax.while_loop(going, step, state)
    return out, counts
