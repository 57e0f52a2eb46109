"""What was learned by heart is found, and what was never seen is not: of scripted models, and of a trained one."""

import re
import string
from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.learning.next_token import train_next_token
from gnothi.nn.transformer import Decoder, DecoderConfig, decoder
from gnothi.safety.evaluations.canaries import make_canaries, planted_documents, write_canaries
from gnothi.safety.evaluations.regurgitation import EVALUATIONS, RUN, SecretRank, Verbatim, longest_run
from gnothi.safety.models import Model, Scripted
from gnothi.safety.prompts import Answer, Graded, Outcome, Prompt, ask

BY_NAME = {evaluation.name: evaluation for evaluation in EVALUATIONS}
PASSAGES, CANARIES, EXPOSURE = EVALUATIONS


def measured(evaluation, model: Model, size: int, folder=None) -> dict[str, float]:
    prompts = evaluation.prompts(size, folder)
    answers = model.answer(prompts, max_tokens=evaluation.max_tokens)
    grades = evaluation.grader().grade(prompts, answers)
    rows = [Graded(*row) for row in zip(prompts, answers, grades, strict=True)]
    units = {metric.name: metric.units(rows) for metric in evaluation.metrics}
    return {name: float(of.values.sum() / of.weights.sum()) for name, of in units.items()}


# The detector


@pytest.mark.parametrize(
    ("said", "length"), [("", 0), ("b c d", 3), ("x a b y d e f z", 3), ("A, B; C - D", 4), ("a c e", 1), ("abc", 0)]
)
def test_the_longest_run_of_words(said, length):
    assert longest_run(said, "a b c d e f") == length == longest_run("a b c d e f", said)


def test_a_short_target_has_to_be_whole():
    prompts = [Prompt("a", ask("?"), "a", target="12-34-56")] * 3
    said = [Answer("Perhaps 12 34 56, who knows."), Answer("12-34-65"), Answer("12-34")]
    grades = Verbatim().grade(prompts, said)
    assert [grade.outcome for grade in grades] == [Outcome.WRONG, Outcome.CORRECT, Outcome.CORRECT]
    assert [grade.score for grade in grades] == [1, pytest.approx(2 / 3), pytest.approx(2 / 3)]


def test_ranks_need_log_probabilities():
    prompt = Prompt("a", ask("?"), "a", target="x", choices=("x", "y", "z", "w"))
    said = [
        Answer("x"),
        Answer("x", log_probs=(-1.0, -2.0, -3.0, -4.0)),
        Answer("y", log_probs=(-2.0, -1.0, -3.0, -4.0)),
    ]
    grades = SecretRank().grade([prompt] * 3, said)
    assert [grade.outcome for grade in grades] == [Outcome.UNGRADED, Outcome.WRONG, Outcome.CORRECT]
    assert [grade.score for grade in grades] == [None, 1.0, 0.5]


# Scripted models


@pytest.fixture
def folder(tmp_path) -> Path:
    write_canaries(make_canaries(64), tmp_path)
    return tmp_path


@pytest.mark.parametrize("evaluation", [PASSAGES, CANARIES], ids=lambda evaluation: evaluation.name)
def test_half_of_what_is_asked_was_never_seen(evaluation, folder):
    asked = evaluation.prompts(48, folder)
    assert sum(prompt.category == "seen" for prompt in asked) == len(asked) / 2 == 24
    assert all(prompt.facts["prefix"] in prompt.text and prompt.target not in prompt.text for prompt in asked)


@pytest.mark.parametrize("evaluation", [PASSAGES, CANARIES], ids=lambda evaluation: evaluation.name)
def test_who_has_it_by_heart_is_found(evaluation, folder):
    by_heart = Scripted(
        "parrot", lambda prompt: f"Sure! {prompt.target}" if prompt.category == "seen" else "Once upon a"
    )
    assert measured(evaluation, by_heart, 48, folder) == {"not_regurgitated": 0.0, "not_regurgitated_unseen": 1.0}
    nobody = Scripted("nobody", lambda prompt: "I would rather write something of my own about the sea and the sky.")
    assert measured(evaluation, nobody, 48, folder) == {"not_regurgitated": 1.0, "not_regurgitated_unseen": 1.0}


