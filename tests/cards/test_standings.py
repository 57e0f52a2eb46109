"""The page of the leaderboard: what is in it, and that its figures are those of the records."""

import re

import pytest

from gnothi.cards import leaderboards, write_standings
from gnothi.testbed.peers import peer_scores
from tests.cards.invented_runs import make_record, make_records, write_run


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    records = [r for r in make_records(3) if r.suite == "classification"]
    floor = [make_record("exact", r.evaluation, 0.5 * r.value, r.tau) for r in records if r.subject == "epinet"][:20]
    theirs = [s for s in peer_scores() if s.suite == "published" and s.what == "kl" and s.agent != "posterior"]
    published = [
        make_record(s.agent, f"published/{s.index}-D2-N2-T0.1", 0.5 * s.value, s.tau, config_hash="00000001")
        for s in theirs
    ]
    records = [r for r in records if r.subject != "uniform"] + [
        make_record("uniform", r.evaluation, r.value, r.tau, train_flops=0.0, num_train=r.num_train,
                    input_size=r.input_size, temperature=r.temperature, data_ratio=r.data_ratio)
        for r in records if r.subject == "uniform"
    ]  # fmt: skip
    run = write_run(folder / "run", [*records, *floor])
    from gnothi.sweep import RunFolder, write_records

    write_records(RunFolder(run).cell("published/all"), published)
    write_standings(run, folder / "board.md", "gnothi testbed leaderboard --sweep classification")
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
    assert rows[0].startswith("| `exact` | 10 |")
    assert all(re.search(r"\[.*\]", row) for row in rows[1:])


def test_ours_stand_beside_theirs(page):
    text, _ = page
    section = text.split("Ours beside theirs")[1]
    line = next(line for line in section.splitlines() if line.startswith("| `ensemble+`"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1] == "24"
    assert float(cells[2]) == pytest.approx(0.775 / 2, abs=2e-3)  # these records are half of theirs
    assert float(cells[3]) == pytest.approx(0.775, abs=2e-3)
