"""Language models that ask for the labels they need: how many of them are spared, and when.

Osband et al. 2022, "Fine-Tuning Language Models via Epistemic Neural Networks". (a) What random labelling reaches with
the whole budget, an epinet that asks for what it is unsure of reaches with half of it, on the mean over tasks. (b)
Where labels are noisy it beats entropy and margin of a plain network, which ask for coin flips. (c) On labels that
random networks draw, rules stand in the published order. And beyond the paper: (d) labels that were asked for make
predictions too sure; with a tenth of them drawn at random and set aside for one temperature, half the labels also
reach the log-loss.

Texts are read by MiniLM, which is not trained; heads are, on the principal axes of its vectors.
"""

from collections.abc import Sequence

import numpy as np

from gnothi.agents import AGENTS, MLPAgent, NetworkAgent, find_agent
from gnothi.cards import Claim, above, below
from gnothi.language import ActiveSettings, RoundSettings
from gnothi.language.active import few_candidates
from gnothi.language.simulate import Schedule
from gnothi.metrics import Estimate, paired_difference
from gnothi.reproduce.curves import Curves, mean_by_distinct, part_needed, read_curves
from gnothi.reproduce.lab import Findings, Lab
from gnothi.reproduce.labelling import EncodeTask, LabelTask, Networks, Texts, measure
from gnothi.reproduce.language_figure import draw
from gnothi.sweep import Group

PACKAGED_SETS = ("movies", "tweets", "spam", "newsgroups")
GLUE_SETS = ("sst-2",)
HARD_SETS = ("cola", "rte")  # of which a frozen MiniLM knows next to nothing: shown, and in no claim
NOISE = 0.3  # share of the answers that are drawn at random
ASIDE = RoundSettings().aside  # as `gnothi label` does
EPINET, MLP = "epinet", "mlp"
RANDOM, ASKED = f"{EPINET}, uniform", f"{EPINET}, variance"
TEMPERED = f", {ASIDE:g} aside"

#: Heads on texts: that of `gnothi label`, and a network of its size.
HEADS: dict[str, NetworkAgent] = {
    EPINET: find_agent(RoundSettings().agent, AGENTS),  # type: ignore[dict-item]
    MLP: MLPAgent(hidden=(50,), l2=6.0, learning_rate=2e-3),
}


def run(lab: Lab) -> Findings:
    """Encodes texts, labels them by every rule, labels what networks drew."""
    encodings = _encodings(lab)
    encoded = lab.run([Group(task.cell, (task.cell,), task) for task in encodings.values()], measure)
    sizes = {one.evaluation.split("/")[1]: int(one.value) for one in encoded if one.metric == "texts"}
    tasks = [*_text_tasks(lab, encodings, sizes), *_synthetic_tasks(lab)]
    records = lab.run([Group(task.cell, (task.cell,), task) for task in tasks], measure)
    curves = read_curves(records)
    claims = (*_half_claims(curves, lab), *_noise_claims(curves, lab), *_synthetic_claims(curves, lab))
    return Findings(claims, draw(curves))


def _encodings(lab: Lab) -> dict[str, EncodeTask]:
    names = lab.choose(smoke=PACKAGED_SETS[:2], laptop=PACKAGED_SETS, paper=PACKAGED_SETS)
    if lab.data_dir is not None:
        names += lab.choose(smoke=GLUE_SETS, laptop=(*GLUE_SETS, *HARD_SETS), paper=(*GLUE_SETS, *HARD_SETS))
    pool, test = lab.choose(smoke=(1200, 500), laptop=(8000, 2000), paper=(70_000, 20_000))
    return {name: EncodeTask(name, lab.folder, lab.data_dir, pool, test) for name in names}


