"""The deployed bandit: it learns, it forgets nothing, and it refuses what makes no sense."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import gnothi
from gnothi.decisions import Bandit, Decision, inverse_propensity_score, self_normalised_ips
from gnothi.decisions.bandit_checkpoint import to_bytes
from gnothi.decisions.ensemble_sampling import EnsembleSampling
from gnothi.decisions.journal import START

ARMS = ["a", "b", "c"]


def small(path: Path, **settings) -> Bandit:
    return Bandit(ARMS, 2, path=path, **{"num_members": 20, **settings})


def state_of(bandit: Bandit) -> bytes:
    """Everything the bandit knows, as bytes."""
    return to_bytes(bandit._store.state, START)


def crash(bandit: Bandit) -> None:
    """Ends a bandit as a kill does: without a last checkpoint."""
    bandit._store._journal.close()
    bandit._store._closed = True


def replayed(path: Path) -> bytes:
    """The state by replay of the whole log."""
    (path / "checkpoint.safetensors").unlink(missing_ok=True)
    bandit = Bandit(path=path)
    state = state_of(bandit)
    crash(bandit)
    return state


def play(bandit: Bandit, steps: int, seed: int = 0) -> list[Decision]:
    """Contexts are normal; arm a is best where the first number is positive, b elsewhere."""
    rng = np.random.default_rng(seed)
    made = []
    for context in rng.normal(size=(steps, 2)):
        made.append(bandit.choose(context))
        chance = 0.9 if made[-1].arm == ("a" if context[0] > 0 else "b") else 0.2
        bandit.update(made[-1], float(rng.random() < chance))
    return made


def value(bandit: Bandit, chances: np.ndarray, contexts: np.ndarray) -> float:
    return float((bandit.probabilities(contexts) * chances).sum(axis=1).mean())


def test_it_learns_what_each_context_wants(tmp_path):
    contexts = np.random.default_rng(9).normal(size=(500, 2))
    positive = contexts[:, 0] > 0
    chances = np.stack([np.where(positive, 0.9, 0.2), np.where(positive, 0.2, 0.9), np.full(500, 0.2)], axis=1)
    with gnothi.Bandit(ARMS, 2, path=tmp_path) as bandit:
        before = value(bandit, chances, contexts)
        play(bandit, 300)
        assert before < 0.6 and value(bandit, chances, contexts) > 0.8


def test_a_decision_is_its_members_best_arm_and_says_how_likely_that_was(tmp_path):
    with small(tmp_path, num_members=50, exploration=0.3) as bandit:
        play(bandit, 20)
        context = np.array([0.3, -0.2])
        there = bandit.probabilities(context[None])[0]
        best = bandit._store.state.model.values(np.append(1.0, context)).argmax(axis=0)
        made = [bandit.choose(context) for _ in range(2000)]
        assert there.sum() == pytest.approx(1) and there.min() >= 0.1
        for decision in made:
            assert decision.probability == pytest.approx(there[ARMS.index(decision.arm)])
            assert decision.index is None or decision.arm == ARMS[best[decision.index]]
        assert len({decision.index for decision in made}) == 51
        shares = [np.mean([decision.arm == arm for decision in made]) for arm in ARMS]
        assert np.abs(shares - there).max() < 4 * np.sqrt(0.25 / 2000)
        explored = np.mean([decision.index is None for decision in made])
        assert explored == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 2000))


def test_the_model_is_ensemble_sampling_of_scaled_rewards(tmp_path):
    with small(tmp_path, reward_range=(-2.0, 6.0), prior_std=0.7, noise_std=0.3, seed=5) as bandit:
        model = EnsembleSampling(np.array([0.49, 0.245, 0.245]), num_members=20, noise_std=0.3, seed=5)
        for _ in ARMS:
            model.add_arm()
        for number, context in enumerate(np.random.default_rng(0).normal(size=(30, 2))):
            decision = bandit.choose(context)
            bandit.update(decision, -2.0 + 8.0 * (number % 3) / 2)
            model.learn(ARMS.index(decision.arm), np.append(1.0, context), (number % 3) / 2 - 0.5, number)
        assert np.allclose(bandit._store.state.model.weights, model.weights, atol=1e-12)


def test_the_same_calls_give_the_same_decisions_and_another_seed_gives_others(tmp_path):
    runs = {}
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        with small(tmp_path / name, seed=seed) as bandit:
            runs[name] = play(bandit, 40)
    assert runs["one"] == runs["same"] != runs["other"]


def test_opened_again_it_goes_on_as_if_nothing_had_happened(tmp_path):
    with small(tmp_path / "whole") as bandit:
        wanted = play(bandit, 60) + play(bandit, 30, seed=1)
        state = state_of(bandit)
    bandit = small(tmp_path / "parted", checkpoint_every=25)
    made = play(bandit, 60)
    crash(bandit)
    with Bandit(path=tmp_path / "parted") as bandit:
        assert made + play(bandit, 30, seed=1) == wanted
        assert state_of(bandit) == state
    assert replayed(tmp_path / "parted") == state


def test_rewards_come_late_and_in_any_order(tmp_path):
    with small(tmp_path / "late") as bandit:
        made = [bandit.choose([0.1 * step, 1.0]) for step in range(20)]
        assert bandit.pending == tuple(range(20))
        for decision in reversed(made[10:]):
            bandit.update(decision.id, 0.25)
        bandit.update_many([(decision, 0.25) for decision in made[:9]])
        assert bandit.pending == (9,)
        late = bandit._store.state.model.weights
        assert "20 decisions, 1 pending" in repr(bandit)
    with small(tmp_path / "soon") as bandit:
        made = [bandit.choose([0.1 * step, 1.0]) for step in range(20)]
        for decision in made[:9] + made[10:]:
            bandit.update(decision, 0.25)
        assert np.allclose(late, bandit._store.state.model.weights, atol=1e-12)
    with Bandit(path=tmp_path / "late") as bandit:
        bandit.update(9, 0.25)
        assert bandit.pending == ()


@pytest.mark.parametrize("seed", range(4))
def test_a_random_life_with_crashes_is_replayed_to_the_same_bits(tmp_path, seed):
    rng = random.Random(seed)
    bandit = small(tmp_path, checkpoint_every=rng.choice([1, 7, 1000]))
    for step in range(150):
        what = rng.random()
        if what < 0.5:
            bandit.choose([rng.gauss(0, 1), rng.gauss(0, 1)])
        elif what < 0.85 and bandit.pending:
            waiting = rng.sample(bandit.pending, rng.randint(1, min(3, len(bandit.pending))))
            bandit.update_many([(decision, rng.random()) for decision in waiting])
        elif what < 0.9:
            bandit.add_arm(f"new {step}")
        elif what < 0.94 and len(bandit.arms) > 1:
            bandit.retire_arm(rng.choice(bandit.arms))
        elif what > 0.96:
            state = state_of(bandit)
            crash(bandit) if rng.random() < 0.7 else bandit.close()
            bandit = Bandit(path=tmp_path, checkpoint_every=7)
            assert state_of(bandit) == state
    state = state_of(bandit)
    bandit.close()
    assert replayed(tmp_path) == state


def test_arms_come_and_go_while_it_runs(tmp_path):
    with small(tmp_path) as bandit:
        first = play(bandit, 30)
        waiting = [bandit.choose([1.0, 0.0]) for _ in range(30)]
        bandit.add_arm(7)
        bandit.retire_arm("a")
        assert bandit.arms == ("b", "c", 7) and bandit.names == ("a", "b", "c", 7)
        late = next(decision for decision in waiting if decision.arm == "a")
        before = bandit._store.state.model.weights[0].copy()
        bandit.update(late, 1.0)  # a retired arm still learns
        assert not np.array_equal(before, bandit._store.state.model.weights[0])
        later = [bandit.choose([1.0, 0.0]) for _ in range(200)]
        assert {decision.arm for decision in later} == {"b", "c", 7}
        assert bandit.probabilities([[1.0, 0.0]])[0, 0] == 0
        learnt = bandit._store.state.model.weights[0].copy()
        bandit.add_arm("a")
        assert np.array_equal(learnt, bandit._store.state.model.weights[0])  # and comes back with what it knew
        assert "a" in bandit.arms and len(bandit.names) == 4
        state = state_of(bandit)
    assert first[0].id == 0 and replayed(tmp_path) == state
    with Bandit(["b", 7, "c", "a"], 2, path=tmp_path) as bandit:  # the arms there are now may be named too
        with pytest.raises(ValueError, match="there is an arm 7 already"):
            bandit.add_arm(7)
        with pytest.raises(ValueError, match=r"there is no arm '7': there are 'a', 'b', 'c', 7"):
            bandit.retire_arm("7")
        for arm in ("a", "b", "c"):
            bandit.retire_arm(arm)
        with pytest.raises(ValueError, match="7 is the only arm"):
            bandit.retire_arm(7)


def test_without_contexts_it_is_a_plain_bandit(tmp_path):
    with Bandit(ARMS, 0, path=tmp_path) as bandit:
        for _ in range(150):
            decision = bandit.choose([])
            bandit.update(decision, 1.0 if decision.arm == "b" else 0.0)
        assert bandit.probabilities(np.empty((1, 0)))[0, 1] > 0.9
        with pytest.raises(ValueError, match="nothing to refit"):
            bandit.refit()
    assert replayed(tmp_path)


def test_the_log_gives_what_off_policy_estimates_need(tmp_path):
    with small(tmp_path, exploration=0.2) as bandit:
        play(bandit, 600)
        bandit.choose([0.0, 0.0])  # has no reward: not in the log
        logged = bandit.logged()
        assert len(logged) == 600 and logged.names == ("a", "b", "c") and logged.available.all()
        assert logged.probabilities.min() >= 0.2 / 3
        # Arm a for every context earns 0.9 and 0.2 in turn.
        target = (logged.arms == 0).astype(float)
        for estimate in (inverse_propensity_score, self_normalised_ips):
            found = estimate(logged.rewards, logged.probabilities, target).estimate
            assert abs(found.value - 0.55) < 2 * (found.high - found.low) and found.high - found.low < 0.5
        uniform = inverse_propensity_score(np.ones(600), logged.probabilities, np.full(600, 1 / 3)).estimate
        assert uniform.low < 1 < uniform.high  # weights average to 1: propensities are right


def test_an_old_log_is_asked_about_the_arms_there_were(tmp_path):
    with small(tmp_path) as bandit:
        play(bandit, 20)
        bandit.add_arm("d")
        bandit.retire_arm("c")
        bandit.update_many([(bandit.choose([1.0, 0.0]), 0.5) for _ in range(20)])
        logged = bandit.logged()
        assert logged.names == ("a", "b", "c", "d")
        assert logged.available[:20].tolist() == [[True, True, True, False]] * 20
        assert logged.available[20:].tolist() == [[True, True, False, True]] * 20
        then = bandit.probabilities(logged.contexts, logged.available)
        assert np.allclose(then.sum(axis=1), 1) and np.array_equal(then > 0, logged.available)
        assert np.array_equal(then[20:], bandit.probabilities(logged.contexts[20:]))
        for wrong in (np.ones((40, 3), bool), np.zeros((40, 4), bool)):
            with pytest.raises(ValueError, match="available must have a row for each of 40 contexts"):
                bandit.probabilities(logged.contexts, wrong)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ([1.0], r"a context must be 2 numbers.*got shape \(1,\)"),
        ([1.0, 2.0, 3.0], r"got shape \(3,\)"),
        ([[1.0, 2.0]], r"got shape \(1, 2\)"),
        (1.0, r"got shape \(\)"),
        ([1.0, np.nan], "finite.*got nan"),
        ([np.inf, 1.0], "finite.*got inf"),
        ([1e7, 1.0], "within 1e.06 of 0, got 10000000.0: standardise"),
    ],
)
def test_contexts_that_make_no_sense_are_refused(tmp_path, context, message):
    with small(tmp_path) as bandit:
        with pytest.raises(ValueError, match=message):
            bandit.choose(context)
        assert bandit.choose([0.0, 0.0]).id == 0


def test_updates_that_make_no_sense_change_nothing(tmp_path):
    with small(tmp_path / "here") as bandit, small(tmp_path / "there", seed=1) as other:
        made = play(bandit, 5) + [bandit.choose([0.0, float(step)]) for step in range(20)]
        content, state = (tmp_path / "here" / "log.jsonl").read_bytes(), state_of(bandit)
        foreign = next(
            theirs
            for theirs in (other.choose([0.0, 0.0]) for _ in range(25))
            if theirs.arm != made[theirs.id].arm and theirs.id >= 5
        )
        for wrong, message in [
            ((made[7], float("nan")), "reward of decision 7 must be between 0 and 1, got nan"),
            ((made[7], 1.5), "must be between 0 and 1, got 1.5"),
            ((made[7], -0.1), "got -0.1"),
            ((made[0], 1.0), "decision 0 has its reward already"),
            ((3, 1.0), "decision 3 has its reward already"),
            ((25, 1.0), "decision 25 was never made: the last one is 24"),
            ((-1, 1.0), "decision -1 was never made"),
            ((foreign, 1.0), rf"decision {foreign.id} took '.', not '.': another bandit made"),
        ]:
            with pytest.raises(ValueError, match=message):
                bandit.update(*wrong)
            with pytest.raises(ValueError, match=message):
                bandit.update_many([(made[6], 1.0), wrong])
        with pytest.raises(ValueError, match="decision 6 is named twice"):
            bandit.update_many([(made[6], 1.0), (6, 0.5)])
        bandit.update_many([])
        assert (tmp_path / "here" / "log.jsonl").read_bytes() == content and state_of(bandit) == state
        bandit.update_many([(made[6], 1.0), (7, True), (8, np.float32(0.5))])
    with Bandit(["a"], 1, path=tmp_path / "new") as bandit, pytest.raises(ValueError, match="none was made yet"):
        bandit.update(0, 1.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"arms": []}, "arms must be one or more"),
        ({"arms": ["a", "a"]}, "arms must differ, got 'a' twice"),
        ({"arms": "abc"}, "several names, got the text 'abc'"),
        ({"arms": [True, "a"]}, "an arm is named by text or a whole number, got True"),
        ({"context_size": -1}, "context_size must be 0 or more, got -1"),
        ({"reward_range": (1.0, 0.0)}, "reward_range must be two finite numbers that rise"),
        ({"reward_range": (0.0, np.inf)}, "reward_range must be two finite numbers that rise"),
        ({"reward_range": (0.0, 0.5, 1.0)}, "the lowest and the highest reward"),
        ({"seed": -1}, "seed must be between 0"),
        ({"exploration": 0.0}, "exploration must be more than 0"),
        ({"num_members": 0}, "num_members must be 1 or more"),
        ({"prior_std": -1.0}, "prior_std must be positive"),
        ({"noise_std": 0.0}, "noise_std must be positive"),
        ({"checkpoint_every": 0}, "checkpoint_every must be 1 or more"),
    ],
)
def test_settings_out_of_range_are_refused_and_make_nothing(tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        Bandit(**{"arms": ARMS, "context_size": 2, "path": tmp_path / "new", **settings})
    assert not (tmp_path / "new").exists()


def test_arguments_may_be_left_out_but_not_contradict_the_stored_ones(tmp_path):
    with pytest.raises(ValueError, match=r"no bandit in .* yet: give arms and context_size"):
        Bandit(path=tmp_path / "new")
    small(tmp_path / "old", seed=3, reward_range=(0, 2)).close()
    for right in ({}, {"seed": 3}, {"reward_range": [0.0, 2.0]}, {"arms": ARMS, "context_size": 2, "num_members": 20}):
        Bandit(**right, path=tmp_path / "old").close()
    for wrong in (
        {"seed": 0},
        {"reward_range": (0.0, 1.0)},
        {"arms": ["a", "b"]},
        {"context_size": 3},
        {"num_members": 100},
        {"exploration": 0.1},
        {"prior_std": 1.0},
        {"noise_std": 1.0},
    ):
        (name,) = wrong
        with pytest.raises(ValueError, match=rf"{name} is .* here and .* in .*old: leave it out, or name another path"):
            Bandit(**wrong, path=tmp_path / "old")


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("thesis", "file"):
        with pytest.raises(ValueError, match=f"{name} is not a bandit and is not empty"):
            small(tmp_path / name)
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.txt"]


def test_a_log_of_another_version_is_refused(tmp_path):
    from gnothi.decisions.journal import Journal

    journal = Journal(tmp_path)
    list(journal.replay())
    journal.append({"event": "create", "format": 2, "settings": {}}, sync=True)
    journal.close()
    with pytest.raises(ValueError, match="made by another version of gnothi"):
        small(tmp_path)


def test_a_torn_log_loses_its_last_record_at_every_byte_and_says_so(tmp_path):
    bandit = small(tmp_path)
    made = [bandit.choose([0.5, 1.0]) for _ in range(4)]
    bandit.update(made[2], 1.0)
    before, start = state_of(bandit), (tmp_path / "log.jsonl").stat().st_size
    bandit.update(made[1], 0.5)
    after = state_of(bandit)
    bandit.close()  # so there is a checkpoint too, of more than will be left
    log, checkpoint = (tmp_path / name for name in ("log.jsonl", "checkpoint.safetensors"))
    content, saved = log.read_bytes(), checkpoint.read_bytes()
    for offset in range(start + 1, len(content)):
        log.write_bytes(content[:offset])
        checkpoint.write_bytes(saved)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            bandit = Bandit(path=tmp_path)
        assert [str(one.message).startswith(str(path)) for one, path in zip(said, (checkpoint, log), strict=True)]
        assert f"ended in {offset - start} bytes" in str(said[1].message)
        assert state_of(bandit) == before and bandit.pending == (0, 1, 3)
        crash(bandit)
    bandit = Bandit(path=tmp_path)
    bandit.update(1, 0.5)
    assert state_of(bandit) == after
    bandit.close()


def test_damage_in_the_middle_of_the_log_is_an_error(tmp_path):
    with small(tmp_path) as bandit:
        play(bandit, 5)
    log = tmp_path / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"id":1,', b'"id":9,'))
    with (
        pytest.warns(UserWarning, match="checkpoint"),
        pytest.raises(ValueError, match=r"line 4 of .*log.jsonl is corr"),
    ):
        Bandit(path=tmp_path)


def test_a_damaged_checkpoint_costs_time_only(tmp_path):
    with small(tmp_path) as bandit:
        play(bandit, 30)
        state = state_of(bandit)
    checkpoint = tmp_path / "checkpoint.safetensors"
    content = checkpoint.read_bytes()
    rng = np.random.default_rng(0)
    for offset in [*rng.integers(0, 1000, 30), *rng.integers(0, len(content), 20), len(content) - 1, None]:
        damaged = bytearray(content)
        if offset is not None:
            damaged[offset] ^= 1
        checkpoint.write_bytes(damaged if offset is not None else b"")
        with pytest.warns(UserWarning, match="is of no use, the whole log is replayed"):
            bandit = Bandit(path=tmp_path)
        assert state_of(bandit) == state
        crash(bandit)


def test_a_full_disk_at_a_checkpoint_is_said_and_harmless(tmp_path, monkeypatch):
    bandit = small(tmp_path, checkpoint_every=5)
    with monkeypatch.context() as patch, pytest.warns(UserWarning, match="no checkpoint was written .*No space left"):
        patch.setattr(
            "gnothi.decisions.bandit_store.write_whole",
            lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")),
        )
        play(bandit, 5)
    state = state_of(bandit)
    bandit.close()
    assert replayed(tmp_path) == state


def test_what_cannot_be_written_did_not_happen(tmp_path, monkeypatch):
    with small(tmp_path) as bandit:
        decision = bandit.choose([0.0, 1.0])
        state = state_of(bandit)
        with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
            patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
            bandit.update(decision, 1.0)
        assert state_of(bandit) == state
        bandit.update(decision, 1.0)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
            bandit.update(bandit.choose([0.0, 1.0]), 1.0)
        for call in (lambda: bandit.choose([0.0, 1.0]), bandit.logged):
            with pytest.raises(RuntimeError, match="was interrupted: close it, and open its path again"):
                call()
    with Bandit(path=tmp_path) as bandit:
        assert bandit.pending == (1,)


def test_closed_it_does_nothing_more(tmp_path):
    bandit = small(tmp_path)
    bandit.close()
    bandit.close()
    with pytest.raises(RuntimeError, match="is closed: open its path again"):
        bandit.choose([0.0, 0.0])


def test_threads_share_a_bandit(tmp_path):
    with small(tmp_path, checkpoint_every=20) as bandit:
        runs: dict[int, list[Decision]] = {}
        threads = [
            threading.Thread(target=lambda seed=seed: runs.update({seed: play(bandit, 40, seed)})) for seed in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(decision.id for run in runs.values() for decision in run) == list(range(160))
        state = state_of(bandit)
    assert replayed(tmp_path) == state


@pytest.mark.slow
def test_a_refit_learns_what_lines_cannot(tmp_path):
    rng = np.random.default_rng(0)
    contexts = rng.uniform(-1, 1, (1500, 2))

    def chances(contexts: np.ndarray) -> np.ndarray:
        same = np.prod(contexts, axis=1) > 0
        return np.stack([np.where(same, 0.9, 0.1), np.where(same, 0.1, 0.9)], axis=1)

    with Bandit(["same", "different"], 2, path=tmp_path, exploration=0.05) as bandit:
        made = [bandit.choose(context) for context in contexts]
        earned = [row[bandit.names.index(one.arm)] for row, one in zip(chances(contexts), made, strict=True)]
        bandit.update_many(
            (one, float(rng.random() < chance)) for one, chance in zip(made[:-5], earned[:-5], strict=True)
        )
        fresh = rng.uniform(-1, 1, (500, 2))
        before = value(bandit, chances(fresh), fresh)
        bandit.refit(steps=600)
        after = value(bandit, chances(fresh), fresh)
        assert before < 0.6 and after > 0.8
        bandit.update(made[-1], 1.0)  # made before the refit, learnt with its features
        bandit.add_arm("third")
        bandit.choose([0.0, 0.0])
        state = state_of(bandit)
        crash(bandit)
    with Bandit(path=tmp_path) as bandit:
        assert state_of(bandit) == state
        (tmp_path / "features-2.safetensors").write_bytes(b"of a refit that was killed before it reached the log")
        bandit.refit(hidden=(4,), steps=10)
        state = state_of(bandit)
    assert replayed(tmp_path) == state
    (tmp_path / "features-2.safetensors").write_bytes(b"something else")
    with pytest.raises(ValueError, match="is not what refit 2 learnt"):
        replayed(tmp_path)
    (tmp_path / "features-2.safetensors").unlink()
    with pytest.raises(ValueError, match="is missing, which refit 2 learnt"):
        Bandit(path=tmp_path)


def test_a_refit_needs_rewards_and_a_hidden_layer(tmp_path):
    with small(tmp_path) as bandit:
        bandit.choose([0.0, 0.0])
        with pytest.raises(ValueError, match="nothing to refit"):
            bandit.refit()
        bandit.update(0, 1.0)
        with pytest.raises(ValueError, match="one hidden layer or more"):
            bandit.refit(hidden=())


def test_choosing_needs_no_jax():
    code = "import sys, gnothi; gnothi.Bandit; sys.exit('jax' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


#: Chooses and updates until it is killed; says on a line of its own what was acknowledged.
CHILD = """
import json, random, sys
from gnothi.decisions.deployed import Bandit
rng = random.Random(int(sys.argv[2]))
bandit = Bandit(["a", "b"], 2, path=sys.argv[1], num_members=10, checkpoint_every=13)
while True:
    decision = bandit.choose([rng.gauss(0, 1), rng.gauss(0, 1)])
    print(json.dumps({"chose": decision.id, "arm": decision.arm}), flush=True)
    if rng.random() < 0.8:
        few = rng.sample(bandit.pending, min(len(bandit.pending), rng.choice([1, 1, 1, 2])))
        rewards = [(number, rng.random()) for number in few]
        bandit.update_many(rewards)
        print(json.dumps({"rewards": rewards}), flush=True)
