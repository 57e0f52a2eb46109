"""A small language model whose knowledge is known: an ensemble of decoders, trained on a knowledge base.

Each member learns the same text from other random weights and in another order, so that they agree on what was there
and differ on what was not. The answer is what they find likeliest together; how far they disagree is the epistemic
uncertainty of the answer's word (`gnothi.metrics.uncertainty`), and the model may hold back where that is high.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from gnothi.language.tokens import fill
from gnothi.learning.checkpoint import load, save
from gnothi.learning.next_token import train_next_token
from gnothi.metrics.uncertainty import decompose
from gnothi.nn.transformer import Decoder, DecoderConfig, decoder
from gnothi.safety.knowledge import KnowledgeBase
from gnothi.safety.models import Model
from gnothi.safety.prompts import Answer, Prompt
from gnothi.safety.run import Progress

_WORD = re.compile(r"[^\W_]+|[?.]")
FILL = 16  # questions are filled up to a multiple of it: a compiled program each
HELD_BACK = "I do not know."


class KnowingModel(Model):
    """An ensemble of small decoders as a model under test: it answers a question with a word, and says how sure it is.

    `signals` of an answer are nats of the word: `epistemic`, `aleatoric` and `total`.

    **Arguments:** `members`, their arrays stacked; `words`, the vocabulary, whose first stands for all others;
    `hold_back_above`, the epistemic uncertainty in nats above which it says that it does not know; never, if not said.
    """

    name = "knowing-model"

    def __init__(self, members: Decoder, words: Sequence[str], hold_back_above: float | None = None):
        self.members, self.words, self.hold_back_above = members, tuple(words), hold_back_above
        self._number = {word: n for n, word in enumerate(self.words)}
        digest = hashlib.sha256(repr((self.words, hold_back_above)).encode())
        for leaf in jax.tree.leaves(eqx.filter(self.members, eqx.is_array)):
            digest.update(np.asarray(leaf).tobytes())
        self.version = digest.hexdigest()[:16]

    def answer(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> list[Answer]:
        """A word for each prompt, with stated confidence; of a prompt's choices, the likeliest by its first word."""
        rng = np.random.default_rng(seed)
        rows = [self.numbers(prompt.text) for prompt in prompts]
        there = [n for n, row in enumerate(rows) if row]
        answers = [Answer(error="the question has no words")] * len(prompts)
        if there:
            spare = max(4, 1 << (len(there) - 1).bit_length()) - len(there)  # a program a power of two
            tokens, lengths = fill([rows[n] for n in there] + [[0]] * spare, multiple=FILL)
            logits = _after(self.members, jnp.asarray(tokens), jnp.asarray(lengths))
            nats = {kind: np.asarray(values) for kind, values in decompose(logits)._asdict().items()}
            probs = np.asarray(jnp.mean(jax.nn.softmax(logits), axis=0), float)
            for place, n in enumerate(there):
                signals = {kind: float(values[place]) for kind, values in nats.items()}
                answers[n] = self._one(prompts[n], probs[place], signals, temperature, rng)
        return answers

    def _one(
        self,
        prompt: Prompt,
        probs: Float[np.ndarray, " words"],
        signals: dict[str, float],
        temperature: float,
        rng: np.random.Generator,
    ) -> Answer:
        if prompt.choices:
            first = [(self.numbers(choice) or [0])[0] for choice in prompt.choices]
            log_probs = np.log(np.maximum(probs[first], 1e-30))
            log_probs -= np.logaddexp.reduce(log_probs)
            best = int(log_probs.argmax())
            return Answer(prompt.choices[best], log_probs=tuple(map(float, log_probs)), signals=signals)
        if self.hold_back_above is not None and signals["epistemic"] > self.hold_back_above:
            return Answer(HELD_BACK, signals=signals)
        best = int(probs.argmax())
        if temperature > 0:
            tempered = np.exp((np.log(np.maximum(probs, 1e-30))) / temperature)
            best = int(rng.choice(len(probs), p=tempered / tempered.sum()))
        return Answer(f"{self.words[best]}. Confidence: {100 * probs[best]:.0f}%", signals=signals, tokens=1)

    def numbers(self, text: str) -> list[int]:
        """A text as numbers of words."""
        return [self._number.get(word, 0) for word in _WORD.findall(text)]


