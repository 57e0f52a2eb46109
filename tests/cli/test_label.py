"""`gnothi label`, as somebody with a CSV meets it."""

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pytest

from tests.cli.test_main import gnothi
from tests.filled_in import fill_in
from tests.language import letters

BERT = Path(__file__).parents[1] / "language" / "data" / "bert"
SST = Path(__file__).parents[3] / "shared" / "data" / "glue" / "SST-2" / "train.tsv"


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """A small random encoder of letters, in a folder as Hugging Face has them."""
    folder = tmp_path_factory.mktemp("encoder") / "bert"
    shutil.copytree(BERT, folder)
    letters().inner.save(str(folder / "tokenizer.json"))
    return str(folder)


@pytest.fixture
def pool(tmp_path):
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 60)
    texts = ["".join(random.choice(list("aeiou" if vowel else "bdfgk"), 8)) for vowel in truth]
    path = tmp_path / "pool.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text", "truth"), *zip(texts, np.array(["hard", "soft"])[truth], strict=True)])
    return path


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_texts_go_out_and_labels_come_back(pool, encoder):
    call = ("label", str(pool), "--model", encoder, "--batch", "10", "--budget", "20", "--classes", "hard", "soft")
    first = gnothi(*call)
    assert first.returncode == 0 and "0 of 20 labelled." in first.stdout and "make the same call again" in first.stdout
    asked = pool.with_name("pool.next.csv")
    assert len(read(asked)) == 10
    before = asked.read_text()

    empty = gnothi(*call)
    assert empty.returncode == 2 and "has no label yet" in empty.stderr

    fill_in(asked, lambda row: {"label": "sofft"})
    wrong = gnothi(*call)
    assert wrong.returncode == 2 and "which is no class: did you mean 'soft'?" in wrong.stderr
    assert not pool.with_name("pool.labels.csv").exists()  # nothing was taken

    asked.write_text(before)
    answers = []

    def answer(row):
        answers.append(row["row"])
        return "soft" if row["text"][0] in "aeiou" else "hard"

    fill_in(asked, lambda row: {"label": answer(row)})
    second = gnothi(*call)
    assert second.returncode == 0 and "10 of 20 labelled" in second.stdout
    assert [row["row"] for row in read(pool.with_name("pool.labels.csv"))] == answers
    assert not {row["row"] for row in read(asked)} & set(answers)
    fill_in(asked, lambda row: {"label": answer(row)})
    last = gnothi(*call)
    assert last.returncode == 0 and "20 of 20 labelled" in last.stdout and "The budget is spent." in last.stdout
    assert not asked.exists()
    found = read(pool.with_name("pool.predicted.csv"))
    assert len(found) == 60 and {row["predicted"] for row in found} <= {"hard", "soft"}
    assert sum(bool(row["label"]) for row in found) == 20


@pytest.mark.slow
def test_an_oracle_answers_and_the_model_is_good(pool, encoder):
    answer = gnothi(
        "label", str(pool), "--model", encoder, "--batch", "8", "--budget", "30", "--oracle-column", "truth"
    )
    assert answer.returncode == 0 and "30 of 30 labelled" in answer.stdout
    truth = [row["truth"] for row in read(pool)]
    found = read(pool.with_name("pool.predicted.csv"))
    right = [row["predicted"] == label for row, label in zip(found, truth, strict=True) if not row["label"]]
    assert len(right) == 30 and np.mean(right) > 0.8


