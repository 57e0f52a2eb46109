"""Agents in a stranger's file: what they are told, what they must return, and that a changed file is another agent."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnothi.agents import AGENTS
from gnothi.testbed import grid
from gnothi.testbed.problems import evaluate
from gnothi.testbed.run import config_hash
from gnothi.testbed.submission import SubmittedSampler, submitted_agent
from gnothi.testbed.user_file import call_told, load_function

HALVES = "import numpy as np\ndef fit(X, y):\n    return lambda X, n: np.full((n, len(X), 2), 0.5)\n"
KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def problem():
    return grid("few", (2,), (10,), (0.1,), (0,))[0].make()


def write(folder, code):
    (folder / "mine.py").write_text(code)
    return submitted_agent(f"{folder / 'mine.py'}:fit")


def test_a_uniform_stranger_scores_what_ours_does(tmp_path, problem):
    name, agent = write(tmp_path, HALVES)
    data, know = problem.train_data, problem.prior_knowledge
    theirs, ours = (evaluate(problem, a(data, know, KEY)) for a in (agent, AGENTS["uniform"]))
    assert name == "mine.fit"
    assert {at: e.value for at, e in theirs.items()} == pytest.approx({at: e.value for at, e in ours.items()}, rel=1e-4)


def test_a_changed_file_is_another_agent(tmp_path):
    first, second = (config_hash(*write(tmp_path, HALVES + extra)) for extra in ("", "# again\n"))
    assert first != second


def test_fit_is_told_what_it_asks_for(tmp_path, problem):
    code = (
        "import numpy as np\ndef fit(X, y, temperature, num_classes):\n"
        "    assert temperature == 0.1 and num_classes == 2 and X.shape == (20, 2) and y.dtype.kind == 'i'\n"
        "    return lambda X, n: np.full((n, len(X), 2), 0.5)\n"
    )
    _, agent = write(tmp_path, code)
    assert agent(problem.train_data, problem.prior_knowledge, KEY).predict(jnp.asarray(problem.test_inputs)).shape == (
        1,
        2000,
        2,
    )
    assert call_told(lambda x, seed: (x, seed), 1, seed=3, temperature=2) == (1, 3)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (np.full((3, 5, 2), 0.5), "array \\[n, 4, 2\\]"),
        (np.full((9, 4, 2), 0.5), "got shape \\(9, 4, 2\\)"),
        (np.full((4, 2), 0.5), "got shape \\(4, 2\\)"),
        (np.full((3, 4, 2), 3.0), "are these logits"),
        (np.full((3, 4, 2), [1.5, -0.5]), "at least 0"),
    ],
)
def test_what_is_no_array_of_probabilities_is_refused(answer, complaint):
    sampler = SubmittedSampler(lambda X, n: answer, 2, "mine.py:fit")
    with pytest.raises(ValueError, match=complaint):
        sampler.predict(jnp.zeros((4, 3)), jnp.arange(3))


def test_nan_stays_nan_and_the_impossible_stays_finite():
    answer = np.array([[[1.0, 0.0], [np.nan, np.nan]]])
    logits = SubmittedSampler(lambda X, n: answer, 2, "mine.py:fit").predict(jnp.zeros((2, 1)))
    assert np.isfinite(logits[0, 0]).all() and np.isnan(logits[0, 1]).all()


def test_what_cannot_be_loaded_says_why(tmp_path):
    with pytest.raises(ValueError, match=r"write FILE\.py:NAME"):
        load_function("mine")
    with pytest.raises(ValueError, match="no file"):
        load_function("nowhere.py:fit")
    (tmp_path / "mine.py").write_text(HALVES)
    with pytest.raises(ValueError, match="what can be called there is fit"):
        load_function(f"{tmp_path / 'mine.py'}:fits")
