"""What a decoder does not know: closed forms on a tiny decoder, and a study on SmolLM2."""

import ast
import csv
import importlib
import inspect
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.language import EpistemicSettings, LanguageModel, load, with_epinet
from gnothi.language.candidates import candidates
from gnothi.metrics import bootstrap_interval, mean_interval
from gnothi.nn import partition
from gnothi.nn.transformer import DecoderConfig, decoder, unstacked
from tests.language import letters
from tests.nn.transformer import louder

CONFIG = DecoderConfig(40, width=32, hidden=48, num_layers=1, num_heads=4, num_kv_heads=2)
NETWORK = unstacked(louder(decoder(CONFIG, key=jax.random.key(0))))
MODEL = LanguageModel(NETWORK, tokenizer=letters(), ends=(), template=None, most=64)
TEXTS = ["the cat sat on the mat.", "a dog, a dog and a cat.", "no cat sat."]
SETTINGS = EpistemicSettings(index_size=4, hidden=(16,), steps=600, prior_scale=0.3, batch_size=16, learning_rate=3e-3)
KEY = jax.random.key(7)
UNFITTED = with_epinet(MODEL, TEXTS, SETTINGS, key=jax.random.key(1))
WITHOUT_PRIOR = with_epinet(MODEL, TEXTS, replace(SETTINGS, prior_scale=0.0), key=jax.random.key(1))
SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


@jax.jit
def filled_hidden(tokens):
    return NETWORK.features(tokens)


@jax.jit
def filled_scores(hidden, indices):
    return UNFITTED.head.predict(hidden, indices)


def hidden_of(tokens):
    """What the head reads, by way of one compiled program for all lengths."""
    return filled_hidden(jnp.asarray([*tokens, *[0] * (32 - len(tokens))]))[: len(tokens)]


def scores_of(hidden, indices):
    """All scores in memory, of all indices."""
    return filled_scores(jnp.pad(hidden, ((0, 32 - len(hidden)), (0, 0))), indices)[:, : len(hidden)]


def test_without_prior_and_learning_it_is_the_model():
    for text, found in zip(TEXTS, WITHOUT_PRIOR.next_tokens(TEXTS, key=KEY), strict=True):
        log_probs = jax.nn.log_softmax(MODEL.scores(MODEL.tokenizer.encode(text)))
        np.testing.assert_allclose(found.probs, np.exp(log_probs[-1]), atol=1e-5)
        np.testing.assert_allclose(found.total, -(np.exp(log_probs) * log_probs).sum(axis=1), atol=1e-5)
        np.testing.assert_allclose(found.epistemic, 0.0, atol=1e-5)


def test_parts_sum_to_the_whole_and_none_is_negative():
    for found in UNFITTED.next_tokens(TEXTS, key=KEY):
        np.testing.assert_allclose(found.epistemic + found.aleatoric, found.total, atol=1e-5)
        assert found.epistemic.min() >= -1e-6 and found.epistemic.max() > 1e-3
        assert found.total.max() <= np.log(40) + 1e-5
        assert found.probs.sum() == pytest.approx(1, abs=1e-5)


def test_parts_are_those_of_all_scores_in_memory():
    text = TEXTS[0]
    indices = UNFITTED.head.index.samples(KEY, 32)
    scores = scores_of(hidden_of(MODEL.tokenizer.encode(text)), indices)
    probs = np.asarray(jax.nn.softmax(scores), float)
    mean, found = probs.mean(axis=0), UNFITTED.next_tokens([text], key=KEY)[0]
    np.testing.assert_allclose(found.probs, mean[-1], atol=1e-5)
    np.testing.assert_allclose(found.total, -(mean * np.log(mean)).sum(axis=1), atol=1e-5)
    np.testing.assert_allclose(found.aleatoric, -(probs * np.log(probs)).sum(axis=2).mean(axis=0), atol=1e-5)


