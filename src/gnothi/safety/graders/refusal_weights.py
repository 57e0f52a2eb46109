"""Weights of a logistic regression over named features: fitted, explained, kept as JSON with where they come from."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from sklearn.linear_model import LogisticRegression

FORMAT = 1
CLIP = 4.0  # standard deviations beyond which a feature counts no more: one odd answer decides nothing
#: Of the squared weights, in scikit-learn's sense (C). Chosen on three models of XSTest, each held out in turn: from
#: 0.01 to 0.1 their pooled sensitivity and specificity move by less than 0.007.
PENALTY = 0.03


@dataclass(frozen=True)
class FeatureWeights:
    """A logistic regression: `names`, `means` and `scales` of features, a weight each, and the `intercept`.

    `about` says from what the weights were made: data, licence, date, the command. Fitted with classes balanced, so
    0.5 is where both errors count alike, whatever the share of refusals.
    """

    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    about: Mapping[str, str] = field(default_factory=dict)

    def probability(self, rows: Float[np.ndarray, "answers features"]) -> Float[np.ndarray, " answers"]:
        """Of the class that the weights are for."""
        return 1 / (1 + np.exp(-(self._scaled(rows) @ np.array(self.weights) + self.intercept)))

    def reasons(self, row: Float[np.ndarray, " features"], most: int = 3) -> str:
        """The features that moved one answer most, with what each added to the log-odds."""
        parts = self._scaled(row[None])[0] * np.array(self.weights)
        order = np.argsort(-np.abs(parts))[:most]
        return "; ".join(f"{self.names[place]} {parts[place]:+.1f}" for place in order)

    @property
    def sha256(self) -> str:
        """Of all numbers, as they are written."""
        numbers = [[round(value, 6) for value in part] for part in (self.means, self.scales, self.weights)]
        whole = json.dumps([self.names, *numbers, round(self.intercept, 6)])
        return hashlib.sha256(whole.encode()).hexdigest()

    def write(self, path: Path) -> None:
        """Writes JSON."""
        rows = {
            name: [round(mean, 6), round(scale, 6), round(weight, 6)]
            for name, mean, scale, weight in zip(self.names, self.means, self.scales, self.weights, strict=True)
        }
        whole = {"format": FORMAT, "about": dict(self.about), "intercept": round(self.intercept, 6), "features": rows}
        lines = json.dumps(whole, indent=1, ensure_ascii=False)
        path.write_text(lines + "\n", encoding="utf-8")

    def _scaled(self, rows: Float[np.ndarray, "answers features"]) -> Float[np.ndarray, "answers features"]:
        return np.clip((rows - np.array(self.means)) / np.array(self.scales), -CLIP, CLIP)


def read_weights(path: Path, names: Sequence[str]) -> FeatureWeights:
    """Reads what `FeatureWeights.write` wrote.

    **Arguments:** `path`; `names`, the features that there are now.

    **Raises:** `ValueError` if the file is of other features or another format.
    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        found = whole["format"]
        rows = {str(name): tuple(map(float, row)) for name, row in whole["features"].items()}
        means, scales, weights = zip(*rows.values(), strict=True)
        made = FeatureWeights(tuple(rows), means, scales, weights, float(whole["intercept"]), whole["about"])
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path} holds no weights of a grader ({error}): `gnothi safety calibrate --train`") from error
    if found != FORMAT or made.names != tuple(names):
        raise ValueError(
            f"{path} holds weights of {len(made.names)} features (format {found}), but this grader has {len(names)} "
            f"(format {FORMAT}): fit them again with `gnothi safety calibrate --train`"
        )
    return made


def fit_weights(
    names: Sequence[str],
    rows: Float[np.ndarray, "answers features"],
    truth: Bool[np.ndarray, " answers"],
    about: Mapping[str, str] | None = None,
    *,
    counts_as: Float[np.ndarray, " answers"] | None = None,
    penalty: float = PENALTY,
) -> FeatureWeights:
    """Fits a logistic regression with balanced classes to standardised features.

    **Arguments:** `names` of the features; `rows` and the `truth` of answers; `about`, kept with the weights;
    `counts_as`, how much a row counts, 1 if not said; `penalty`, scikit-learn's C.

    **Raises:** `ValueError` if there are not two answers of each class.
    """
    counts = int(truth.sum()), int((~truth).sum())
    if min(counts) < 2:
        raise ValueError(
            f"to fit weights there must be two answers of each class or more, got {counts[0]} and {counts[1]}"
        )
    means, scales = rows.mean(0), rows.std(0)
    scales = np.where(scales < 1e-9, 1.0, scales)
    scaled = np.clip((rows - means) / scales, -CLIP, CLIP)
    share = np.ones(len(rows)) if counts_as is None else counts_as
    share = share * np.where(truth, 1 / share[truth].sum(), 1 / share[~truth].sum())
    share *= len(rows) / share.sum()
    fitted = LogisticRegression(C=penalty, max_iter=10_000).fit(scaled, truth, sample_weight=share)
    middle, width, weights = (tuple(map(float, part)) for part in (means, scales, fitted.coef_[0]))
    return FeatureWeights(tuple(names), middle, width, weights, float(fitted.intercept_[0]), dict(about or {}))
