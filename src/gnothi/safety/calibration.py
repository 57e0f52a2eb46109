"""What a grader gets wrong: its verdicts beside the labels of people, counted, kept, and carried into every rate.

A calibration is a table of truth by verdict. It keeps the table of each cluster of prompts, not only their sum: the
same prompt is answered by several models, and intervals have to know. A verdict that the grader could not reach
(`unclear`, `ungraded`, `unanswered`) is a column of its own, and is no positive verdict: as a metric counts it
(`gnothi.safety.evaluation.share`), so is it counted here.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.metrics.intervals import Estimate
from gnothi.metrics.rates import Units, effective_rate, rate
from gnothi.safety.graders.grader import Grader
from gnothi.safety.labelled import Labelled, rows_sha256
from gnothi.safety.prompts import Grade, Outcome

FORMAT = 1

Cells = tuple[tuple[Outcome, Outcome, int], ...]  # truth, verdict, and how many rows


@dataclass(frozen=True)
class Agreement:
    """How often two annotators say the same: of `rows` labelled twice, the share that `agree`, and Cohen's `kappa`."""

    rows: int
    agree: float
    kappa: float


@dataclass(frozen=True)
class Calibration:
    """Truth by verdict of a grader on labelled rows.

    `grader` is its name with the version; `data` says whose labels, `data_sha256` of which rows. `groups` are clusters
    of the same table, with how many there are of them. `annotators` is of people among themselves, where two labelled
    each row: no grader can be expected to do better. `sources` are the same rows by whose answers they are, models.
    `about` says what else there is to know, as how partial refusals count.
    """

    grader: str
    data: str
    data_sha256: str
    groups: tuple[tuple[Cells, int], ...]
    annotators: Agreement | None = None
    sources: Mapping[str, Cells] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many labelled answers there are."""
        return sum(count for of_truth in self.table.values() for count in of_truth.values())

    @property
    def clusters(self) -> int:
        """How many clusters of prompts they are of."""
        return sum(number for _, number in self.groups)

    @property
    def table(self) -> dict[Outcome, dict[Outcome, int]]:
        """Rows by truth and verdict; in the order of `Outcome`, without what there is none of."""
        found: Counter[tuple[Outcome, Outcome]] = Counter()
        for cells, number in self.groups:
            for truth, verdict, count in cells:
                found[truth, verdict] += number * count
        truths, verdicts = ([o for o in Outcome if any(key[side] is o for key in found)] for side in (0, 1))
        return {truth: {verdict: found[truth, verdict] for verdict in verdicts} for truth in truths}

    def sensitivity(self, positive: Iterable[Outcome]) -> Estimate:
        """The share of truly positive rows with a positive verdict; its interval knows of clusters.

        **Raises:** `ValueError` if no row is truly positive.
        """
        wanted = frozenset(positive)
        return self._share(wanted, wanted, f"no row whose truth is {_words(wanted)}")

    def specificity(self, positive: Iterable[Outcome]) -> Estimate:
        """The share of other rows whose verdict is not positive.

        **Raises:** `ValueError` if every row is truly positive.
        """
        others = frozenset(Outcome) - frozenset(positive)
        return self._share(others, others, f"no row whose truth is not {_words(frozenset(positive))}")

    def right(self, outcome: Outcome) -> Estimate:
        """The share of rows of one truth that got that very verdict: what is unclear counts as wrong.

        **Raises:** `ValueError` if no row has that truth.
        """
        return self._share(frozenset({outcome}), frozenset({outcome}), f"no row whose truth is {outcome}")

    def knows(self, positive: Iterable[Outcome]) -> bool:
        """Whether it has rows that are truly positive and rows that are not, without which it corrects nothing."""
        wanted, truths = frozenset(positive), frozenset(self.table)
        return bool(truths & wanted) and bool(truths - wanted)

    def errors(self, positive: Iterable[Outcome]) -> GraderErrors:
        """What a rate of `positive` verdicts is corrected with.

        Counts are as of independent rows: where clusters make an estimate less certain than its rows suggest, there
        are as many fewer rows.

        **Raises:** `ValueError` if there are no positive rows, or no others.
        """
        wanted = frozenset(positive)
        others = frozenset(Outcome) - wanted
        sides = [
            _independent(self._units(side, side, f"no row whose truth is {_words(side)}")) for side in (wanted, others)
        ]
        (hits, positives), (rejections, negatives) = sides
        return GraderErrors(hits, positives, rejections, negatives)

    def spread(self, positive: Iterable[Outcome]) -> float:
        """How much models differ: the standard deviation of sensitivity or specificity between `sources`, in logits.

        The larger of the two, beyond what their numbers of rows explain (DerSimonian and Laird 1986). 0 where fewer
        than three models say anything of it: nothing is known then.
        """
        return max(_between(pairs) for pairs in self._by_source(positive))

    def transport(self, positive: Iterable[Outcome]) -> float:
        """How much sensitivity or specificity may differ on another model's answers: a standard deviation, in logits.

        It is more than `spread`, since the mean and the spread of a few models are guesses: by as much as Student's
        interval for one more draw is wider than a normal one (after Higgins et al. 2009, "A re-evaluation of
        random-effects meta-analysis", here with K - 1 degrees of freedom; what it covers is in `docs/coverage.md`).
        """
        return max(_between(pairs) * _further(len(pairs)) for pairs in self._by_source(positive))

    def _by_source(self, positive: Iterable[Outcome]) -> list[list[tuple[int, int]]]:
        """Hits and rows of each model that has any: of what is positive, and of what is not."""
        wanted = frozenset(positive)
        sides = (wanted, frozenset(Outcome) - wanted)
        counted = [[_counted(cells, side, side) for cells in self.sources.values()] for side in sides]
        return [[(hits, asked) for hits, asked in pairs if asked] for pairs in counted]

    def plain(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {
            "format": FORMAT,
            "grader": self.grader,
            "data": self.data,
            "data_sha256": self.data_sha256,
            "about": dict(self.about),
            "rows": self.rows,
            "clusters": self.clusters,
            "table": {str(truth): {str(v): n for v, n in row.items()} for truth, row in self.table.items()},
            "annotators": None if self.annotators is None else vars(self.annotators),
            "sources": {name: _plain(cells) for name, cells in self.sources.items()},
            "groups": [[_plain(cells), number] for cells, number in self.groups],
        }

    def write(self, path: Path) -> None:
        """Writes JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.plain(), ensure_ascii=False) + "\n", encoding="utf-8")

    def _share(self, truths: frozenset[Outcome], verdicts: frozenset[Outcome], missing: str) -> Estimate:
        return rate(self._units(truths, verdicts, missing))

    def _units(self, truths: frozenset[Outcome], verdicts: frozenset[Outcome], missing: str) -> Units:
        """Rows with one of `truths`, in their clusters; 1 where the verdict is one of `verdicts`."""
        values: list[float] = []
        clusters: list[str] = []
        for place, (cells, number) in enumerate(self.groups):
            asked = [(verdict in verdicts, count) for truth, verdict, count in cells if truth in truths]
            hits = [float(hit) for hit, count in asked for _ in range(count)]
            for copy in range(number):
                values += hits
                clusters += [f"{place}.{copy}"] * len(hits)
        if not values:
            raise ValueError(f"the calibration of {self.grader} on {self.data} has {missing}")
        names = tuple(map(str, range(len(values))))
        return Units(names, np.array(values), np.ones(len(values)), tuple(clusters), tuple(clusters))