def test_an_index_is_shared_by_texts_and_positions():
    """A text has the same numbers wherever it stands in a call: no index is drawn anew."""
    together = UNFITTED.next_tokens([TEXTS[0], TEXTS[1], TEXTS[0]], key=KEY)
    alone = UNFITTED.next_tokens([TEXTS[0]], key=KEY)[0]
    for one, other, third in zip(together[0], together[2], alone, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
        np.testing.assert_allclose(one, third, atol=1e-5)


def test_positions_go_in_blocks(monkeypatch):
    whole = UNFITTED.next_tokens(TEXTS, key=KEY)
    monkeypatch.setattr("gnothi.language.epistemic.SCORES_AT_ONCE", 40 * 5)
    monkeypatch.setattr("gnothi.language.hidden.READ_AT_ONCE", 32)
    for one, other in zip(whole, UNFITTED.next_tokens(TEXTS, key=KEY), strict=True):
        for nats, same in zip(one, other, strict=True):
            np.testing.assert_allclose(nats, same, atol=1e-5)


def test_a_uniform_head_is_the_log_of_the_vocabulary():
    silent = eqx.tree_at(lambda n: n.head.weight, NETWORK, jnp.zeros_like(NETWORK.head.weight))
    model = with_epinet(replace(MODEL, network=silent), TEXTS, SETTINGS, key=jax.random.key(1))
    found = model.next_tokens(TEXTS[:1], key=KEY)[0]
    np.testing.assert_allclose(found.total, np.log(40), atol=1e-5)
    np.testing.assert_allclose(found.epistemic, 0.0, atol=1e-5)
    choices = model.choices("the ", ["cat", "dog"], key=KEY)
    np.testing.assert_allclose(choices.probs, 0.5, atol=1e-6)
    assert (choices.total, choices.epistemic) == (pytest.approx(np.log(2), abs=1e-6), pytest.approx(0, abs=1e-6))


@pytest.mark.parametrize("per_token", [False, True])
def test_an_answer_has_one_index(per_token):
    """Log-probabilities of an answer's tokens are summed under one index, by hand in double precision."""
    answers = ["cat", "dog sat", "a"]
    start = MODEL.tokenizer.encode("the ")
    indices = UNFITTED.head.index.samples(KEY, 8)
    sums = np.zeros((8, 3))
    for column, answer in enumerate(answers):
        tokens = MODEL.tokenizer.encode(answer, special=False)
        hidden = hidden_of([*start, *tokens])[len(start) - 1 : -1]
        scores = np.asarray(scores_of(hidden, indices), float)
        log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
        summed = log_probs[:, np.arange(len(tokens)), tokens].sum(axis=1)
        sums[:, column] = summed / (len(tokens) if per_token else 1)
    by_index = np.exp(sums) / np.exp(sums).sum(axis=1, keepdims=True)
    found = UNFITTED.choices("the ", answers, key=KEY, num_samples=8, per_token=per_token)
    np.testing.assert_allclose(found.by_index, by_index, atol=1e-5)
    np.testing.assert_allclose(found.probs, by_index.mean(axis=0), atol=1e-5)
    mean = by_index.mean(axis=0)
    assert found.total == pytest.approx(-(mean * np.log(mean)).sum(), abs=1e-5)
    assert found.aleatoric == pytest.approx(-(by_index * np.log(by_index)).sum(axis=1).mean(), abs=1e-5)
    assert found.total == pytest.approx(found.epistemic + found.aleatoric, abs=1e-5) and found.epistemic >= -1e-6


def test_the_prior_shifts_by_what_was_measured():
    """A root mean square of `prior_scale` standard deviations, whatever the sizes of the epinet."""
    hidden = jnp.concatenate([hidden_of(MODEL.tokenizer.encode(text)) for text in TEXTS])
    for index_size, hidden_sizes in ((4, (16,)), (12, (64, 64))):
        settings = EpistemicSettings(index_size=index_size, hidden=hidden_sizes, prior_scale=0.5)
        head = with_epinet(MODEL, TEXTS, settings, key=jax.random.key(3)).head
        shifts = head.shifts(hidden, head.index.samples(KEY, 500)) / hidden.std(axis=0)
        assert float(jnp.sqrt(jnp.mean(shifts**2))) == pytest.approx(0.5, rel=0.25)


@pytest.fixture(scope="module")
def calls():
    return []


@pytest.fixture(scope="module")
def fitted(calls):
    found = UNFITTED.fit(TEXTS, key=jax.random.key(2), progress=lambda *call: calls.append(call))
    jax.effects_barrier()
    return found


def test_learning_changes_the_epinet_and_nothing_else(fitted, calls):
    assert len(calls) == 100 and {call[1] for call in calls} == {600}
    before, after = partition(UNFITTED.head), partition(fitted.head)
    same = [bool(jnp.array_equal(*pair)) for pair in zip(*map(jax.tree.leaves, (before[1], after[1])), strict=True)]
    assert all(same) and len(same) > 10  # decoder, prior, and what was measured
    learnt = jax.tree.leaves(before[0])
    assert sum(leaf.size for leaf in learnt) == 32 * 16 + 16 + (16 + 1) * 4 * 32  # the learnable epinet alone
    assert not any(bool(jnp.array_equal(*pair)) for pair in zip(learnt, jax.tree.leaves(after[0]), strict=True))


def test_what_was_read_is_less_unsure(fitted):
    model = UNFITTED
    read, unread = TEXTS, ["zyx wvu, qqq", "kkkk jjj vvv xxxx"]

    def unsure(model, texts):
        return np.concatenate([row.epistemic for row in model.next_tokens(texts, key=KEY)]).mean()

    kept = [unsure(fitted, texts) / unsure(model, texts) for texts in (read, unread)]
    assert kept[0] < 0.7 and kept[0] < kept[1]


def test_candidates_stand_for_the_vocabulary():
    """Weighted sums over candidates are right on average, exactly so if the vocabulary is taken whole."""
    hidden = hidden_of(MODEL.tokenizer.encode(TEXTS[0]))
    targets = jnp.arange(len(hidden)) % 40
    probs = jax.nn.softmax(NETWORK.scores(hidden))
    values = jnp.exp(jax.random.normal(jax.random.key(4), (40,)))
    tokens, log_weights = candidates(NETWORK, hidden, targets, KEY, 40)
    assert tokens.shape == (len(hidden), 41) and bool((tokens[:, 0] == targets).all())
    np.testing.assert_allclose(jnp.sum(jnp.exp(log_weights) * values[tokens], axis=1), probs @ values, rtol=1e-4)
    many = (hidden[0] * jnp.ones((4000, 1)), jnp.full(4000, 5), KEY, 12)
    tokens, log_weights = candidates(NETWORK, *many)
    sums = np.asarray(jnp.sum(jnp.exp(log_weights) * values[tokens], axis=1))
    assert sums.std() > 1e-3 and abs(sums.mean() - probs[0] @ values) < 4 * sums.std() / np.sqrt(4000)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="give a list of one text or more"):
        UNFITTED.next_tokens("one text", key=KEY)
    with pytest.raises(ValueError, match="a text must have from 1 to 64 tokens, got 72"):
        UNFITTED.next_tokens(["a" * 70], key=KEY)
    with pytest.raises(ValueError, match="num_samples must be 1 or more, got 0"):
        UNFITTED.next_tokens(TEXTS, key=KEY, num_samples=0)
    with pytest.raises(ValueError, match="give a list of two choices or more"):
        UNFITTED.choices("the ", ["cat"], key=KEY)
    with pytest.raises(ValueError, match="choice 1 has no tokens"):
        UNFITTED.choices("the ", ["cat", ""], key=KEY)
    with pytest.raises(ValueError, match="a choice with its prompt must have from 1 to 64"):
        UNFITTED.choices("the ", ["cat", "a" * 60], key=KEY)
    with pytest.raises(ValueError, match="prior_scale 0 or more"):
        EpistemicSettings(prior_scale=-1.0)
    with pytest.raises(ValueError, match="num_candidates must be 4 or more"):
        EpistemicSettings(num_candidates=3)
    single = letters()
    single.encode = lambda text: [3]
    with pytest.raises(ValueError, match="there is nothing that comes next"):
        with_epinet(replace(MODEL, tokenizer=single), ["a"], SETTINGS, key=KEY)


