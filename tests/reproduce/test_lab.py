"""A reproduction's folder: what it holds, that runs resume, and that names are checked."""

import json
from dataclasses import replace

import altair as alt
import pytest
from rich.console import Console

from gnothi.agents import AGENTS
from gnothi.cards import below
from gnothi.cli.reproduce import Reproduce
from gnothi.metrics import Estimate
from gnothi.reproduce import REPRODUCTIONS, Findings, Lab, reproduce
from gnothi.testbed import grid


@pytest.fixture
def lab(tmp_path):
    return Lab("smoke", tmp_path / "run", 1, Console(quiet=True))


def test_the_command_knows_every_reproduction():
    names = Reproduce.__dataclass_fields__["name"].type
    assert all(name in str(names) for name in REPRODUCTIONS)


def test_a_size_for_each_scale(lab):
    assert lab.choose(smoke=1, laptop=2, paper=3) == 1
    assert replace(lab, scale="paper").choose(smoke=1, laptop=2, paper=3) == 3


def test_runs_give_the_records_of_what_was_asked_for_only(lab):
    specs = grid("few", (2,), (5,), (0.1,), range(2))
    both = lab.run_testbed({"uniform": AGENTS["uniform"]}, specs)
    files = {path: path.stat().st_mtime_ns for path in lab.folder.glob("**/*.jsonl")}
    one = lab.run_testbed({"uniform": AGENTS["uniform"]}, specs[:1])
    assert {record.evaluation for record in both} == {spec.name for spec in specs}
    assert one == [record for record in both if record.evaluation == specs[0].name]
    assert files == {path: path.stat().st_mtime_ns for path in lab.folder.glob("**/*.jsonl")}


def test_claims_and_figure_are_written(lab):
    claim = below("less", "half", Estimate(0.5, 0.4, 0.6, units=12), 1.0)
    chart = alt.layer(alt.Chart(alt.Data(values=[{"x": 1}])).mark_point().encode(x="x:Q"))
    lab.write("a name", Findings((claim,), chart))
    about = json.loads((lab.folder / "claims.json").read_text())
    assert about["claims"][0]["estimate"]["units"] == 12 and about["claims"][0]["holds"]
    assert (lab.folder / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert "http" not in (lab.folder / "figure.html").read_text().split("<body")[1][:200]


def test_a_stranger_is_told_what_there_is(lab):
    with pytest.raises(ValueError, match="there are enn, testbed"):
        reproduce("nothing", lab)
