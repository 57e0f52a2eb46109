"""The page of the leaderboard: what is in it, and that its figures are those of the records."""

import re
from dataclasses import replace

import pytest

from gnothi.agents import AGENTS
from gnothi.cards import leaderboards, write_standings
from gnothi.sweep import RunFolder
from gnothi.testbed.peers import peer_scores
from gnothi.testbed.run import config_hash
from tests.cards.invented_runs import make_record, make_records, write_run


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    records = [r for r in make_records(3) if r.suite == "classification"]
    floor = [make_record("exact", r.evaluation, 0.5 * r.value, r.tau) for r in records if r.subject == "epinet"][:20]
    lost = floor[0].evaluation  # too few effective samples there
    floor.append(make_record("exact", lost, 12.0, None, metric="effective_sample_size"))
    theirs = [s for s in peer_scores() if s.suite == "published" and s.what == "kl" and s.agent != "posterior"]
    published = [make_record(s.agent, f"published/{s.index}-D2-N2-T0.1", 0.5 * s.value, s.tau) for s in theirs]
    stale = [make_record("mlp", r.evaluation, 0.0, r.tau) for r in records if r.subject == "mlp"][:4]
    present = [
        replace(r, config_hash=config_hash(r.subject, AGENTS[r.subject])) for r in (*records, *floor, *published)
    ]
    run = write_run(folder / "run", [*present, *stale])
    RunFolder(run).describe(command="gnothi testbed leaderboard --sweep classification")
    write_standings(run, folder / "board.md")
    return (folder / "board.md").read_text(), records


def test_command_versions_and_suites_are_named(page):
    text, _ = page
    assert "`gnothi testbed leaderboard --sweep classification`" in text
    assert "gnothi 0.1.0, jax 0.0" in text
    assert "## classification: 54 problems" in text and "## published: 24 problems" in text


def test_scores_are_those_of_the_records_with_intervals_and_ranks(page):
    text, records = page
    (board,) = leaderboards(records)
    best = board.at(10)[0]
    line = next(line for line in text.splitlines() if line.startswith(f"| `{best.agent}`"))
    assert f"{best.score:.3f} [{best.low:.3f}, {best.high:.3f}]" in line
    assert f"1 [{best.rank_low}, {best.rank_high}]" in line


def test_the_floor_is_paired(page):
    text, _ = page
    section = text.split("Excess over the posterior")[1].split("##")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows[0].startswith("| `exact` | 9 |")  # of ten, one is not to be trusted
    assert all(re.search(r"\[.*\]", row) for row in rows[1:])


def test_ours_stand_beside_theirs(page):
    text, _ = page
    section = text.split("Ours beside theirs")[1]
    line = next(line for line in section.splitlines() if line.startswith("| `ensemble+`"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1] == "24"
    assert float(cells[2]) == pytest.approx(0.775 / 2, abs=2e-3)  # these records are half of theirs
    assert float(cells[3]) == pytest.approx(0.775, abs=2e-3)


def test_an_agent_that_did_a_part_has_a_table_of_its_own_and_old_settings_do_not_count(page):
    text, _ = page
    section = text.split("On a part of the problems")[1].split("Excess over")[0]
    assert "| `exact` | 9 | at most 20 data, 5 of each cell |" in section
    assert "`mlp` |" in text and "mlp 0123abcd" not in text


def test_a_score_that_is_not_finite_is_shown_and_not_dropped(tmp_path):
    records = [
        make_record(a, f"classification/D2-N20-T0.1-S{i}", v)
        for a, v in (("uniform", 1.0), ("mlp", 0.5))
        for i in range(6)
    ]
    records[-1] = replace(records[-1], value=float("nan"))
    present = [replace(r, config_hash=config_hash(r.subject, AGENTS[r.subject])) for r in records]
    write_standings(write_run(tmp_path / "run", present), tmp_path / "board.md")
    text = (tmp_path / "board.md").read_text()
    assert "## classification: 6 problems" in text
    assert "mlp has no finite score on 1 of 6 problems" in text