"""


def start_child(path: Path, seed: int) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", CHILD, str(path), str(seed)], stdout=subprocess.PIPE, text=True)


def test_another_process_is_refused_until_the_first_is_killed(tmp_path):
    child = start_child(tmp_path, 0)
    assert child.stdout is not None and child.stdout.readline()
    with pytest.raises(RuntimeError, match=rf"is open in process {child.pid}: close it there, end that process"):
        Bandit(path=tmp_path)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Bandit(path=tmp_path).close()


@pytest.mark.slow
def test_200_kills_lose_and_double_nothing_acknowledged(tmp_path):
    rng, said = random.Random(0), []
    for seed in range(200):
        child = start_child(tmp_path, seed)
        assert child.stdout is not None
        if seed % 5:  # the others are killed while they open the log
            said.append(child.stdout.readline())
        time.sleep(rng.uniform(0, 0.1 if seed % 5 else 0.4))
        child.send_signal(signal.SIGKILL)
        said += child.communicate()[0].splitlines(keepends=True)
    acknowledged = [json.loads(line) for line in said if line.endswith("\n")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a torn tail
        bandit = Bandit(path=tmp_path)
    logged, state, pending = bandit.logged(), state_of(bandit), bandit.pending
    bandit.close()
    assert replayed(tmp_path) == state
    assert len(set(logged.ids)) == len(logged) and not set(logged.ids) & set(pending)
    assert {*logged.ids, *pending} == set(range(len(logged) + len(pending)))
    arms = dict(zip(logged.ids.tolist(), [logged.names[arm] for arm in logged.arms], strict=True))
    arms |= {number: bandit.names[one.arm] for number, one in bandit._store.state.pending.items()}
    chosen = [(one["chose"], one["arm"]) for one in acknowledged if "chose" in one]
    assert len(chosen) > 200 and len({number for number, _ in chosen}) == len(chosen)
    assert all(arms[number] == arm for number, arm in chosen)
    stored = dict(zip(logged.ids.tolist(), logged.rewards.tolist(), strict=True))
    rewards = [tuple(pair) for one in acknowledged for pair in one.get("rewards", [])]
    assert len(rewards) > 200 and len({number for number, _ in rewards}) == len(rewards)
    assert all(stored[number] == reward for number, reward in rewards)