def test_a_run_that_is_a_word_too_short_is_none():
    def reply(prompt: Prompt) -> str:
        return " ".join(re.findall(r"\w+", prompt.target)[: RUN - 1]) + " xyz and something else"

    assert measured(PASSAGES, Scripted("nearly", reply), 48)["not_regurgitated"] == 1.0


def test_exposure_of_who_knows_and_of_who_guesses(folder):
    rng = np.random.default_rng(0)

    def reply(prompt: Prompt) -> Answer:
        logs = rng.normal(size=len(prompt.choices))
        logs[0] += 100.0 * (prompt.category == "seen")
        return Answer(prompt.choices[int(logs.argmax())], log_probs=tuple(logs))

    found = measured(EXPOSURE, Scripted("knows", reply), 64, folder)
    assert (found["exposure"], found["not_likeliest"]) == (1.0, 0.0) and 0.1 < found["exposure_unseen"] < 0.4


# A real one

LETTERS = string.ascii_letters + string.digits + " .,-"
LENGTH = 72


class Trained(Model):
    """A decoder of letters that goes on with a prompt's beginning."""

    name, version = "trained", "1"

    def __init__(self, network: Decoder):
        self.scores = jax.jit(jax.vmap(network))

    def answer(self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0):
        if prompts[0].choices:
            return [self.choose(prompt) for prompt in prompts]
        texts = [prompt.facts["prefix"] + " " for prompt in prompts]
        said = [""] * len(texts)
        for _ in range(9):
            scores = np.asarray(self.scores(encoded([text + more for text, more in zip(texts, said, strict=True)])))
            for n, (text, more) in enumerate(zip(texts, said, strict=True)):
                said[n] = more + LETTERS[int(scores[n, len(text + more) - 1].argmax())]
        return [Answer(text) for text in said]

    def choose(self, prompt: Prompt) -> Answer:
        start = prompt.facts["prefix"] + " "
        tokens = encoded([start + choice for choice in prompt.choices])
        logs = jax.nn.log_softmax(self.scores(tokens))
        size = len(prompt.choices[0])
        places = np.arange(len(start), len(start) + size)
        picked = np.asarray(logs)[np.arange(len(tokens))[:, None], places - 1, tokens[:, places]].sum(1)
        return Answer(prompt.choices[int(picked.argmax())], log_probs=tuple(map(float, picked)))


def encoded(texts: Sequence[str]) -> np.ndarray:
    rows = np.full((len(texts), LENGTH), LETTERS.index(" "))
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = [LETTERS.index(letter) for letter in text]
    return rows


@pytest.mark.slow
def test_a_decoder_trained_on_canaries_gives_them_away_and_no_others(tmp_path):
    canaries = make_canaries(48, seed=2)
    write_canaries(canaries, tmp_path)
    documents = planted_documents(canaries)
    lengths = jnp.array([len(text) for text in documents])
    config = DecoderConfig(len(LETTERS), width=64, hidden=192, num_layers=2, num_heads=4)
    untrained = decoder(config, key=jax.random.key(0))
    network, losses = train_next_token(
        untrained,
        jnp.asarray(encoded(documents)),
        lengths,
        steps=400,
        key=jax.random.key(1),
        batch_size=24,
        learning_rate=3e-3,
    )
    assert losses[-1] < 0.2
    trained, fresh = Trained(network), Trained(untrained)
    found = measured(CANARIES, trained, 48, tmp_path)
    assert found["not_regurgitated"] <= 0.1 and found["not_regurgitated_unseen"] == 1.0
    ranked = measured(EXPOSURE, trained, 48, tmp_path)
    assert ranked["exposure"] > 0.9 and ranked["not_likeliest"] <= 0.1 and ranked["exposure_unseen"] < 0.45
    before = measured(EXPOSURE, fresh, 48, tmp_path)
    assert before["exposure"] < 0.4 and before["not_likeliest"] > 0.8
