"""Records of what a reproduction measures itself, beside the runs of the testbed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from gnothi.metrics import Estimate, mean_interval
from gnothi.sweep import Record
from gnothi.testbed.run import VERSIONS


def measured(subject: str, evaluation: str, metric: str, estimate: Estimate, **about: Any) -> Record:
    """A record of one number; its costs are not measured and are 0.

    **Arguments:** `subject`, who; `evaluation`, on what, of the form `suite/name`; `metric`; `estimate`; `about`, more
    fields of `Record`: `tau`, `seed`, `input_size`, ...
    """
    blank = {"seed": 0, "config_hash": "", "seconds": 0.0, "cpu_seconds": 0.0, "compile_seconds": 0.0}
    return Record(
        subject=subject,
        evaluation=evaluation,
        suite=evaluation.split("/")[0],
        metric=metric,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        units=estimate.units,
        nonfinite=estimate.nonfinite,
        versions=VERSIONS,
        **{**blank, "peak_bytes": 0, "parameters": 0, **about},
    )


def over_seeds(values: Float[ndarray, " seeds"]) -> Estimate:
    """The mean over seeds with its interval, in numbers of Python's own, which a claim can be written down with."""
    found = mean_interval(values)
    return Estimate(float(found.value), float(found.low), float(found.high), found.units, found.nonfinite)


def by_seed(records: Sequence[Record], subject: str, metric: str, **about: Any) -> Float[ndarray, " seeds"]:
    """The values of a subject's metric in the order of their seeds; `about`, what other fields must be."""
    wanted = {"subject": subject, "metric": metric, **about}
    rows = [record for record in records if all(getattr(record, name) == value for name, value in wanted.items())]
    return np.array([record.value for record in sorted(rows, key=lambda record: record.seed)])