def _text_tasks(lab: Lab, encodings: dict[str, EncodeTask], sizes: dict[str, int]) -> list[LabelTask]:
    """Budgets are a quarter of the pool: of half of it, what is asked for is hardly other than what is drawn."""
    most, batch, seeds = lab.choose(smoke=(300, 50, 3), laptop=(2000, 50, 10), paper=(2000, 50, 20))

    def task(name: str, rule: str, texts: EncodeTask, noise: float = 0.0, aside: float = 0.0) -> LabelTask:
        settings = ActiveSettings(rule, num_candidates=few_candidates(batch), aside=aside)
        budget = min(most, sizes[texts.set] // 4) // (2 * batch) * 2 * batch
        schedule = Schedule(budget, batch, every=2)
        return LabelTask(name, HEADS[name], settings, schedule, seeds, Texts(texts, noise))

    tasks = []
    for name, texts in encodings.items():
        rules = ("uniform", "variance", "margin") if name in HARD_SETS else ("uniform", "variance", "bald", "margin")
        tasks += [task(EPINET, rule, texts) for rule in rules]
        if name not in HARD_SETS:
            tasks += [task(EPINET, rule, texts, aside=ASIDE) for rule in ("uniform", "variance", "margin")]
    for texts in list(encodings.values())[:2]:
        for aside in (0.0, ASIDE):
            tasks += [task(EPINET, rule, texts, NOISE, aside) for rule in ("uniform", "variance", "margin")]
        tasks += [task(MLP, rule, texts, NOISE) for rule in ("uniform", "entropy", "margin")]
    return tasks


def _synthetic_tasks(lab: Lab) -> list[LabelTask]:
    budget, seeds = lab.choose(smoke=(150, 3), laptop=(1000, 10), paper=(10_000, 10))
    schedule = Schedule(budget, 1, every=budget // 50, again=True)
    rules = {
        EPINET: ("uniform", "variance", "bald", "entropy", "margin"),
        MLP: ("uniform", "entropy", "margin"),
        "ensemble+": ("variance",),
        "dropout": ("variance",),
    }
    return [
        LabelTask(
            name,
            AGENTS[name],  # type: ignore[arg-type]
            ActiveSettings(rule, num_candidates=200, steps_per_label=1.0, batch_size=128),
            schedule,
            seeds,
            Networks(temperature),
        )
        for temperature in lab.choose(smoke=(0.5,), laptop=(0.1, 0.5), paper=(0.1, 0.5))
        for name, of_agent in rules.items()
        for rule in of_agent
    ]


def _half_claims(curves: Curves, lab: Lab) -> list[Claim]:
    """(a) and (d): which part of the budget is needed, without and with noise."""
    real = [task for task in curves.tasks if "synthetic" not in task and task.split("/")[1] not in HARD_SETS]
    noisy = [task for task in real if "noise" in task]
    clean = [task for task in real if task not in noisy]
    both, claims = (RANDOM, RANDOM + TEMPERED), []
    bound, by = lab.choose(smoke=(1.0, "value"), laptop=(0.5, "interval"), paper=(0.5, "interval"))
    for tasks, where in ((clean, ""), (noisy, f", {NOISE:.0%} of the labels drawn at random")):
        for rule in ("variance", "margin"):
            asked = f"{EPINET}, {rule}"
            accuracy = part_needed(curves, tasks, "accuracy", asked, (RANDOM,))
            loss = part_needed(curves, tasks, "log_loss", asked + TEMPERED, both)
            plain = part_needed(curves, tasks, "log_loss", asked, both)
            part = f"part of the budget that the epinet's {rule} needs, mean over {len(tasks)} sets of texts"
            claims += [
                below(
                    f"Half the labels reach the accuracy that random labelling reaches with all{where}",
                    f"{part}{_never(accuracy)}",
                    accuracy,
                    bound,
                    by=by,
                ),
                below(
                    f"With a tenth of them drawn for a temperature, half the labels reach the log-loss too{where}",
                    f"{part}{_never(loss)} (without the temperature {plain.value:.2f}{_never(plain)})",
                    loss,
                    bound,
                    by=by,
                ),
            ]
    return claims


def _never(part: Estimate) -> str:
    return f"; {part.nonfinite} never reach it and count as 1" if part.nonfinite else ""


def _noise_claims(curves: Curves, lab: Lab) -> list[Claim]:
    """(b): accuracy at the end, beside a plain network."""
    noisy, claims = [task for task in curves.tasks if "noise" in task], []
    for rule in ("entropy", "margin"):
        plain = f"{MLP}, {rule}"
        ends = [[curves.of(task, who, "accuracy")[:, -1] for who in (ASKED, plain)] for task in noisy]
        claims.append(
            above(
                f"With noisy labels the epinet's variance beats {rule} of a plain network",
                f"gain in accuracy at the whole budget, mean over {len(noisy)} sets",
                paired_difference(*np.mean(ends, axis=0)),
                lab.choose(smoke=-0.1, laptop=0.0, paper=0.0),
            )
        )
    return claims


def _synthetic_claims(curves: Curves, lab: Lab) -> list[Claim]:
    """(c): log-loss at the same number of distinct inputs, averaged over these."""
    worse: Sequence[tuple[str, str]] = (
        (RANDOM, "random labelling"),
        (f"{MLP}, entropy", "entropy of a plain network"),
        ("dropout, variance", "dropout's variance"),
    )
    tasks = [task for task in curves.tasks if "synthetic" in task]
    grid = np.arange(10, 101, 10)
    claims = []
    for subject, words in worse:
        ours, theirs = (
            np.mean([mean_by_distinct(curves, task, who, grid) for task in tasks], axis=0) for who in (ASKED, subject)
        )
        claims.append(
            below(
                f"On networks' labels the epinet's variance is better than {words}",
                "difference of log-loss where 10 to 100 distinct inputs were labelled, nats",
                paired_difference(ours, theirs),
                lab.choose(smoke=0.1, laptop=0.0, paper=0.0),
            )
        )
    return claims
