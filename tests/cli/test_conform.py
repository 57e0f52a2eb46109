"""`gnothi conform`, as a user meets it."""

import json

import pytest

from gnothi.cli.main import main

FILE = """
import numpy as np

def probabilities(values):
    return np.stack([1 / (1 + np.exp(-values)), 1 / (1 + np.exp(values))], axis=2)

def joint(X, y):
    rng = np.random.default_rng(0)
    return lambda X, n: probabilities(rng.normal(size=(n, X.shape[1])) @ X.T)

def marginal(X, y):
    rng = np.random.default_rng(0)
    return lambda X, n: probabilities(rng.normal(size=(n, len(X))) * np.linalg.norm(X, axis=1))

def short(X, y):
    return lambda X, n: np.zeros((n, len(X)))

number = 3
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def conform(*arguments):
    """The exit status."""
    try:
        main(["conform", *map(str, arguments)])
    except SystemExit as stopped:
        return stopped.code
    return 0


def test_a_joint_sampler_passes(file, capsys):
    assert conform(f"{file}:joint", "--num-samples", "200") == 0
    printed = capsys.readouterr().out
    assert "distinct samples" in printed
    assert "Nothing contradicts a joint prediction" in printed


def test_a_marginal_sampler_fails_with_its_cause(file, tmp_path, capsys):
    assert conform(f"{file}:marginal", "--json", "--num-samples", "200", "--out", tmp_path / "new") == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "new" / "conformance.json").read_text())
    assert not printed["passed"]
    failed = [check for check in printed["checks"] if check["verdict"] == "fail"]
    assert [check["name"] for check in failed] == ["duplicates"]
    assert "mask" in failed[0]["meaning"]
    assert failed[0]["measured"] > 1


def test_an_agent_can_be_named(capsys):
    assert conform("--agent", "uniform") == 0
    assert "a point prediction" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "either FILE.py:NAME or --agent NAME"),
        (("{file}:joint", "--agent", "mlp"), "either FILE.py:NAME or --agent NAME"),
        (("{file}",), "write FILE.py:NAME"),
        (("{file}x.py:joint",), "there is no file"),
        (("{file}:joined",), "joined is not there"),
        (("{file}:number",), "number is no function in"),
        (("{file}:short",), "must return an array [n, inputs, outputs]"),
        (("--agent", "epinett"), "Did you mean 'epinet'?"),
        (("--agent", "mlp", "--problem", "linear"), "leave --problem linear out"),
    ],
)
def test_wrong_input_is_said(file, capsys, arguments, words):
    assert conform(*(argument.format(file=file) for argument in arguments)) == 2
    assert words in capsys.readouterr().err


def test_help_has_an_example(capsys):
    assert conform("--help") == 0
    assert "Example: gnothi conform mine.py:fit" in capsys.readouterr().out