def open_page(call):
    """A running `gnothi label ... --page`, its address, and its page's token."""
    running = subprocess.Popen(
        [sys.executable, "-m", "gnothi.cli.main", *call, "--page"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in running.stdout:
        if found := re.search(r"Label on (http://127.0.0.1:\d+/)", line):
            break
    else:
        raise AssertionError(running.communicate()[1])
    address = found[1]
    with urlopen(address) as answer:
        return running, address, re.search(r'name="token" content="([\w-]+)"', answer.read().decode())[1]


def click(address, token, count):
    """Labels so many texts; how many have a label then."""
    with urlopen(address + "status") as answer:
        status = json.load(answer)
    for _ in range(count):
        label = "soft" if status["text"][0] in "aeiou" else "hard"
        body = json.dumps({"row": status["row"], "label": label, "new": True}).encode()
        with urlopen(Request(address + "label", body, {"X-Gnothi-Token": token})) as answer:
            status = json.load(answer)
    return status["labelled"]


@pytest.mark.slow
def test_page_and_csv_go_on_from_each_other_and_a_kill_loses_nothing(pool, encoder):
    call = ("label", str(pool), "--model", encoder, "--batch", "4", "--budget", "20")
    assert gnothi(*call).returncode == 0  # by CSV
    asked = [row["row"] for row in read(pool.with_name("pool.next.csv"))]
    running, address, token = open_page(call)
    assert click(address, token, 3) == 3
    running.kill()
    running.communicate()
    assert [row["row"] for row in read(pool.with_name("pool.labels.csv"))] == asked[:3]

    running, address, token = open_page(call)
    assert click(address, token, 4) == 7
    running.send_signal(signal.SIGINT)
    said, wrong = running.communicate(timeout=60)
    assert running.returncode == 0 and "7 of 20 labelled: " in said and wrong == ""

    answer = gnothi(*call)
    assert answer.returncode == 0 and "7 of 20 labelled: " in answer.stdout
    fill_in(pool.with_name("pool.next.csv"), lambda row: {"label": "soft" if row["text"][0] in "aeiou" else "hard"})
    running, address, token = open_page(call)
    assert click(address, token, 0) == 11
    running.kill()
    running.communicate()


@pytest.mark.slow
@pytest.mark.skipif(not SST.exists(), reason="needs GLUE's SST-2")
def test_two_thousand_sentences_are_labelled_better_than_at_random(tmp_path):
    """300 of 2,000 labels: what is left is predicted better than after as many labels picked at random."""
    rows = [line.rstrip("\n").split("\t") for line in SST.read_text().splitlines()[1:]]
    chosen = np.random.default_rng(1).choice(len(rows), 2000, replace=False)
    accuracy = {}
    for rule in ("uniform", "margin"):
        path = tmp_path / f"{rule}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("text", "truth"), *(rows[place] for place in chosen)])
        if rule == "margin":  # the vectors are worked out once
            shutil.copy(tmp_path / "uniform.vectors.npz", tmp_path / "margin.vectors.npz")
        done = gnothi("label", str(path), "--oracle-column", "truth", "--budget", "300", "--rule", rule)
        assert done.returncode == 0, done.stderr
        found, truth = read(tmp_path / f"{rule}.predicted.csv"), read(path)
        left = [(a["predicted"], b["truth"]) for a, b in zip(found, truth, strict=True) if not a["label"]]
        accuracy[rule] = np.mean([a == b for a, b in left])
    assert accuracy["margin"] > accuracy["uniform"] + 0.01, json.dumps(accuracy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing.csv",), "No such file or directory"),
        (("pool.csv", "--text-column", "txet"), "no column 'txet': did you mean 'text'?"),
        (("pool.csv", "--rule", "randomly"), "there is no rule 'randomly'"),
        (("pool.csv", "--agent", "epinett"), "Did you mean 'epinet'?"),
        (("pool.csv", "--agent", "knn"), "does not learn step by step"),
        (("pool.csv", "--batch", "0"), "must be 1 or more"),
        (("pool.csv", "--oracle-column", "thruth"), "did you mean 'truth'?"),
        (("pool.csv", "--oracle-column", "truth", "--page"), "leave one of them out"),
    ],
)
def test_what_is_wrong_is_said(pool, arguments, message):
    answer = gnothi("label", *arguments, cwd=pool.parent)
    assert answer.returncode in (1, 2) and message in answer.stderr and "Traceback" not in answer.stderr
