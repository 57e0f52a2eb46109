"""One number a prompt, where each was asked several times or in several guises.

`pass_at` is the chance that one of k answers is right, `pass_all` that all k are, `goodness_at` how good the worst
tenth (say) of the guises leaves an answer. Each makes one unit a prompt, and `gnothi.metrics.rate` gives it an interval
over prompts, or over clusters of these.
"""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from gnothi.metrics.rates import Units

Answers = Units | Float[np.ndarray, "prompts samples"] | Int[np.ndarray, "prompts samples"]


def pass_at(k: int, answers: Answers) -> Units:
    """The chance that one of `k` answers or more is right, by prompt: without bias, from `n >= k` answers of which `c`
    are right, `1 - C(n - c, k) / C(n, k)` (Chen et al. 2021, eq. 1).

    **Arguments:** `k`; `answers`, 1 where right, else 0: units, of which those of one prompt belong together, or a row
    a prompt.

    **Raises:** `ValueError` if a prompt has fewer than `k` answers, or one is neither right nor wrong.

    >>> import numpy as np
    >>> pass_at(2, np.array([[1, 0, 0, 0], [1, 1, 1, 1]])).values.tolist()
    [0.5, 1.0]
    """
    return _by_prompt(answers, k, lambda right: 1 - _all_of(k, right.size - _count(right), right.size))


def pass_all(k: int, answers: Answers) -> Units:
    """The chance that `k` answers are all right ("pass^k"), by prompt: `C(c, k) / C(n, k)`, without bias (Yao et al.
    2024, "tau-bench"); arguments and errors as of `pass_at`.

    >>> import numpy as np
    >>> pass_all(2, np.array([[1, 1, 1, 0], [1, 1, 1, 1]])).values.tolist()
    [0.5, 1.0]
    """
    return _by_prompt(answers, k, lambda right: _all_of(k, _count(right), right.size))


def goodness_at(q: float, answers: Answers) -> Units:
    """How good the worst `ceil(q k)` of a prompt's `k` answers are in the mean (o1 System Card, sec. 3.1.1, has q = .1
    and k jailbreaks).

    It is a mean of the smallest of noisy numbers, so it lies below what the worst guises' goodness is in expectation,
    unless each was judged often; and it falls as `k` grows. Report `answers_a_prompt` beside it.

    **Arguments:** `q`, above 0 to 1; `answers`, how good each is, 0 to 1: as of `pass_at`.

    **Raises:** `ValueError` if `q` is out of its range.

    >>> import numpy as np
    >>> goodness_at(0.5, np.array([[0.0, 0.5, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])).values.tolist()
    [0.25, 1.0]
    """
    if not 0 < q <= 1:
        raise ValueError(f"q must be above 0 and at most 1, got {q}")
    return _by_prompt(answers, 1, lambda goodness: float(np.sort(goodness)[: worst(q, goodness.size)].mean()))


def worst(q: float, k: int) -> int:
    """How many of `k` are the worst share `q`: rounded up; 10 % of 30 are 3, though binary .1 is a little more."""
    return max(1, math.ceil(q * k - 1e-9))


def answers_a_prompt(answers: Answers) -> tuple[int, int]:
    """The fewest and the most answers that a prompt has.

    **Raises:** `ValueError` if there are none.
    """
    counts = np.unique(_units(answers).prompts, return_counts=True)[1]
    if not counts.size:
        raise ValueError("answers are empty: there is no prompt")
    return int(counts.min()), int(counts.max())


def _by_prompt(answers: Answers, fewest: int, measure: Callable[[Float[np.ndarray, " answers"]], float]) -> Units:
    if fewest < 1:
        raise ValueError(f"k must be 1 or more, got {fewest}")
    units = _units(answers)
    rows: dict[str, list[int]] = {}
    for row, prompt in enumerate(units.prompts):
        if units.weights[row] > 0:
            rows.setdefault(prompt, []).append(row)
    few = next((prompt for prompt, some in rows.items() if len(some) < fewest), None)
    if few is not None:
        raise ValueError(f"k is {fewest}, but prompt {few!r} has {len(rows[few])} answers: ask more often, or lower k")
    shares = units.values / np.where(units.weights > 0, units.weights, 1.0)
    values = [measure(shares[some]) for some in rows.values()]
    clusters = tuple(units.clusters[some[0]] for some in rows.values())
    prompts = tuple(rows)
    return Units(prompts, np.array(values, float), np.ones(len(rows)), clusters, prompts)


def _units(answers: Answers) -> Units:
    if isinstance(answers, Units):
        return answers
    values = np.asarray(answers, float)
    prompts = tuple(str(row) for row in range(values.shape[0]) for _ in range(values.shape[1]))
    names = tuple(f"{prompt}#{sample % values.shape[1]}" for sample, prompt in enumerate(prompts))
    return Units(names, values.reshape(-1), np.ones(values.size), prompts, prompts)


def _count(right: Float[np.ndarray, " answers"]) -> int:
    odd = (right > 0) & (right < 1)
    if odd.any():
        raise ValueError(f"answers must be right or wrong, 1 or 0, got {right[odd][0]}")
    return int(right.sum())


def _all_of(k: int, count: int, number: int) -> float:
    """The chance that `k` drawn of `number` without replacement are all among `count` of them."""
    return math.comb(count, k) / math.comb(number, k)
