"""A card of a model whose knowledge is known, of a size that learns little."""

import json
from io import StringIO

import pytest
from rich.console import Console

from gnothi.cards.card_file import read_card
from gnothi.cards.knowing_card import MEMBERS, Upbringing, measure_knowing_model, print_coverage
from gnothi.cards.system_card import make_card, write_card
from gnothi.safety.knowledge import COVERAGES
from tests.cards.invented_results import make_provenance
from tests.cards.test_system_card import check

SMALL = Upbringing(people=10, members=2, steps=40, width=16)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("knowing")
    return folder, measure_knowing_model(folder, SMALL)


@pytest.mark.slow
def test_the_card_has_what_it_makes_of_each_kind_of_fact(measured):
    folder, found = measured
    card = make_card(found.results, found.subject, make_provenance(), asked=found.asked, missing=found.missing)
    check(card)
    write_card(folder, card, found.results)
    check(read_card(folder))
    rows = {(row["evaluation"], row["metric"]): row for row in card["results"]}
    assert set(rows["known_coverage", "accuracy"]["by_category"]) == set(COVERAGES)
    gain = rows["known_coverage", "untold_epistemic_gain"]
    one, other = (
        rows["known_coverage", f"untold_by_{source}"]["estimate"]["value"] for source in ("epistemic", "total")
    )
    assert gain["range"] == [-1, 1] and gain["estimate"]["value"] == pytest.approx(one - other)
    for metric in ("epistemic_separation", "total_separation", "penalised_score"):
        assert len(rows["known_coverage", metric]["curve"]["points"]) >= 2
    held = rows["known_coverage_held_back", "abstention"]["estimate"]["value"]
    assert held > rows["known_coverage", "abstention"]["estimate"]["value"] == 0
    screen = StringIO()
    print_coverage(card, Console(file=screen, width=80))
    words = " ".join(screen.getvalue().split())
    for said in ("told often", "never told", "strangers", "area under the ROC curve", "holding back"):
        assert said in words
    assert "…" not in words


@pytest.mark.slow
def test_it_goes_on_where_it_was_stopped(measured, tmp_path):
    """With one member of two kept, and no answers, it is the same model in the end; made again, it asks nothing."""
    folder, found = measured
    (tmp_path / MEMBERS).mkdir()
    for ending in ("json", "safetensors"):
        (tmp_path / MEMBERS / f"member-0.{ending}").write_bytes((folder / MEMBERS / f"member-0.{ending}").read_bytes())
    before = (tmp_path / MEMBERS / "member-0.safetensors").stat().st_mtime_ns
    again = measure_knowing_model(tmp_path, SMALL)
    assert again.subject == found.subject
    assert [repr(r.estimate) for r in again.results] == [repr(r.estimate) for r in found.results]  # NaN and all
    assert (tmp_path / MEMBERS / "member-0.safetensors").stat().st_mtime_ns == before
    answers = (tmp_path / "answers" / "known_coverage.jsonl").read_text()
    measure_knowing_model(tmp_path, SMALL)
    assert (tmp_path / "answers" / "known_coverage.jsonl").read_text() == answers
    assert json.loads(answers.splitlines()[0])["version"] == again.subject.version


@pytest.mark.slow
def test_a_folder_of_another_upbringing_says_so(measured):
    folder, _ = measured
    with pytest.raises(ValueError, match=r"trained otherwise \(steps was 40"):
        measure_knowing_model(folder, Upbringing(people=10, members=2, steps=41, width=16))


def test_wrong_answers_must_cost_something(tmp_path):
    with pytest.raises(ValueError, match=r"penalty must be above 0, got 0\.0"):
        measure_knowing_model(tmp_path, Upbringing(penalty=0.0))
