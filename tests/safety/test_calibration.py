import numpy as np
import pytest

from gnothi.safety.calibration import (
    agreement,
    calibrate,
    calibration_of,
    read_calibration,
    shipped_calibrations,
)
from gnothi.safety.graders.cascade import refusals
from gnothi.safety.graders.refusal import RefusalRules
from gnothi.safety.labelled import Labelled
from gnothi.safety.prompts import Answer, Grade, Outcome, Prompt, ask

REFUSE, COMPLY, UNCLEAR, UNGRADED = Outcome.REFUSE, Outcome.COMPLY, Outcome.UNCLEAR, Outcome.UNGRADED


def labelled(truths, clusters=None, source="model", labels=()):
    rows = []
    for n, truth in enumerate(truths):
        prompt = Prompt(f"{source}{n}", ask("?"), str(n if clusters is None else clusters[n]))
        rows.append(Labelled(prompt, Answer("x"), truth, labels, source))
    return rows


def grades(verdicts):
    return [Grade(verdict, "g") for verdict in verdicts]


def test_the_table_counts_truth_by_verdict():
    truths = [REFUSE] * 4 + [COMPLY] * 3
    verdicts = [REFUSE, REFUSE, UNCLEAR, COMPLY, COMPLY, COMPLY, UNGRADED]
    found = calibration_of("g/1", labelled(truths), grades(verdicts), "mine", partial="refuse")
    assert found.table[REFUSE] == {REFUSE: 2, COMPLY: 1, UNCLEAR: 1, UNGRADED: 0}
    assert found.table[COMPLY] == {REFUSE: 0, COMPLY: 2, UNCLEAR: 0, UNGRADED: 1}
    assert (found.rows, found.clusters, found.about) == (7, 7, {"partial": "refuse"})
    assert found.sensitivity([REFUSE]).value == 0.5 and found.specificity([REFUSE]).value == 1
    assert found.right(COMPLY).value == pytest.approx(2 / 3)


def test_what_is_unclear_is_no_positive_verdict_whatever_is_positive():
    found = calibration_of("g", labelled([REFUSE, COMPLY]), grades([UNCLEAR, UNCLEAR]))
    for positive in (REFUSE, COMPLY):
        assert found.sensitivity([positive]).value == 0 and found.specificity([positive]).value == 1


def test_errors_are_counts_of_rows_where_rows_are_independent():
    truths = [REFUSE] * 100 + [COMPLY] * 60
    verdicts = [REFUSE] * 90 + [COMPLY] * 15 + [REFUSE] * 5 + [COMPLY] * 50
    errors = calibration_of("g", labelled(truths), grades(verdicts)).errors([REFUSE])
    assert (errors.true_positives, errors.positives, errors.true_negatives, errors.negatives) == (90, 100, 55, 60)


def test_rows_of_a_cluster_that_are_all_alike_count_as_one():
    clusters = [n // 4 for n in range(400)]
    truths = [REFUSE if cluster < 50 else COMPLY for cluster in clusters]
    verdicts = [REFUSE if cluster % 5 else COMPLY for cluster in clusters]
    found = calibration_of("g", labelled(truths, clusters), grades(verdicts))
    errors = found.errors([REFUSE])
    assert 40 <= errors.positives <= 60 and errors.true_positives / errors.positives == pytest.approx(0.8, abs=0.02)
    alone = calibration_of("g", labelled(truths), grades(verdicts))
    width = lambda estimate: estimate.high - estimate.low  # noqa: E731
    assert width(found.sensitivity([REFUSE])) > 1.6 * width(alone.sensitivity([REFUSE]))


def test_a_class_that_is_not_there_is_said():
    found = calibration_of("g", labelled([COMPLY]), grades([COMPLY]), "mine")
    with pytest.raises(ValueError, match="g on mine has no row whose truth is refuse"):
        found.sensitivity([REFUSE])
    with pytest.raises(ValueError, match="no row whose truth is refuse"):
        found.errors([REFUSE])
    assert not found.knows([REFUSE]) and not found.knows([COMPLY]) and not found.knows([])
    with pytest.raises(ValueError, match="no labelled rows"):
        calibrate(RefusalRules(), [])


def test_it_comes_back_from_its_file(tmp_path):
    rows = labelled([REFUSE, REFUSE, COMPLY], [1, 1, 2], labels=(REFUSE, COMPLY))
    found = calibration_of("g/1", rows, grades([REFUSE, COMPLY, UNCLEAR]), "mine", partial="drop")
    found.write(tmp_path / "deep" / "c.json")
    back = read_calibration(tmp_path / "deep" / "c.json")
    assert back == found and back.table == found.table and back.data_sha256 == found.data_sha256
    assert "?" not in (tmp_path / "deep" / "c.json").read_text()  # no text of a prompt


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "groups": 3}'])
def test_another_file_is_not_taken_for_one(tmp_path, text):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(ValueError, match="is no calibration"):
        read_calibration(tmp_path / "c.json")


def test_annotators_agreement():
    rows = [
        *labelled([REFUSE] * 4, labels=(REFUSE, REFUSE)),
        *labelled([COMPLY] * 4, labels=(COMPLY, COMPLY)),
        *labelled([COMPLY] * 2, labels=(REFUSE, COMPLY)),
    ]
    found = agreement(rows)
    assert found.rows == 10 and found.agree == 0.8
    assert found.kappa == pytest.approx((0.8 - (0.6 * 0.4 + 0.4 * 0.6)) / (1 - (0.6 * 0.4 + 0.4 * 0.6)))
    assert agreement(labelled([REFUSE])) is None


def test_models_that_differ_ask_for_transport():
    rng = np.random.default_rng(0)

    def of(sensitivities):
        rows, verdicts = [], []
        for number, sensitivity in enumerate(sensitivities):
            rows += labelled([REFUSE] * 100 + [COMPLY] * 100, source=f"m{number}")
            verdicts += [REFUSE if hit else COMPLY for hit in rng.random(100) < sensitivity]
            verdicts += [COMPLY if hit else REFUSE for hit in rng.random(100) < 0.9]
        return calibration_of("g", rows, grades(verdicts))

    assert of([0.9] * 4).spread([REFUSE]) < 0.6
    three, two = of([0.97, 0.9, 0.6]), of([0.9, 0.5])
    assert three.spread([REFUSE]) > 0.7
    assert three.transport([REFUSE]) == pytest.approx(three.spread([REFUSE]) * np.sqrt(4 / 3) * 4.303 / 1.96, rel=1e-3)
    assert two.spread([REFUSE]) == two.transport([REFUSE]) == 0  # two say nothing of how others may be


def test_the_shipped_calibration_is_of_the_offline_cascade():
    found = shipped_calibrations()[refusals().name]
    assert found.rows == 1800 and found.clusters == 450 and len(found.sources) == 4
    errors = found.errors([REFUSE])
    assert errors.sensitivity.value > 0.9 and errors.specificity.value > 0.9
    assert found.transport([REFUSE]) > 0.5  # models differ more than prompts do
