import json
import math
import re
from dataclasses import replace
from importlib.resources import files

import jsonschema
import numpy as np
import pytest

from gnothi.cards.card_file import estimate_from, plain_estimate, read_card
from gnothi.cards.card_html import card_page
from gnothi.cards.card_markdown import card_markdown
from gnothi.cards.system_card import make_card, rate_card, scorecard, write_card
from gnothi.cards.unit_file import read_units
from gnothi.metrics import Estimate
from gnothi.metrics.rates import Units
from gnothi.safety.preparedness import find_framework
from gnothi.safety.ratings import read_ratings
from tests.cards.invented_results import (
    make_provenance,
    make_result,
    make_results,
    make_signed,
    make_subject,
    make_whole_card,
)
from tests.cards.test_report import LOADS, specs, without_library

SCHEMA = json.loads((files("gnothi.cards") / "card.schema.json").read_text())
BEFORE = {("gsm8k", "accuracy"): Estimate(0.55, 0.42, 0.66, 60), ("knowledge", "accuracy"): Estimate(0.5, 0.4, 0.6, 80)}


def check(card):
    jsonschema.Draft202012Validator(SCHEMA).validate(card)


@pytest.fixture
def folder(tmp_path):
    results = make_results()
    write_card(tmp_path / "card", make_whole_card(results, before=BEFORE), results)
    return tmp_path / "card"


def test_the_card_is_of_the_schema(folder):
    card = json.loads((folder / "card.json").read_text())
    check(card)
    assert card == read_card(folder)
    check(make_whole_card(framework=None))


@pytest.mark.parametrize("broken", ["results", "subject", "headline"])
def test_the_schema_tells_what_is_no_card(broken):
    card = make_whole_card()
    del card[broken]
    with pytest.raises(jsonschema.ValidationError):
        check(card)


def test_every_number_has_what_stands_behind_it():
    for row in make_whole_card()["results"]:
        assert row["estimate"]["low"] < row["estimate"]["high"]
        assert row["answers"] >= row["clusters"] > 0
        assert row["grader"] and len(row["dataset_sha256"]) == 64 and len(row["log_sha256"]) == 64
        assert (row["calibration"] is not None) == (row["corrected_by"] == "calibration")
    assert "groups" not in make_whole_card()["results"][0]["calibration"]


def test_estimates_survive_json():
    for estimate in (Estimate(0.5, 0.4, 0.6, 3), Estimate(math.nan, -math.inf, math.inf, 0, 2)):
        again = estimate_from(json.loads(json.dumps(plain_estimate(estimate), allow_nan=False)))
        assert repr(again) == repr(estimate)


def test_nothing_measured_is_no_card():
    with pytest.raises(ValueError, match="nothing was measured"):
        make_card([], make_subject(), make_provenance())


def test_results_fill_the_column_of_their_variant():
    card = make_whole_card(before=BEFORE)
    cells = {row["category"]: row for row in card["scorecard"]["categories"]}
    assert cells["autonomy"]["post"]["level"] == "low"
    assert cells["autonomy"]["pre"]["decision"] == "needs review"
    assert cells["cbrn"]["post"]["decision"] == "no indicator ran"
    assert cells["persuasion"]["post"]["level"] == ""
    assert make_whole_card()["scorecard"]["categories"][0]["pre"] is None
    assert {gate["verdict"] for gate in card["scorecard"]["gates"]} == {"unknown"}


def test_the_headline_says_the_level_and_the_losses():
    first, second, *rest = make_whole_card()["headline"]
    assert first == "invented: overall risk level low; 2 of 4 categories without a level"
    assert "3 never came and 7 could not be graded" in second
    assert any(line.startswith("Worst, by the far end: ") for line in rest)
    before = make_whole_card(subject=replace(make_subject(), variant="pre"))
    assert before["headline"][0] == first


def test_the_best_and_worst_are_sure():
    """Of three alike, the one of many prompts is surer; of an evaluation, one number stands for it."""
    results = [make_result(f"task{n}", "m", 1.0, clusters=4, corrected=False) for n in range(6)]
    results += [make_result("sure", metric, 1.0, clusters=400, corrected=False) for metric in ("a", "b")]
    [line] = [line for line in make_whole_card(results)["headline"] if line.startswith("Best")]
    assert line.startswith("Best, by the near end of the interval: Sure (a) 1.000")
    assert line.count("Sure") == 1


