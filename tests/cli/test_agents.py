"""`gnothi agents`: the table, and the names of sweeps."""

import pytest

from gnothi.agents import AGENTS, find_agent
from gnothi.cli.main import main


def test_every_agent_is_listed(capsys):
    main(["agents"])
    told = capsys.readouterr().out
    assert "hypermodel" in told and "sgmcmc" in told


def test_a_sweep_is_names_that_can_be_run(capsys):
    main(["agents", "--sweep", "sgmcmc"])
    names = capsys.readouterr().out.split()
    assert len(names) == 24
    assert all(find_agent(name, AGENTS).interval == 1000 for name in names)
    main(["agents", "--sweep", "sgmcmc", "--real"])
    assert len(capsys.readouterr().out.split()) == 60


def test_an_agent_without_a_sweep_is_refused(capsys):
    with pytest.raises(SystemExit) as end:
        main(["agents", "--sweep", "epinet"])
    assert end.value.code == 2
    assert "no sweep of 'epinet' was published" in capsys.readouterr().err
