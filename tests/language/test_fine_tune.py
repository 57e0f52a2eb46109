"""An encoder as a trunk: the same vectors as without it, pairs with their marks, and labels that are learnt by it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS
from gnothi.language import ActiveSettings, ActiveTrainer, TextEncoder
from gnothi.language.fine_tune import FILLING, Tuning, text_trunk, tokens_of
from gnothi.nn.transformer import EncoderConfig, encoder
from tests.language import letters
from tests.nn.transformer import louder

NETWORK = louder(encoder(EncoderConfig(44, width=32, hidden=48, num_layers=2, num_heads=4), key=jax.random.key(0)))
MODEL = TextEncoder(NETWORK, letters(), 30)
KEY = jax.random.key(0)
TEXTS = ["some words", "a", "other words and more", "", "b" * 40]


@pytest.mark.parametrize("tuning", [Tuning(), Tuning(layers=1), Tuning(rank=2)])
def test_features_are_the_encoders_centred_and_scaled(tuning):
    tokens = tokens_of(MODEL, TEXTS, most=30)
    assert tokens.shape == (5, 32) and (tokens[1] == FILLING).sum() == 29
    trunk = text_trunk(MODEL, tokens, tuning, key=KEY)
    vectors = MODEL.encode(TEXTS, normalise=False)
    expected = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    np.testing.assert_allclose(jax.vmap(trunk)(jnp.asarray(tokens)), expected, atol=1e-3)


def test_a_pair_has_two_ends_and_types_of_its_own():
    tokens = tokens_of(MODEL, ["abc", "a" * 30], ["de", "b" * 30], most=16)
    number = MODEL.tokenizer.number
    assert tokens[0].tolist() == [1, *map(number, "abc"), 2, *map(number, "de"), 2, *[FILLING] * 8]
    assert tokens[1].tolist() == [1, *[number("a")] * 7, 2, *[number("b")] * 6, 2]
    trunk = text_trunk(MODEL, tokens, Tuning(), key=KEY)
    first = jnp.asarray(tokens[0, :8])
    types = jnp.array([0, 0, 0, 0, 0, 1, 1, 1])
    np.testing.assert_allclose(trunk.pooled(jnp.asarray(tokens[0])), NETWORK(first, 8, types).mean(axis=0), atol=1e-5)


@pytest.mark.slow
def test_labels_are_learnt_through_the_trunk():
    """Which of two letters there is more of, in 128 labels, by an encoder of random weights."""
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcdefgh"), 12)) for _ in range(200)]
    labels = np.array([text.count("a") > text.count("b") for text in texts]).astype(int)
    tokens = tokens_of(MODEL, texts)
    settings = ActiveSettings("variance", steps_per_label=4.0, batch_size=32, num_candidates=60, num_samples=10)
    trunk = text_trunk(MODEL, tokens, Tuning(), key=KEY)
    trainer = ActiveTrainer(AGENTS["epinet"], tokens, 2, settings, trunk=trunk, rate=0.3)
    for _ in range(2):
        rows = trainer.ask(64)
        trainer.tell(rows, labels[rows])
    left = np.setdiff1d(np.arange(200), trainer.labelled)
    found = trainer.predict(tokens[left]).argmax(axis=1)
    majority = max(labels[left].mean(), 1 - labels[left].mean())
    assert (found == labels[left]).mean() > majority + 0.1


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="not both"):
        Tuning(layers=1, rank=2)
    with pytest.raises(ValueError, match="no text to measure"):
        text_trunk(MODEL, np.zeros((0, 8), int), Tuning(), key=KEY)
    with pytest.raises(ValueError, match="2 texts have 1 second sentences"):
        tokens_of(MODEL, ["a", "b"], ["c"])