def test_a_rating_is_kept_when_the_card_is_made_again(folder):
    page = rate_card(folder, "persuasion", "medium", by="A. Reader", because="It convinced two of us.")
    card = read_card(folder)
    check(card)
    cell = next(row for row in card["scorecard"]["categories"] if row["category"] == "persuasion")["post"]
    assert (cell["level"], cell["measured"], cell["decision"]) == ("medium", "", "rated by a person")
    assert card["scorecard"]["overall"]["post"]["level"] == "medium"
    assert "It convinced two of us." in page.read_text()

    kept = (folder / "ratings.json").read_text()
    again = make_whole_card(ratings=read_ratings(folder), before=BEFORE)
    write_card(folder, again, make_results())
    assert (folder / "ratings.json").read_text() == kept
    assert again["scorecard"]["overall"]["post"]["level"] == "medium"
    assert read_card(folder)["headline"] == again["headline"] == card["headline"]


def test_a_rating_leaves_the_measurement_as_it_was(folder):
    before = read_card(folder)["scorecard"]
    rate_card(folder, "cybersecurity", "high", by="A. Reader", because="I know better.", variant="pre")
    after = read_card(folder)["scorecard"]
    for old, new in zip(before["categories"], after["categories"], strict=True):
        for variant in ("pre", "post"):
            for field in ("measured", "probabilities", "indicators", "point"):
                assert old[variant][field] == new[variant][field]
    gate = next(gate for gate in after["gates"] if gate["name"] == "security")
    assert (gate["verdict"], gate["too_high"], gate["probability"]) == ("not met", ["Cybersecurity"], 0.0)


@pytest.mark.parametrize(
    ("category", "level", "by"), [("weather", "low", "A"), ("cbrn", "huge", "A"), ("cbrn", "low", "")]
)
def test_a_bad_rating_changes_nothing(folder, category, level, by):
    before = (folder / "card.json").read_text()
    with pytest.raises(ValueError, match=r"no category|no level|by is empty"):
        rate_card(folder, category, level, by=by, because="x")
    assert (folder / "card.json").read_text() == before
    assert not (folder / "ratings.json").exists()


def test_ratings_of_another_framework_do_not_count():
    rating = {"by": "A", "because": "x", "at": "now", "measured": ""}
    from gnothi.safety.ratings import Rating

    other = Rating("preparedness-v2", "cybersecurity", "post", "critical", **rating)
    plain = scorecard(find_framework("preparedness-beta"), {"pre": None, "post": {}}, [other])
    assert all(row["post"]["rating"] is None for row in plain["categories"])


def test_names_of_harmful_prompts_are_nowhere(tmp_path):
    secret = "how-to-do-something-bad"
    units = Units((f"{secret}#0",), np.ones(1), np.ones(1), (secret,), (secret,))
    results = [make_result("disallowed", units=units), make_result("over_refusal", "not_overrefuse")]
    write_card(tmp_path, make_whole_card(results), results)
    assert all(secret not in path.read_text() for path in tmp_path.iterdir())
    found = read_units(tmp_path / "units.jsonl")
    assert re.fullmatch("[0-9a-f]{16}", found["disallowed", "not_unsafe"].names[0])
    assert found["over_refusal", "not_overrefuse"].names == results[1].units.names


def test_the_page_is_one_file_that_loads_nothing():
    page = card_page(make_whole_card(before=BEFORE))
    ours = without_library(page)
    assert not LOADS.search(ours) and "https://" not in ours and "default-src 'none'" in ours
    assert "@media print" in ours
    assert len(specs(page)) >= 1 + 2 + 1 + 7
    titles = re.findall(r"<h2>(.*?)</h2>", ours)
    assert titles[:4] == ["All numbers", "How to read the numbers", "Risk levels", "What became of every answer"]
    assert titles[-2:] == ["What was not measured", "Provenance"]


def test_every_number_of_the_page_links_to_its_evaluation():
    page = without_library(card_page(make_whole_card()))
    links = set(re.findall(r'href="#(.*?)"', page))
    anchors = set(re.findall(r'id="(.*?)"', page))
    assert links and links <= anchors
    for row in make_whole_card()["results"]:
        assert f"evaluation-{row['evaluation']}" in links
    for words in ("d" * 64, "e" * 64, "refusal-features/1", "refuse 95 % of 200", "not to be ranked with ours"):
        assert words in page


def test_what_strangers_wrote_is_escaped():
    evil = "</script><script>alert(1)</script>"
    results = [make_result(evil, evil, title=evil, by_category={evil: Estimate(0.5, 0.1, 0.9, 3)})]
    card = make_whole_card(results, subject=make_subject(evil))
    assert "<script>alert" not in without_library(card_page(card))
    assert "<script>alert" not in card_markdown(card)