def prose():
    """Sentences of the news, each once."""
    path = SHARED / "glue" / "RTE" / "train.tsv"
    if not path.exists():
        pytest.skip("needs GLUE's RTE")
    with path.open() as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return list(dict.fromkeys(row["sentence1"] for row in rows))


def code(*modules):
    """The functions of modules of the standard library."""
    sources = [inspect.getsource(importlib.import_module(name)) for name in modules]
    return [
        ast.get_source_segment(source, node)
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    ]


def above(first, second):
    """How often a number of `second` is above one of `first`, with a bootstrap interval over texts."""
    both, strata = np.concatenate([first, second]), np.repeat([0, 1], [len(first), len(second)])

    def share(rows):
        values = both[rows]
        low, high = values[:, : len(first)], values[:, len(first) :]
        return ((high[:, None] > low[..., None]) + 0.5 * (high[:, None] == low[..., None])).mean(axis=(1, 2))

    return bootstrap_interval(share, len(both), strata)


@pytest.mark.slow
def test_smollm_knows_what_it_has_read():
    """Learnt on news or on Python, held-out text of the same kind is less unsure than of the other kind, both ways."""
    try:
        language = load("smollm2-135m")
    except FileNotFoundError as error:
        pytest.skip(str(error))
    tokenizer = language.tokenizer
    kinds = {
        "news": (prose()[:60], prose()[300:]),
        "code": (code("argparse", "heapq", "textwrap", "csv")[:40], code("shutil", "zipfile", "tarfile")),
    }
    for own, other in (("news", "code"), ("code", "news")):
        learnt = kinds[own][0]
        model = with_epinet(language, learnt, key=jax.random.key(0))
        fitted = model.fit(learnt, key=jax.random.key(1))
        unsure = {}
        for kind in (own, other):
            rows = [tokenizer.encode(text)[:32] for text in kinds[kind][1]]
            texts = [tokenizer.decode(row) for row in rows if len(row) == 32][:40]
            for name, which in (("before", model), ("after", fitted)):
                found = which.next_tokens(texts, key=jax.random.key(2), num_samples=8)
                unsure[name, kind] = np.array([[nats.epistemic.mean(), nats.total.mean()] for nats in found]).T
        before, after = ([unsure[name, kind] for kind in (own, other)] for name in ("before", "after"))
        print(f"\nlearnt {own}; then nats a token, {own} and {other}:")
        for name, pair in (("before", before), ("after", after)):
            print(
                f"  epistemic {name}", *(mean_interval(kind[0]) for kind in pair), "AUC", above(pair[0][0], pair[1][0])
            )
            print(f"  total {name}", *(mean_interval(kind[1]) for kind in pair), "AUC", above(pair[0][1], pair[1][1]))
        kept = [last[0] / first[0] for first, last in zip(before, after, strict=True)]
        print("  epistemic kept", *map(mean_interval, kept), "AUC", above(*kept))
        assert kept[0].mean() < min(0.9, kept[1].mean())
        assert above(after[0][0], after[1][0]).low > 0.5
