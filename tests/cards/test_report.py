import json
import math
import re

import pytest

from gnothi.cards import write_picture, write_report
from tests.cards.invented_runs import make_portrait, make_record, make_records, write_run

LOADS = re.compile(
    r"""(?:src|href|action|data|srcset)\s*=\s*["']?\s*(?:https?:)?//|@import|url\(\s*["']?(?:https?:)?//"""
)


def without_library(page: str) -> str:
    """The page without the charting library, whose text is not ours."""
    return re.sub(r"<script>.{500000,}?</script>", "", page, count=1, flags=re.DOTALL)


def specs(page: str) -> list[dict]:
    return [json.loads(text) for text in re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)]


def test_page_is_one_file_that_loads_nothing(run_folder):
    path = write_report(run_folder)
    page = path.read_text()
    ours = without_library(page)
    assert path == run_folder / "report.html"
    assert len(page) - len(ours) > 500_000
    assert len(page) < 2_000_000
    assert page.count("window.vegaEmbed=") == 1
    assert not LOADS.search(ours)
    assert "https://" not in ours
    assert "default-src 'none'" in ours
    assert [p.name for p in run_folder.iterdir() if p.name.startswith(".report")] == []


def test_page_says_what_was_found_and_how_to_repeat_it(run_folder):
    page = without_library(write_report(run_folder).read_text())
    assert page.count("<h1>") == 1
    titles = re.findall(r"<h2>(.*?)</h2>", page)
    assert titles[0] == "Leaderboard"
    assert titles[-2:] == ["How to read this", "Provenance"]
    assert "Real data" in titles
    assert len(specs(page)) == 2 + 1 + 1 + 3 + 2
    assert "gnothi testbed run --suite demo" in page
    assert "gnothi 0.1.0, jax 0.0" in page


def test_names_are_escaped(tmp_path):
    evil = "</script><script>alert(1)</script>"
    records = [make_record(a, f"toy/D2-S{i}", 0.5 + i) for a in ("uniform", evil) for i in range(6)]
    path = write_run(tmp_path / "run", records, [make_portrait("epinet", 1.0) | {"problem": evil}])
    page = without_library(write_report(path).read_text())
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert any(evil in json.dumps(spec) for spec in specs(page))


def test_nonfinite_values_are_on_the_page(tmp_path):
    values = {"uniform": 1.0, "bad": math.inf}
    records = [make_record(a, f"toy/D2-S{i}", v) for a, v in values.items() for i in range(6)]
    page = without_library(write_report(write_run(tmp_path / "run", records)).read_text())
    assert "<b>inf</b>" in page
    assert "bad has no finite score on 6 of 6 problems" in page
    assert "Not drawn, for want of a finite score: bad" in page


@pytest.mark.parametrize(
    "keep",
    [
        lambda r: r.suite == "real",
        lambda r: r.subject == "mlp",
        lambda r: r.subject != "uniform",
        lambda r: r.tau == 1,
        lambda r: r.evaluation.endswith("T0.1-S0"),
        lambda r: r.subject == "mlp" or r.evaluation.endswith("S0"),
    ],
    ids=["real", "one agent", "no uniform", "one tau", "few problems", "unfinished"],
)
def test_page_copes_with_what_is_missing(tmp_path, keep):
    run = write_run(tmp_path / "run", [r for r in make_records() if keep(r)])
    page = without_library(write_report(run).read_text())
    assert "<h1>" in page
    assert ">nan" not in page
    assert "no problem in the plane" in page
    assert specs(page)


def test_unreadable_portrait_says_what_to_do(run_folder):
    (run_folder / "portraits" / "mlp.json").write_text("{")
    with pytest.raises(ValueError, match=r"mlp.json cannot be read .* delete it"):
        write_report(run_folder)


def test_no_run_no_report(tmp_path):
    with pytest.raises(ValueError, match="holds no run"):
        write_report(tmp_path / "nothing")


@pytest.mark.parametrize("drawn", [True, False])
def test_picture_is_a_png(tmp_path, records, drawn):
    portraits = [make_portrait("mlp", 0), make_portrait("epinet", 0.6)] if drawn else []
    run = write_run(tmp_path / "run", records, portraits)
    write_picture(run, tmp_path / "new" / "picture.png")
    assert (tmp_path / "new" / "picture.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