def test_what_could_not_be_measured_says_so():
    nothing = Estimate(math.nan, 0.0, 1.0, 0)
    results = [make_result("gsm8k", "accuracy", estimate=nothing, as_graded=nothing), *make_results()[:2]]
    card = make_whole_card(results)
    check(card)
    assert "nothing to measure" in card_page(card) and "nothing to measure" in card_markdown(card)
    assert card["scorecard"]["categories"][0]["post"]["decision"] == "no indicator ran"


def test_markdown_has_the_numbers_and_whole_tables():
    text = card_markdown(make_whole_card(before=BEFORE))
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.M):
        assert len({line.replace("\\|", "").count("|") for line in block.splitlines()}) == 1
    for words in ("0.267 [0.155, 0.379]", "## Risk levels", "needs review", "not to be ranked with ours"):
        assert words in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"schema": "gnothi-card/0"}', "has the schema gnothi-card/0"),
    ],
)
def test_what_is_no_card_says_so(tmp_path, text, words):
    with pytest.raises(ValueError, match="holds no card"):
        read_card(tmp_path)
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(ValueError, match=words):
        read_card(tmp_path)


def test_numbers_below_zero_are_carried_and_drawn_as_they_are():
    """On a chart of their own, with their curve, and never among shares, nor as the best or the worst of these."""
    results = [make_signed(), *make_results()]
    card = make_whole_card(results)
    check(card)
    row = card["results"][0]
    assert row["range"] == [-1, 1] and row["estimate"]["value"] < 0 and row["curve"]["points"][1]["beside"] == 0.2
    assert not any("Many languages" in line for line in card["headline"])
    page = card_page(card)
    shares, signed = (spec for spec in specs(page)[:2])
    assert signed["layer"][0]["encoding"]["x"]["scale"]["domain"] == [-1, 1]
    assert shares["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 1]
    drawn = [json.dumps(spec) for spec in specs(page)]
    assert sum("Many languages" in text for text in drawn[:2]) == 1 and "Many languages" in drawn[1]
    assert any('"silence"' in text or '"beside"' in text for text in drawn)
    words = without_library(page)
    assert "What it is worth, by penalty; bars are 95 % intervals. Dashed: silence." in words
    assert "| penalty | what it is worth | silence |" in card_markdown(card)
    plain = make_whole_card([replace(make_signed(), curve=None)])
    check(plain)
    assert "| French | -0.300 [-0.500, -0.100] |" in card_markdown(plain)


def test_each_metric_has_the_grader_and_the_calibration_that_it_has():
    """Two metrics of an evaluation, of which one is corrected: each with its own, and what a rerun would show."""
    results = [
        make_result("both", "plain", corrected=False),
        make_result("both", "corrected"),
        make_result("both", "judged", grader="judge/9", corrected=False, visible=None),
    ]
    card = make_whole_card(results)
    page, text = without_library(card_page(card)), card_markdown(card)
    for words in (
        "plain: refusal-features/1, whose errors are not in the number",
        "corrected: refusal-features/1, whose errors on answers that people labelled are in the number",
        "judged: judge/9, whose errors are not in the number",
        "corrected: said the same as people of 400 answers",
    ):
        assert words in page
        assert (
            words.replace("refusal-features/1", "graded by `refusal-features/1`").replace(
                "judge/9", "graded by `judge/9`"
            )
            in text
        )
    line = (
        "A second run of this size, on other prompts, would show a difference in plain of 0.210 or more four times in"
    )
    assert line in page and line in text
    alone = make_whole_card([make_result("both", "judged", visible=None)])
    assert "could not be relied on to show any difference in judged" in card_page(alone)


def test_a_card_of_the_older_schema_is_read(folder):
    """As it was before numbers had a range: its numbers mean what they meant, and it can be rated."""
    card = read_card(folder)
    old = {**card, "schema": "gnothi-card/1"}
    old["results"] = [
        {key: value for key, value in row.items() if key not in ("range", "visible", "curve")}
        for row in card["results"]
    ]
    (folder / "card.json").write_text(json.dumps(old))
    found = read_card(folder)
    check(found)
    assert [row["estimate"] for row in found["results"]] == [row["estimate"] for row in card["results"]]
    assert all(row["range"] == [0, 1] and row["visible"] is None for row in found["results"])
    rate_card(folder, "persuasion", "medium", by="A. Reader", because="It convinced two of us.")
    assert json.loads((folder / "card.json").read_text())["schema"] == "gnothi-card/2"


def test_the_documentation_names_every_field():
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "card-schema.md").read_text()
    defs = SCHEMA["$defs"]
    fields = [*SCHEMA["properties"], *(name for of in ("result", "cell", "curve") for name in defs[of]["properties"])]
    assert [field for field in fields if f"`{field}`" not in text] == []
