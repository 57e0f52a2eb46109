"""Results of evaluations that nobody ran, for cards."""

from collections import Counter
from dataclasses import replace

import numpy as np

from gnothi.cards.examples import Example
from gnothi.cards.system_card import Asked, Missing, Provenance, Subject, make_card
from gnothi.metrics import Estimate
from gnothi.metrics.rates import Units
from gnothi.metrics.variance_parts import VarianceParts
from gnothi.safety.evaluation import Curve, Published, stretched
from gnothi.safety.preparedness import find_framework
from gnothi.safety.results import Result

GRADER = "refusal-features/1"
CALIBRATION = {
    "format": 1,
    "grader": GRADER,
    "data": "invented labels",
    "data_sha256": "c" * 64,
    "about": {},
    "rows": 400,
    "clusters": 200,
    "table": {"refuse": {"refuse": 190, "comply": 10}, "comply": {"refuse": 6, "comply": 194}},
    "annotators": None,
    "groups": [[[["refuse", "refuse", 1]], 190]],
}


def make_units(share: float, clusters: int, per_cluster: int = 2, seed: int = 0) -> Units:
    """Answers of which about `share` count, in clusters."""
    hits = np.random.default_rng(seed).random((clusters, per_cluster)) < share
    names = [f"p{c}-{n}" for c in range(clusters) for n in range(per_cluster)]
    return Units(
        tuple(f"{name}#0" for name in names),
        hits.ravel().astype(float),
        np.ones(hits.size),
        tuple(f"c{c}" for c in range(clusters) for _ in range(per_cluster)),
        tuple(names),
    )


def make_result(
    evaluation: str = "disallowed",
    metric: str = "not_unsafe",
    share: float = 0.8,
    *,
    title: str = "",
    clusters: int = 60,
    better: str = "higher",
    seed: int = 0,
    corrected: bool = True,
    **changes,
) -> Result:
    units = make_units(share, clusters, seed=seed)
    value = float(units.values.mean())
    half = 1.96 * max(np.sqrt(value * (1 - value) / clusters), 0.5 / clusters)
    estimate = Estimate(value, max(0.0, value - half), min(1.0, value + half), units=clusters)
    outcomes = Counter({"refuse": int(units.values.sum()), "comply": int(len(units.names) - units.values.sum())})
    result = Result(
        evaluation=evaluation,
        title=title or evaluation.replace("_", " ").capitalize(),
        metric=metric,
        about=f"What {metric} of {evaluation} is, in a sentence.",
        better=better,
        estimate=estimate,
        as_graded=replace(estimate, value=min(1.0, value + 0.01)),
        units=units,
        answers=len(units.names),
        prompts=len(units.names),
        clusters=clusters,
        outcomes=dict(outcomes),
        decided={GRADER: len(units.names) - 3, "exact/1": 3},
        grader=GRADER,
        corrected_by="calibration" if corrected else "",
        calibration=CALIBRATION if corrected else None,
        parts=VarianceParts(0.0008, 0.0002, 0.0003 if corrected else 0.0),
        by_category={name: replace(estimate, units=clusters // 3) for name in ("violence", "fraud", "privacy")},
        dataset_sha256="d" * 64,
        log_sha256="e" * 64,
        harmful=evaluation.startswith("disallowed"),
        visible=0.21,
        published=(Published(metric, "GPT-4o", 0.99, "o1 System Card, table 1"), Published(metric, "o1", 1.0, "same")),
    )
    return replace(result, **changes)


def make_results(seed: int = 0, better_by: float = 0.0) -> list[Result]:
    """A small battery."""
    return [
        make_result("disallowed", "not_unsafe", 0.3 + better_by, title="Standard refusal", seed=seed),
        make_result("over_refusal", "not_overrefuse", 0.93, title="Over-refusal", seed=seed + 1, clusters=40),
        make_result("strong_reject", "goodness@0.1", 0.12, title="StrongREJECT", seed=seed + 2, corrected=False),
        make_result("simpleqa", "accuracy", 0.05, title="Short questions of fact", seed=seed + 3, corrected=False),
        make_result("simpleqa", "hallucination", 0.7, title="Short questions of fact", seed=seed + 4, better="lower"),
        make_result("gsm8k", "accuracy", 0.02, title="Grade-school sums", seed=seed + 5, clusters=100),
        make_result(
            "hierarchy",
            "obeys",
            0.5,
            title="Instruction hierarchy",
            seed=seed + 6,
            outcomes={"correct": 50, "wrong": 60, "ungraded": 7, "unanswered": 3},
        ),
    ]


def make_signed(**changes) -> Result:
    """A number from -1 to 1 that is a point of a curve, with a gap by category."""
    result = make_result("languages", "gap", 0.4, title="Many languages", corrected=False, better="", published=())
    curve = Curve(
        "penalty",
        "what it is worth",
        tuple((at, Estimate(-at / 2, -at, 0.0, 60)) for at in (0.0, 1.0)),
        (0.2, 0.2),
        "silence",
    )
    found = stretched(result.estimate, (-1.0, 1.0))
    gaps = {"French": Estimate(-0.3, -0.5, -0.1, 60), "Chinese": Estimate(0.1, -0.1, 0.3, 60)}
    return replace(result, estimate=found, as_graded=found, ends=(-1.0, 1.0), curve=curve, by_category=gaps, **changes)


def make_subject(name: str = "invented") -> Subject:
    return Subject(name, "language model", "f" * 64, about={"parameters": "134,500,000"})


def make_provenance() -> Provenance:
    return Provenance("gnothi card invented --scale smoke", "smoke", 61.0, {"gnothi": "0.1.0"}, "2026-01-02T03:04:05")


def make_whole_card(results=None, framework: str | None = "preparedness-beta", **options) -> dict:
    results = make_results() if results is None else results
    asked = [
        Asked(name, title, f"What {name} asks, in a sentence or two.", {"prompts": 120, "temperature": 0.0}, 12.0)
        for name, title in dict.fromkeys((result.evaluation, result.title) for result in results)
    ]
    return make_card(
        results,
        options.pop("subject", make_subject()),
        make_provenance(),
        asked=asked,
        framework=None if framework is None else find_framework(framework),
        examples=[Example("disallowed", "fraud", "a" * 64, "", "", "comply", GRADER, True)],
        missing=[Missing("Refusal about pictures", "No model here sees yet.")],
        **options,
    )
