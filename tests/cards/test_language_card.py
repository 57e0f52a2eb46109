import json

import pytest

from gnothi.cards import language_card
from gnothi.cards.card_html import card_page
from gnothi.cards.card_markdown import card_markdown
from gnothi.cards.language_card import measure_language_model, read_calibrations
from gnothi.cards.system_card import make_card
from gnothi.safety.evaluation import Evaluation, share
from gnothi.safety.graders.exact import ExactMatch
from gnothi.safety.models import Scripted
from gnothi.safety.preparedness import find_framework
from gnothi.safety.prompts import Answer, Outcome, Prompt, ask
from tests.cards.invented_results import make_provenance
from tests.cards.test_system_card import check


def sums(count, folder):
    return [Prompt(f"sum-{n}", ask(f"{n} + 1?"), f"sum-{n}", target=str(n + 1)) for n in range(count)]


def needs_folder(count, folder):
    raise FileNotFoundError("put sums.csv into the folder of data")


def make_evaluation(name, prompts=sums):
    metric = share("accuracy", [Outcome.CORRECT], "Right sums.")
    return Evaluation(
        name, f"Title of {name}", "About.", prompts, ExactMatch, (metric,), {"smoke": 20, "laptop": 40, "paper": 80}
    )


@pytest.fixture
def evaluations(monkeypatch):
    found = {"sums": make_evaluation("sums"), "absent": make_evaluation("absent", needs_folder)}
    monkeypatch.setattr(language_card, "EVALUATIONS", found)
    monkeypatch.setattr(language_card, "find_evaluation", found.__getitem__)
    return found


def adds(prompt):
    n = int(prompt.text.split()[0])
    return Answer(error="timed out") if n == 7 else str(n + 1 + (n % 4 == 0))


def test_what_runs_is_measured_and_what_does_not_says_why(evaluations, tmp_path):
    found = measure_language_model(Scripted("adder", adds), tmp_path, scale="smoke")
    [result] = found.results
    assert result.estimate.value == pytest.approx(14 / 20)
    assert result.outcomes == {"correct": 14, "wrong": 5, "unanswered": 1}
    assert any("put sums.csv" in one.why for one in found.missing)
    assert found.subject.name == "adder" and len(result.log_sha256) == 64
    card = make_card(
        found.results,
        found.subject,
        make_provenance(),
        asked=found.asked,
        framework=find_framework("preparedness-beta"),
        missing=found.missing,
    )
    check(card)
    assert "1 never came" in card["headline"][1]


def test_answers_are_not_asked_for_again(evaluations, tmp_path):
    asked = []

    def counted(prompt):
        asked.append(prompt.name)
        return adds(prompt)

    first = measure_language_model(Scripted("adder", counted), tmp_path, scale="smoke")
    lines = (tmp_path / "answers" / "sums.jsonl").read_text().splitlines()
    (tmp_path / "answers" / "sums.jsonl").write_text("\n".join(lines[:11]) + "\n")  # stopped in mid-run
    again = measure_language_model(Scripted("adder", counted), tmp_path, scale="smoke")
    assert len(asked) == 20 + 10 + 1  # and once more what failed
    assert again.results[0].estimate == first.results[0].estimate
    measure_language_model(Scripted("adder", counted), tmp_path, scale="smoke")
    assert asked[31:] == ["sum-7"]


def test_what_was_not_asked_for_is_said(evaluations, tmp_path):
    evaluations["more"] = make_evaluation("more")
    found = measure_language_model(Scripted("adder", adds), tmp_path, scale="smoke", names=("sums",))
    assert {one.evaluation for one in found.results} == {"sums"}
    assert any(one.why == "more was not asked for (`--evals`)." for one in found.missing)


def test_a_model_that_reads_is_not_blamed_for_sound(evaluations, tmp_path):
    deaf = Scripted("deaf", lambda prompt: Answer(error=language_card.DEAF))
    with pytest.raises(ValueError, match="nothing was measured"):
        measure_language_model(deaf, tmp_path, scale="smoke")


def test_another_model_needs_another_folder(evaluations, tmp_path):
    measure_language_model(Scripted("adder", adds), tmp_path, scale="smoke")
    with pytest.raises(ValueError, match="another run"):
        measure_language_model(Scripted("other", adds), tmp_path, scale="smoke")


def test_calibrations_of_the_readers_own(tmp_path):
    with pytest.raises(ValueError, match="holds no calibration"):
        read_calibrations(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps({"format": 1}))
    with pytest.raises(ValueError, match="is no calibration"):
        read_calibrations(tmp_path)


def test_harmful_text_is_shown_only_if_it_is_asked_for(evaluations, tmp_path):
    secret = "something that should not be asked"

    def harmful(count, folder):
        return [Prompt("p", ask(secret), "c", category="fraud", target="x", harmful=True)]

    evaluations["sums"] = make_evaluation("sums", harmful)
    model = Scripted("talker", lambda prompt: "an answer that should not be given")
    for show in (False, True):
        found = measure_language_model(model, tmp_path, scale="smoke", names=("sums",), show=show)
        card = make_card(found.results, found.subject, make_provenance(), asked=found.asked, examples=found.examples)
        check(card)
        for text in (json.dumps(card), card_page(card), card_markdown(card)):
            assert (secret in text) == ("should not be given" in text) == show
            assert found.examples[0].sha256[:16] in text or show
    assert all(secret not in path.read_text() for path in tmp_path.rglob("*.jsonl"))
