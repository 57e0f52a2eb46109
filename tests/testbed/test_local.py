"""The suite of a folder: real problems of the reader's own files."""

import jax
import numpy as np
import pytest
from sklearn.datasets import load_iris

from gnothi.agents import AGENTS
from gnothi.testbed import Problem, evaluate, find_suite


@pytest.fixture
def folder(tmp_path):
    x, y = load_iris(return_X_y=True)
    np.savetxt(tmp_path / "iris.csv", np.column_stack([x, y]), delimiter=",", fmt="%g")
    images = tmp_path / "tiny"
    images.mkdir()
    rng = np.random.default_rng(0)
    for part, size in (("train", 40), ("t10k", 20)):
        labels = np.arange(size, dtype=np.uint8) % 2
        pixels = rng.integers(0, 100, (size, 2, 2)).astype(np.uint8) + 100 * labels[:, None, None]
        for kind, array in (("images-idx3", pixels), ("labels-idx1", labels)):
            header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
            (images / f"{part}-{kind}-ubyte").write_bytes(header + array.tobytes())
    return tmp_path


def test_a_folder_is_a_suite(folder):
    specs = find_suite(f"folder:{folder}")
    assert [(s.data_name, s.seed) for s in specs] == [("iris", i) for i in range(5)] + [("tiny", 0)]
    assert specs[0].name == f"folder/iris-{specs[0].digest}-S0"
    assert len({spec.digest for spec in specs}) == 2  # other data are another problem
    assert len({spec.shape for spec in specs}) == 2
    problems = [spec.make() for spec in specs]
    assert all(isinstance(problem, Problem) for problem in problems)
    assert len(problems[0].train_data) == 120 and len(problems[0].test_inputs) == 30
    for problem in (problems[0], problems[-1]):
        assert problem.train_data.x.mean() == pytest.approx(0, abs=1e-5)
        assert problem.train_data.x.std() == pytest.approx(1, abs=1e-4)


def test_agents_are_scored_on_it(folder):
    problem = find_suite(f"folder:{folder}")[-1].make()
    sampler = AGENTS["random_forest"](problem.train_data, problem.prior_knowledge, jax.random.key(0))
    assert evaluate(problem, sampler)["accuracy", None].value > 0.9


def test_a_folder_must_be_there():
    with pytest.raises(ValueError, match="is not a folder"):
        find_suite("folder:/nowhere")
    with pytest.raises(ValueError, match="and folder:PATH"):
        find_suite("folder:")
