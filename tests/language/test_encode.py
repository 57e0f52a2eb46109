"""Vectors of texts: filling and company change nothing, and layers can be asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.language import TextEncoder
from gnothi.nn.transformer import EncoderConfig, encoder
from tests.language import letters
from tests.nn.transformer import louder

NETWORK = louder(encoder(EncoderConfig(44, width=32, hidden=48, num_layers=2, num_heads=4), key=jax.random.key(0)))
MODEL = TextEncoder(NETWORK, letters(), 30)
TEXTS = ["a", "some words", "", "more words than that, and on it goes", "b" * 20]


@pytest.mark.slow
def test_company_and_order_change_nothing():
    alone = np.concatenate([MODEL.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(MODEL.encode(TEXTS), alone, atol=1e-5)
    np.testing.assert_allclose(MODEL.encode(TEXTS, batch_size=2), alone, atol=1e-5)
    np.testing.assert_allclose(MODEL.encode(TEXTS[::-1], batch_size=3)[::-1], alone, atol=1e-5)


def test_it_is_the_mean_over_tokens_of_a_layer():
    (tokens,) = MODEL.tokens(TEXTS[1:2])
    layers = NETWORK.after_each_layer(jnp.array(tokens), len(tokens))
    for layer in (0, 1, 2, -1, -3):
        found = MODEL.encode(TEXTS[1:2], layer=layer, normalise=False)
        np.testing.assert_allclose(found[0], np.asarray(layers[layer]).mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(
        MODEL.encode(TEXTS[1:2], normalise=False)[0], np.asarray(layers[-1]).mean(axis=0), atol=1e-5
    )
    assert np.linalg.norm(MODEL.encode(TEXTS), axis=1) == pytest.approx(np.ones(5), abs=1e-5)


def test_progress_is_told():
    heard = []
    MODEL.encode(TEXTS, batch_size=2, progress=lambda done, all_: heard.append((done, all_)))
    assert heard == [(2, 5), (4, 5), (5, 5)]


def test_bad_input_is_refused():
    for texts in ([], "text"):
        with pytest.raises(ValueError, match="a list of one text or more"):
            MODEL.encode(texts)
    with pytest.raises(ValueError, match="layer must be from 0 to 2, or negative from the end, got 3"):
        MODEL.encode(["a"], layer=3)