@eqx.filter_jit
def _after(
    members: Decoder, tokens: Int[Array, "prompts positions"], lengths: Int[Array, " prompts"]
) -> Float[Array, "members prompts words"]:
    """What each member says after each prompt."""

    def one(member: Decoder) -> Array:
        scores = jax.vmap(member)(tokens)
        return jnp.take_along_axis(scores, (lengths - 1)[:, None, None], axis=1)[:, 0]

    return eqx.filter_vmap(one)(members)


def train_knowing_model(
    base: KnowledgeBase,
    *,
    key: PRNGKeyArray,
    num_members: int = 5,
    steps: int = 300,
    width: int = 48,
    batch_size: int = 64,
    learning_rate: float = 3e-3,
    hold_back_above: float | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> KnowingModel:
    """Trains an ensemble on a knowledge base.

    Members that `folder` holds are not trained again, so that training resumes where it was stopped.

    **Arguments:** `base`; `key`, for weights and the order of the text; `num_members`; gradient `steps` of each, on
    `batch_size` lines; `width` of the decoders, a multiple of 4; `learning_rate`; `hold_back_above`, as of
    `KnowingModel`; `folder`, where members are kept, if they are to be; `progress`.

    **Raises:** `ValueError` if there are fewer than two members, the base tells nothing, or `folder` holds members that
    were trained otherwise.

    >>> import jax
    >>> from gnothi.safety.knowledge import knowledge_base
    >>> model = train_knowing_model(knowledge_base(), key=jax.random.key(0))  # doctest: +SKIP
    """
    lines = [_WORD.findall(line) for line in base.text]
    if num_members < 2 or not lines:
        raise ValueError(f"there must be two members or more and a line to learn, got {num_members} and {len(lines)}")
    words = ("<other>", *sorted({word for line in lines for word in line}))
    tokens, lengths = _numbered(lines, words)
    config = DecoderConfig(len(words), width=width, hidden=2 * width, num_layers=2, num_heads=4)
    recipe: dict[str, Any] = {"steps": steps, "batch_size": batch_size, "learning_rate": learning_rate}
    text = hashlib.sha256("\n".join(base.text).encode()).hexdigest()
    members = []
    for number, own in enumerate(jax.random.split(key, num_members)):
        if progress is not None:
            progress("Training", number, num_members)
        weight_key, order_key = jax.random.split(own)
        member = decoder(config, key=weight_key)
        about = {**recipe, "width": width, "text": text, "key": np.asarray(jax.random.key_data(own)).tolist()}
        path = None if folder is None else folder / f"member-{number}"
        kept = None if path is None else _kept_member(path, member, about)
        if kept is None:
            kept, _ = train_next_token(member, tokens, lengths, key=order_key, **recipe)
            if path is not None:
                save(path, kept, about)
        members.append(kept)
    if progress is not None:
        progress("Training", num_members, num_members)
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *members)
    return KnowingModel(stacked, words, hold_back_above)


def _numbered(
    lines: Sequence[Sequence[str]], words: Sequence[str]
) -> tuple[Int[Array, "lines positions"], Int[Array, " lines"]]:
    """Lines as numbers of words, filled up to the longest, and how long each is."""
    number = {word: n for n, word in enumerate(words)}
    tokens = np.zeros((len(lines), max(map(len, lines))), np.int32)
    for row, line in zip(tokens, lines, strict=True):
        row[: len(line)] = [number[word] for word in line]
    return jnp.asarray(tokens), jnp.asarray([len(line) for line in lines], jnp.int32)


def _kept_member(path: Path, like: Decoder, about: dict[str, Any]) -> Decoder | None:
    if not path.with_name(f"{path.name}.json").exists():
        return None
    try:
        member, found = load(path, like)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{path.parent} holds a member that cannot be read ({error}): remove it") from error
    if found != about:
        changed = ", ".join(f"{name} was {found.get(name)!r}" for name in about if found.get(name) != about[name])
        raise ValueError(f"{path.parent} holds members that were trained otherwise ({changed}): name another folder")
    return member