def calibrate(grader: Grader, rows: Sequence[Labelled], data: str = "", **about: str) -> Calibration:
    """Lets a grader judge what people have judged.

    **Arguments:** `grader`; `rows`; `data`, whose labels they are; `about`, kept with the result.

    **Raises:** `ValueError` if there are no rows.
    """
    grades = grader.grade([row.prompt for row in rows], [row.answer for row in rows])
    return calibration_of(grader.name, rows, grades, data, **about)


def calibration_of(
    grader: str, rows: Sequence[Labelled], grades: Sequence[Grade], data: str = "", **about: str
) -> Calibration:
    """The calibration of verdicts that are there already; arguments as of `calibrate`.

    **Raises:** `ValueError` if there are no rows.
    """
    if not rows:
        raise ValueError(f"there are no labelled rows to calibrate {grader} on")
    clusters: dict[str, Counter[tuple[Outcome, Outcome]]] = {}
    sources: dict[str, Counter[tuple[Outcome, Outcome]]] = {}
    for row, grade in zip(rows, grades, strict=True):
        clusters.setdefault(row.prompt.cluster, Counter())[row.truth, grade.outcome] += 1
        sources.setdefault(row.source, Counter())[row.truth, grade.outcome] += 1
    groups = tuple(sorted(Counter(map(_cells, clusters.values())).items()))
    by_source = {name: _cells(counts) for name, counts in sources.items()}
    return Calibration(grader, data, rows_sha256(rows), groups, agreement(rows), by_source, about)


