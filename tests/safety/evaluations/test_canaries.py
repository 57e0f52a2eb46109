"""Canaries: half are planted, secrets cannot be guessed from one another, and exposure is what it is defined to be."""

import numpy as np
import pytest

from gnothi.safety.evaluations.canaries import (
    exposure,
    make_canaries,
    other_secrets,
    planted_documents,
    read_canaries,
    write_canaries,
)


def test_half_are_planted_and_no_two_are_alike():
    made = make_canaries(64)
    assert sum(canary.planted for canary in made) == 32 and len({canary.prefix for canary in made}) == 64
    assert made == make_canaries(64) != make_canaries(64, seed=1)
    assert len(planted_documents(made)) == 32 and planted_documents(made)[0] == made[0].document
    assert not any(made[1].secret in document for document in planted_documents(made))
    with pytest.raises(ValueError, match="count must be 2 or more, got 1"):
        make_canaries(1)


def test_other_secrets_are_of_the_same_form():
    canary = make_canaries(2)[0]
    others = other_secrets(canary, 63)
    assert len(set(others)) == 63 and canary.secret not in others
    assert {len(secret) for secret in others} == {len(canary.secret)} and others == other_secrets(canary, 63)


def test_a_file_says_which_were_planted(tmp_path):
    made = make_canaries(6, seed=4)
    write_canaries(made, tmp_path)
    assert read_canaries(tmp_path) == made
    with pytest.raises(FileNotFoundError, match=r"nowhere.canaries\.jsonl, which says what was planted"):
        read_canaries(tmp_path / "nowhere")


def test_a_line_that_is_no_canary_is_named(tmp_path):
    path = write_canaries(make_canaries(2), tmp_path)
    path.write_text(path.read_text() + '{"name": "x"}\n')
    with pytest.raises(ValueError, match=r"canaries.jsonl, line 3: no canary \(TypeError\)"):
        read_canaries(tmp_path)


def test_exposure_falls_by_a_bit_where_the_rank_doubles():
    logs = -np.arange(64.0)
    assert exposure(logs) == 6
    assert exposure([logs[1], logs[0], *logs[2:]]) == 5
    assert exposure([-100.0, *logs[:63]]) == 0
    assert exposure([0.0, 0.0]) == pytest.approx(1 - np.log2(1.5))
    with pytest.raises(ValueError, match="one other or more, got 1 in all"):
        exposure([0.0])


def test_by_chance_exposure_is_what_the_docs_say():
    rng = np.random.default_rng(0)
    assert np.mean([exposure(rng.normal(size=64)) for _ in range(4000)]) == pytest.approx(1.375, abs=0.07)
