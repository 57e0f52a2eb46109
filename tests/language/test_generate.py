"""Decoding: what is written is what reading whole would write, whatever it is decoded with."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.language import LanguageModel
from gnothi.nn.transformer import DecoderConfig, decoder, halved, unstacked
from tests.language import letters
from tests.nn.transformer import louder

CONFIG = DecoderConfig(40, width=32, hidden=48, num_layers=2, num_heads=4, num_kv_heads=2, window=7)
NETWORK = unstacked(louder(decoder(CONFIG, key=jax.random.key(0))))
MODEL = LanguageModel(NETWORK, tokenizer=letters(), ends=(), template=None, most=64)
PROMPTS = [[3, 1, 4, 1, 5], [9], list(range(10, 30))]  # the last is longer than a first filling


def naive(prompt, count):
    tokens = list(prompt)
    for _ in range(count):
        tokens.append(int(MODEL.scores(tokens)[-1].argmax()))
    return tokens[len(prompt) :]


def test_the_likeliest_tokens_are_those_of_reading_whole():
    assert MODEL.write_tokens(PROMPTS, 12) == [naive(prompt, 12) for prompt in PROMPTS]


def test_company_changes_nothing():
    together = MODEL.write_tokens(PROMPTS, 12)
    assert [MODEL.write_tokens([prompt], 12)[0] for prompt in PROMPTS] == together


def test_weights_laid_out_for_many_write_the_same():
    many = MODEL.for_many()
    assert many.network.layers[0].attention.query.turned and many.network.head.turned
    assert many.write_tokens(PROMPTS, 12) == MODEL.write_tokens(PROMPTS, 12)
    np.testing.assert_allclose(many.scores(PROMPTS[2]), MODEL.scores(PROMPTS[2]), atol=1e-4)


def test_half_of_the_memory_writes_nearly_the_same():
    """Rounded to 8 bits, a weight is off by 2^-9 of itself at most, and so is what it multiplies."""
    half = replace(MODEL, network=halved(MODEL.network))
    assert half.network.layers[0].feed_forward.up.weight.dtype == jnp.bfloat16
    assert half.network.tokens.weight.dtype == jnp.float32
    exact, found = MODEL.scores(PROMPTS[2]), half.scores(PROMPTS[2])
    assert found.dtype == np.float32
    assert 1e-5 < np.abs(found - exact).max() / exact.std() < 0.06
    assert half.for_many().write_tokens(PROMPTS, 12) == half.write_tokens(PROMPTS, 12)


def test_an_end_is_where_writing_ends():
    whole = MODEL.write_tokens(PROMPTS, 12)
    end = whole[0][3]
    ending = LanguageModel(NETWORK, tokenizer=letters(), ends=(end,), template=None, most=64)
    cut = [row[: row.index(end)] if end in row else row for row in whole]
    assert ending.write_tokens(PROMPTS, 12) == cut and len(cut[0]) <= 3


def test_draws_follow_the_scores():
    """Two tokens after each of 600 copies of a prompt, at a temperature: frequencies of the first are softmax's."""
    drawn = MODEL.write_tokens([PROMPTS[0]] * 600, 2, temperature=2.0, key=jax.random.key(0))
    scores = MODEL.scores(PROMPTS[0])[-1] / 2.0
    expected = np.exp(scores - scores.max())
    expected /= expected.sum()
    counts = np.bincount([row[0] for row in drawn], minlength=40)
    likely = expected * 600 > 5
    chi = (((counts - 600 * expected) ** 2) / (600 * expected))[likely].sum()
    assert likely.sum() > 2 and chi < likely.sum() + 4 * np.sqrt(2 * likely.sum())
    assert len({tuple(row) for row in drawn}) > 5


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="every prompt needs a token"):
        MODEL.write_tokens([[1], []], 3)
    with pytest.raises(ValueError, match="most must be from 1 to what 64 positions leave"):
        MODEL.write_tokens([[1] * 60], 5)
    with pytest.raises(ValueError, match=r"takes a key, for example key=jax\.random\.key\(0\)"):
        MODEL.write_tokens([[1]], 5, temperature=1.0)
    with pytest.raises(ValueError, match="temperature must be 0 or more, got -1"):
        MODEL.write_tokens([[1]], 5, temperature=-1.0, key=jax.random.key(0))
    with pytest.raises(ValueError, match="no chat template: use write"):
        MODEL.answer("Who are you?")
