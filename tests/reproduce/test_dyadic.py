"""Pairs of inputs against independent ones: each part on its smallest cell, and the whole at the smallest scale."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from gnothi.agents import EnsembleAgent
from gnothi.cards import all_hold
from gnothi.metrics import Estimate
from gnothi.reproduce import Lab, reproduce
from gnothi.reproduce.dyadic import NetworkTask, curves, measure, saved
from gnothi.reproduce.joint_regressions import LinearTask, laplace, separation
from gnothi.reproduce.measured import measured


def test_linear_cell_gives_the_published_nats_and_an_estimator_that_hits_them():
    task = LinearTask(100, (10,))
    records = {(r.evaluation, r.metric, r.tau): r for r in measure([task])[task.cell]}
    assert records["linear/iid", "separation", 10].value == pytest.approx(0.0145, rel=0.1)
    assert records["linear/dyadic", "separation", 10].value == pytest.approx(0.504, rel=0.05)
    for inputs, tau in (("iid", 2), ("dyadic", 10)):
        error = records[f"linear/{inputs}", "estimator_error", tau]
        assert abs(error.value) < 1.5 * (error.high - error.low)


def test_laplace_is_the_mode_and_the_curvature_there():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = rng.uniform(size=60) < 1 / (1 + np.exp(-x @ np.array([1.0, -2.0, 0.0])))
    mean, root = laplace(x, y, 2.0)
    probs = 1 / (1 + np.exp(-x @ mean))
    np.testing.assert_allclose(x.T @ (probs - y) + mean / 4, 0, atol=1e-8)
    precision = (x.T * (probs * (1 - probs))) @ x + np.eye(3) / 4
    np.testing.assert_allclose(root.T @ root @ precision, np.eye(3), atol=1e-6)


def test_marginals_of_samples_that_agree_lose_nothing():
    logits = jax.random.normal(jax.random.key(0), (1, 100, 2))
    same = jnp.repeat(logits + 1.0 * jnp.array([0.0, 1.0]), 40, axis=0)
    found = separation(logits, same, 10, "iid", jax.random.key(1))
    assert abs(found.value) < 1e-4


def test_marginals_lose_what_one_unknown_shift_of_all_logits_tells():
    shifts = 3 * jax.random.normal(jax.random.key(0), (400, 1))
    draws = jnp.stack([jnp.zeros((400, 100)), jnp.repeat(shifts, 100, axis=1)], axis=-1)
    target = jnp.broadcast_to(jnp.array([0.0, 3.0]), (1, 100, 2))
    found = separation(target, draws, 10, "iid", jax.random.key(1))
    assert found.low > 0.2  # ten labels of one coin tell its bias


def test_network_cell_is_scored_at_every_tau_on_both_kinds_of_inputs():
    tasks = [NetworkTask("ensemble", EnsembleAgent(2, hidden=(5,), steps=10), 2, seed, (1, 10)) for seed in (0, 1)]
    found = measure(tasks)
    assert [{(r.evaluation, r.metric, r.tau) for r in records} for records in found.values()] == [
        {(f"testbed/{inputs}", "kl", tau) for inputs in ("iid", "dyadic") for tau in (1, 10)}
    ] * 2
    assert all(np.isfinite(r.value) for records in found.values() for r in records)


def test_what_priors_save_is_paired_by_seed():
    records = [
        measured(name, "testbed/iid", "kl", Estimate(value, value, value, 1), tau=10, seed=seed, input_size=2)
        for name, scores in (("ensemble", (2.0, 4.0)), ("ensemble+", (1.0, 3.0)))
        for seed, value in enumerate(scores)
    ]
    np.testing.assert_allclose(saved(records, "iid", 2, 10), [0.5, 0.25])
    assert not any(row["part"] == "linear" for row in curves([]))


@pytest.mark.slow
def test_the_claims_hold_at_the_smallest_scale(tmp_path):
    findings = reproduce("dyadic", Lab("smoke", tmp_path / "run", 2, Console(quiet=True)))
    assert all_hold(findings.claims), [claim for claim in findings.claims if not claim.holds]
    assert (tmp_path / "run" / "figure.png").read_bytes().startswith(b"\x89PNG")