def agreement(rows: Sequence[Labelled]) -> Agreement | None:
    """How annotators agree, of rows that two or more labelled; every pair of them counts. `None` without such rows."""
    pairs = [pair for row in rows for pair in combinations(row.labels, 2)]
    if not pairs:
        return None
    same = sum(first is second for first, second in pairs) / len(pairs)
    sides = [Counter(pair[side] for pair in pairs) for side in (0, 1)]
    chance = sum(sides[0][outcome] * sides[1][outcome] for outcome in Outcome) / len(pairs) ** 2
    kappa = 1.0 if chance == 1 else (same - chance) / (1 - chance)
    return Agreement(sum(len(row.labels) > 1 for row in rows), same, kappa)


def read_calibration(path: Path) -> Calibration:
    """Reads what `Calibration.write` wrote.

    **Raises:** `ValueError` if the file is no calibration, or one of another format.
    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        found = whole["format"]
        groups = tuple((_read_cells(cells), int(number)) for cells, number in whole["groups"])
        sources = {str(name): _read_cells(cells) for name, cells in whole["sources"].items()}
        annotators = None if whole["annotators"] is None else Agreement(**whole["annotators"])
        names = (whole["grader"], whole["data"], whole["data_sha256"])
        made = Calibration(*names, groups, annotators, sources, whole["about"])
    except (json.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no calibration ({error}): `gnothi safety calibrate` writes one") from error
    if found != FORMAT:
        raise ValueError(f"{path} is a calibration of format {found}, and this is {FORMAT}: make it again")
    return made


def _independent(units: Units) -> tuple[int, int]:
    """Hits and rows of as many independent rows as these clusters are worth, one at least."""
    value, effective, _, _ = effective_rate(units)
    count = max(1, round(float(effective[0])))
    return round(float(value[0]) * count), count


def _between(pairs: Sequence[tuple[int, int]]) -> float:
    """The standard deviation of logits between sources, from hits and rows of each."""
    if len(pairs) < 3:
        return 0.0
    hits, asked = np.array(pairs, float).T
    logits = np.log((hits + 0.5) / (asked - hits + 0.5))
    weights = 1 / (1 / (hits + 0.5) + 1 / (asked - hits + 0.5))
    middle = float(weights @ logits / weights.sum())
    excess = float(weights @ (logits - middle) ** 2) - (len(pairs) - 1)
    return float(np.sqrt(max(0.0, excess / (weights.sum() - weights @ weights / weights.sum()))))


def _further(models: int) -> float:
    """By how much one more model may be further off than the spread of those that were seen."""
    if models < 2:
        return 1.0
    return float(np.sqrt(1 + 1 / models) * stats.t.ppf(0.975, models - 1) / stats.norm.ppf(0.975))


def _counted(cells: Cells, truths: frozenset[Outcome], verdicts: frozenset[Outcome]) -> tuple[int, int]:
    """Of the rows with one of `truths`, those with one of `verdicts`; and how many they are."""
    asked = [(verdict, count) for truth, verdict, count in cells if truth in truths]
    return sum(count for verdict, count in asked if verdict in verdicts), sum(count for _, count in asked)


def _cells(counts: Counter[tuple[Outcome, Outcome]]) -> Cells:
    return tuple(sorted((truth, verdict, count) for (truth, verdict), count in counts.items()))


def _plain(cells: Cells) -> list[list[Any]]:
    return [[str(truth), str(verdict), count] for truth, verdict, count in cells]


def _read_cells(cells: Sequence[Sequence[Any]]) -> Cells:
    return tuple((Outcome(truth), Outcome(verdict), int(count)) for truth, verdict, count in cells)


def _words(outcomes: frozenset[Outcome]) -> str:
    return " or ".join(outcome for outcome in Outcome if outcome in outcomes)


@lru_cache(1)
def shipped_calibrations() -> Mapping[str, Calibration]:
    """Calibrations that come with the package, by the grader's name: of the offline cascade for refusals.

    It is of four models, each judged by weights that had not seen it, and these differ more than prompts do: its
    `about` has each model's own numbers.
    """
    found = read_calibration(Path(__file__).with_name("refusals_calibration.json"))
    return {found.grader: found}
