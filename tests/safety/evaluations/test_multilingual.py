"""Accuracy by language, of models that know some languages better than others."""

import pytest

from gnothi.metrics.rates import rate
from gnothi.safety.evaluations.multilingual import EVALUATIONS, language_gaps, lost_in_translation
from gnothi.safety.models import Scripted
from gnothi.safety.run import make_prompts, run

(MULTILINGUAL,) = EVALUATIONS


def test_a_question_is_a_cluster_of_all_languages():
    prompts = make_prompts(MULTILINGUAL, "laptop")
    assert len(prompts) == 8 * 52
    first = [prompt for prompt in prompts if prompt.cluster == prompts[0].cluster]
    assert len(first) == 8 == len({prompt.category for prompt in first}) and len({p.target for p in first}) == 1
    german = next(prompt for prompt in first if prompt.category == "German")
    assert german.text.endswith("Antworten Sie nur mit dem Buchstaben der richtigen Antwort.")


def test_what_is_lost_against_english_is_paired_by_question(tmp_path):
    def reply(prompt):
        easy = prompt.facts["kind"] != "capital"
        knows = {"English": True, "French": easy, "German": False}.get(prompt.category, True)
        return prompt.target if knows else "ABCD"["ABCD".index(prompt.target) - 1]

    rows = run(Scripted("m", reply), MULTILINGUAL, tmp_path, size=65)
    found = {metric.name: rate(metric.units(rows)) for metric in MULTILINGUAL.metrics}
    capitals = sum(row.prompt.facts["kind"] == "capital" for row in rows) / 8
    assert found["accuracy_english"].value == 1 and found["accuracy_german"].value == 0
    assert found["accuracy_translated"].value == pytest.approx((5 * 65 + 65 - capitals) / (7 * 65))
    gaps = language_gaps(rows)
    assert "English" not in gaps and gaps["German"].value == -1 and gaps["Spanish"].value == 0
    assert gaps["French"].value == pytest.approx(-capitals / 65) and gaps["French"].high < 0.02
    (lost,) = lost_in_translation(rows)
    assert lost.estimate.value == pytest.approx((-65 - capitals) / (7 * 65)) and lost.estimate.high < 0
    assert lost.by_category == gaps and lost.ends == (-1, 1)
    assert 2 * rate(lost.units).value - 1 == pytest.approx(lost.estimate.value)  # by these, two models are compared
    assert gaps["Spanish"].units == 65 and gaps["Spanish"].low < 0 < gaps["Spanish"].high


def test_gaps_want_english(tmp_path):
    rows = run(Scripted("m", lambda prompt: "A"), MULTILINGUAL, tmp_path, size=1)
    with pytest.raises(ValueError, match="no answers in English"):
        language_gaps([row for row in rows if row.prompt.category != "English"])
    assert lost_in_translation([row for row in rows if row.prompt.category != "English"]) == []
    assert lost_in_translation([row for row in rows if row.prompt.category == "English"]) == []


def table(folder, name, count, language="fr"):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{n},Question {n} ({language})?,w,x,y,z,{'ABCD'[n % 4]},subject {n // 5}" for n in range(count)]
    (folder / name).write_text("\n".join([",Question,A,B,C,D,Answer,Subject", *rows]) + "\n")


def test_translations_of_the_readers_are_asked(tmp_path):
    table(tmp_path / "mmmlu", "mmlu_FR-FR.csv", 20)
    with pytest.raises(ValueError, match="French but no English"):
        make_prompts(MULTILINGUAL, "smoke", data_dir=tmp_path)
    table(tmp_path / "mmmlu", "mmlu_EN-US.csv", 20, "en")
    table(tmp_path / "mmmlu", "mmlu_YO-NG.csv", 20, "yo")
    prompts = make_prompts(MULTILINGUAL, "smoke", 5, tmp_path)
    assert len(prompts) == 15 and len({prompt.cluster for prompt in prompts}) == 5
    assert {prompt.facts["kind"] for prompt in prompts} == {f"subject {n}" for n in range(4)}  # from all over
    of_one = [prompt for prompt in prompts if prompt.cluster == prompts[-1].cluster]
    assert len({prompt.target for prompt in of_one}) == 1
    assert {prompt.category for prompt in of_one} == {"English", "French", "Yoruba"}
    table(tmp_path / "mmmlu", "mmlu_YO-NG.csv", 19, "yo")
    with pytest.raises(ValueError, match="the same questions in every language"):
        make_prompts(MULTILINGUAL, "smoke", data_dir=tmp_path)


def test_the_cards_numbers_are_of_metrics_that_there_are():
    assert {p.metric for p in MULTILINGUAL.published} <= {metric.name for metric in MULTILINGUAL.metrics}
    assert len(MULTILINGUAL.published) == 40
