"""What others do in the benchmark of active learning: run in an environment of their own.

    python active_peers.py bald|batch           # prints name, seconds, picks of every library
    python active_peers.py label SPLIT.npz      # prints accuracy after every round, and CPU seconds, of every rule

Each prints one line of JSON.
"""

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

warnings.filterwarnings("ignore")

SAMPLES, CLASSES, PICKS = 20, 10, 10
POOLS = {"bald": 10_000, "batch": 1000}
MEMBERS = 5  # of the committee


def predictions(num_inputs: int) -> np.ndarray:
    """Logits [samples, inputs, classes] on which all are timed: samples differ in 20 ways, each shared by many."""
    rng = np.random.default_rng(0)
    agreed = rng.normal(size=(1, num_inputs, CLASSES)) * rng.gamma(1.0, 2.0, (1, num_inputs, 1))
    ways = rng.normal(size=(SAMPLES, 20, CLASSES))
    disputed = ways[:, rng.integers(20, size=num_inputs)] * rng.uniform(0.0, 1.0, (1, num_inputs, 1))
    return (agreed + disputed).astype(np.float32)


def probabilities(num_inputs: int) -> np.ndarray:
    """The same as probabilities, which is what the others ask for."""
    weights = np.exp(predictions(num_inputs))
    return weights / weights.sum(axis=2, keepdims=True)


def timed(call: Callable[[], Any], at_least: float = 2.0) -> tuple[float, Any]:
    """Median seconds of a call, over as many as fill `at_least` seconds after the first, and what it gives."""
    start = time.perf_counter()
    result = call()
    if time.perf_counter() - start > at_least:
        return time.perf_counter() - start, result
    seconds: list[float] = []
    while sum(seconds) < at_least:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def bald() -> list[tuple[str, float, list[int]]]:
    """Scores of a pool, without choosing."""
    from baal.active.heuristics import BALD
    from skactiveml.pool import batch_bald

    probs = probabilities(POOLS["bald"])
    by_input = np.ascontiguousarray(np.transpose(probs, (1, 2, 0)))  # baal's order: inputs, classes, samples
    double = by_input.astype(float)
    calls = {
        "baal BALD, float32": lambda: BALD().get_uncertainties(by_input),
        "baal BALD, float64": lambda: BALD().get_uncertainties(double),
        "scikit-activeml batch_bald of 1": lambda: batch_bald(probs.copy(), 1)[0],  # it clips what it is given
    }
    found = {name: timed(call) for name, call in calls.items()}
    return [(name, seconds, np.argsort(-scores)[:PICKS].tolist()) for name, (seconds, scores) in found.items()]


def batch() -> list[tuple[str, float, list[int]]]:
    """A batch of a pool."""
    from baal.active.heuristics import BatchBALD
    from skactiveml.pool import batch_bald

    probs = probabilities(POOLS["batch"])
    by_input = np.ascontiguousarray(np.transpose(probs, (1, 2, 0)))

    def scikit_activeml(draws: int | None) -> list[int]:
        scores = batch_bald(probs.astype(float), PICKS, n_MC_samples=draws, random_state=0)
        return np.nanargmax(scores, axis=1).tolist()

    calls = {
        "scikit-activeml batch_bald, 20 draws (default)": lambda: scikit_activeml(None),
        "scikit-activeml batch_bald, 1,000 draws": lambda: scikit_activeml(1000),
        "baal BatchBALD (default)": lambda: BatchBALD(PICKS)(by_input)[:PICKS].tolist(),
    }
    return [(name, *timed(call)) for name, call in calls.items()]


def label(path: str) -> dict[str, tuple[list[float], float]]:
    """A labelling run of each of scikit-activeml's rules with a committee of scikit-learn's networks."""
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import Badge, GreedyBALD, RandomSampling, UncertaintySampling
    from sklearn.ensemble import VotingClassifier
    from sklearn.neural_network import MLPClassifier

    split = np.load(path)
    classes = np.arange(CLASSES)
    seed, sizes = int(split["seed"]), split["sizes"]
    rules = {
        "random": lambda x, y, model, count: RandomSampling(random_state=seed).query(x, y, batch_size=count),
        "margin": lambda x, y, model, count: UncertaintySampling("margin_sampling", random_state=seed).query(
            x, y, model, fit_clf=False, batch_size=count
        ),
        "GreedyBALD": lambda x, y, model, count: GreedyBALD(random_state=seed).query(
            x, y, model, fit_ensemble=False, batch_size=count
        ),
        "BADGE": lambda x, y, model, count: Badge(random_state=seed).query(
            x, y, model, fit_clf=False, batch_size=count
        ),
    }
    results = {}
    for name, query in rules.items():
        start, accuracies = time.process_time(), []
        labels = np.full(len(split["y"]), np.nan)
        labels[split["start"]] = split["y"][split["start"]]
        for known, following in zip(sizes, [*sizes[1:], None], strict=True):
            nets = [(f"{k}", MLPClassifier(random_state=1000 * seed + known + k)) for k in range(MEMBERS)]
            model = SklearnClassifier(VotingClassifier(nets, voting="soft"), classes=classes)
            model.fit(split["x"], labels)
            accuracies.append(float(np.mean(model.predict(split["test_x"]) == split["test_y"])))
            if following is not None:
                picked = query(split["x"], labels, model, int(following - known))
                labels[picked] = split["y"][picked]
        results[name] = (accuracies, time.process_time() - start)
    return results


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    found = {"bald": bald, "batch": batch, "label": label}[what](*arguments)
    print(json.dumps({"versions": {name: version(name) for name in ("baal", "scikit-activeml")}, "found": found}))
