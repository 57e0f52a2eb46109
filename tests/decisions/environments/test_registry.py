"""Environments by name."""

import pytest

from gnothi.decisions.environments import ENVIRONMENTS, Cartpole, DeepSea, SwingUp, find_environment


def test_names_and_settings():
    found = find_environment("deep_sea:size=20,stochastic=True")
    assert isinstance(found, DeepSea) and found.size == 20 and found.stochastic and found.mapping_seed == 42
    assert find_environment("swing_up") == SwingUp()
    assert find_environment("swing_up:height_threshold=1,move_cost=0.0") == SwingUp(height_threshold=1.0, move_cost=0.0)
    assert find_environment("mine", {"mine": Cartpole}) == Cartpole()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_can_be_made(name):
    pytest.importorskip("gymnax")
    environment = find_environment(name)
    assert environment.num_actions >= 2 and environment.observation_shape and environment.compiled


def test_settings_of_gymnaxs():
    pytest.importorskip("gymnax")
    assert find_environment("umbrella_chain:chain_length=7,num_distractors=2").observation_shape == (5,)
    assert find_environment("catch:rows=6").observation_shape == (6, 5)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("deepsea", "no environment is called 'deepsea'. Did you mean 'deep_sea'\\? There are: deep_sea, swing_up, "),
        ("deep_sea:depth=3", "deep_sea has no setting 'depth'. There are: size, stochastic, "),
        ("deep_sea:size=big", "deep_sea: size must be of type int, as 10 is, got 'big'"),
        ("deep_sea:", "deep_sea: is not like deep_sea:field=value,field=value"),
        ("deep_sea:size=1", "size must be 2 or more, got 1"),
    ],
)
def test_what_is_wrong_is_said(name, message):
    with pytest.raises(ValueError, match=message):
        find_environment(name)
