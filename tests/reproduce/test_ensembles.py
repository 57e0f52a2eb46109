"""Priors and bootstrapping: linear ensembles that are really trained, paired ratios, and the whole at smoke scale."""

import numpy as np
import pytest
from rich.console import Console

from gnothi.cards import all_hold
from gnothi.metrics import Estimate
from gnothi.reproduce import Lab, reproduce
from gnothi.reproduce.ensembles import measure, noise_of, ratio
from gnothi.reproduce.linear_ensembles import LinearTask, linear_data
from gnothi.reproduce.measured import measured


def trained(recipe):
    task = LinearTask(recipe, 1000, (0,))
    return {(r.evaluation, r.metric): r.value for records in measure(task).values() for r in records}


def test_without_priors_trained_members_agree():
    assert trained("no prior")["linear/normal inputs", "share"] < 1e-3


def test_priors_alone_have_the_right_shape_only_where_noise_is_equal():
    numbers = trained("prior")
    assert numbers["linear/normal inputs", "formula_error"] < 3 * numbers["linear/normal inputs", "formula_chance"]
    assert (
        numbers["linear/equal noise", "rescaled_error"] < 0.2 < 0.7 < numbers["linear/varied noise", "rescaled_error"]
    )


def test_noise_on_targets_makes_the_exact_posterior():
    numbers = trained("prior + noise")
    assert numbers["linear/normal inputs", "exact_error"] < 3 * numbers["linear/normal inputs", "formula_chance"]


def test_in_grouped_designs_the_data_of_a_group_tell_of_it_only():
    x, y, stds, probes = linear_data("varied noise", 0)
    assert x.shape == (100, 5) and y.shape == stds.shape == (100,)
    gram = x.T @ x
    assert np.all(gram == np.diag(np.diag(gram))) and np.unique(stds).size == 5
    assert {tuple(row) for row in x} == {tuple(row) for row in probes}


def record(subject, value, seed, varied=False):
    name = f"ensembles/D10-N10{'-V1' if varied else ''}-T0.1-S{seed}"
    return measured(subject, name, "kl", Estimate(value, value, value, 1), tau=10, data_ratio=1.0)


def test_ratios_are_paired_by_problem():
    records = [record("a", 2.0 * seed, seed) for seed in (1, 2, 3)] + [record("b", 1.0 * seed, seed) for seed in (2, 3)]
    found = ratio(records, "a", "b")
    assert (found.value, found.low, found.high, found.units) == (2.0, 2.0, 2.0, 2)
    with pytest.raises(ValueError, match="no problems that both"):
        ratio(records, "a", "b", noise="varies")
    assert noise_of(record("a", 1.0, 0, varied=True)) == "varies"


@pytest.mark.slow
def test_the_claims_hold_at_the_smallest_scale(tmp_path):
    findings = reproduce("ensembles", Lab("smoke", tmp_path / "run", 2, Console(quiet=True)))
    assert all_hold(findings.claims), [claim for claim in findings.claims if not claim.holds]
    assert (tmp_path / "run" / "figure.png").read_bytes().startswith(b"\x89PNG")
