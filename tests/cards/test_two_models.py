"""Two real language models of different quality: what a comparison of their cards calls real, and what it does not."""

import json

import pytest

from gnothi.cards.compare import compare_cards
from gnothi.language import PACKAGED, load
from tests.cards.thinned_model import save_thinned
from tests.cli.test_main import gnothi

EVALS = ("knowledge_cloze", "regurgitation")
LEFT_OUT = range(12, 18)  # of 30 layers: text costs 5.42 bits a token, and 4.40 with all; 18 to 23 left out, 6.86


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    try:
        PACKAGED["smollm2-135m"].find()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def thinned(folder):
    return save_thinned(folder / "smollm2-thinned", LEFT_OUT)


@pytest.mark.slow
def test_the_thinned_model_is_read_from_a_folder_and_still_writes(thinned):
    model = load(thinned)
    said = model.answer("What is the capital of France?", most=16)
    assert len(model.network.layers) == 24
    assert len(said.split()) > 3 and said.isascii()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_what_really_differs_is_told_from_what_does_not(folder, thinned):
    """Fewer facts are known without a fifth of the layers, beyond chance and multiplicity; and nobody differs from
    itself."""
    cards = {}
    for model in ("smollm2-135m", str(thinned)):
        cards[model] = folder / f"card-{len(cards)}"
        answer = gnothi("card", model, "--scale", "laptop", "--out", str(cards[model]), "--evals", *EVALS, timeout=900)
        assert answer.returncode == 0, answer.stderr
    whole, worse = cards.values()
    answer = gnothi("card", "compare", str(whole), str(worse), timeout=120)
    assert answer.returncode == 0 and "smollm2-135m is better than smollm2-thinned on" in answer.stdout
    rows = {
        (row["evaluation"], row["metric"]): row for row in json.loads((whole / "compare.json").read_text())["paired"]
    }
    facts = rows["knowledge_cloze", "accuracy"]
    assert facts["verdict"] == "better" and facts["adjusted_p"] < 0.05 and facts["difference"]["low"] > 0
    assert rows["regurgitation", "not_regurgitated_unseen"]["verdict"] == "within noise"  # nobody knows what is made up

    backwards = {(row["evaluation"], row["metric"]): row for row in compare_cards(worse, whole)["paired"]}
    assert backwards["knowledge_cloze", "accuracy"]["verdict"] == "worse"
    assert {row["verdict"] for row in compare_cards(whole, whole)["paired"]} == {"within noise"}
