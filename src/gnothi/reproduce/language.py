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

from gnothi.agents import DropoutAgent, EnsembleAgent, EpinetAgent, MLPAgent, NetworkAgent
from gnothi.cards import Claim, above, below
from gnothi.language import ActiveSettings
from gnothi.language.simulate import Schedule
from gnothi.metrics import Estimate, mean_interval
from gnothi.reproduce.curves import Curves, part_needed, read_curves
from gnothi.reproduce.lab import Findings, Lab
from gnothi.reproduce.labelling import EncodeTask, SyntheticTask, TextTask, measure
from gnothi.reproduce.language_figure import draw
from gnothi.sweep import Group

PACKAGED_SETS = ("movies", "tweets", "spam", "newsgroups")
GLUE_SETS = ("sst-2",)
HARD_SETS = ("cola", "rte")  # of which a frozen MiniLM knows next to nothing: shown, and in no claim
NOISE = 0.3  # share of the answers that are drawn at random
ASIDE = 0.1
EPINET, MLP = "epinet", "mlp"
RANDOM, ASKED = f"{EPINET}, uniform", f"{EPINET}, variance"
TEMPERED = f", {ASIDE:g} aside"


def agents() -> dict[str, NetworkAgent]:
    """The heads: as published for the testbed, with decay and rate that suit a few hundred to 2,000 labels of texts."""
    return {
        EPINET: EpinetAgent(hidden=(50,), prior_scale=0.5, l2=6.0, learning_rate=2e-3),
        MLP: MLPAgent(hidden=(50,), l2=6.0, learning_rate=2e-3),
        "ensemble+": EnsembleAgent(num_members=20, hidden=(50,), prior_scale=1.0, l2=6.0, learning_rate=2e-3),
        "dropout": DropoutAgent(hidden=(50,), learning_rate=2e-3),
    }


def run(lab: Lab) -> Findings:
    """Encodes texts, labels them by every rule, labels what networks drew."""
    encodings = _encodings(lab)
    lab.run([Group(task.cell, (task.cell,), task) for task in encodings.values()], measure)
    tasks: list[TextTask | SyntheticTask] = [*_text_tasks(lab, encodings), *_synthetic_tasks(lab)]
    records = lab.run([Group(task.cell, (task.cell,), task) for task in tasks], measure)
    curves = read_curves(records)
    claims = (*_half_claims(curves, lab), *_noise_claims(curves, lab), *_synthetic_claims(curves, lab))
    return Findings(claims, draw(curves))


def _encodings(lab: Lab) -> dict[str, EncodeTask]:
    names = lab.choose(smoke=PACKAGED_SETS[:2], laptop=PACKAGED_SETS, paper=PACKAGED_SETS)
    if lab.data_dir is not None:
        names += lab.choose(smoke=GLUE_SETS, laptop=(*GLUE_SETS, *HARD_SETS), paper=(*GLUE_SETS, *HARD_SETS))
    pool, test = lab.choose(smoke=(900, 500), laptop=(5000, 2000), paper=(70_000, 20_000))
    return {name: EncodeTask(name, lab.folder, lab.data_dir, pool, test) for name in names}


def _text_tasks(lab: Lab, encodings: dict[str, EncodeTask]) -> list[TextTask]:
    budget, batch, seeds = lab.choose(smoke=(400, 50, 3), laptop=(2000, 50, 10), paper=(2000, 50, 20))
    schedule, heads = Schedule(budget, batch, every=2), agents()

    def task(name: str, rule: str, texts: EncodeTask, noise: float = 0.0, aside: float = 0.0) -> TextTask:
        # Of more candidates than this, rules that look for disagreement take what is like nothing else.
        settings = ActiveSettings(rule, num_candidates=4 * batch, aside=aside)
        return TextTask(name, heads[name], settings, texts, noise, schedule, seeds)

    tasks = []
    for name, texts in encodings.items():
        rules = ("uniform", "variance") if name in HARD_SETS else ("uniform", "variance", "bald", "margin")
        tasks += [task(EPINET, rule, texts) for rule in rules]
        tasks += [task(EPINET, rule, texts, aside=ASIDE) for rule in rules[:2] if name not in HARD_SETS]
    for texts in list(encodings.values())[:2]:
        for aside in (0.0, ASIDE):
            tasks += [task(EPINET, rule, texts, NOISE, aside) for rule in ("uniform", "variance")]
        tasks += [task(MLP, rule, texts, NOISE) for rule in ("uniform", "entropy", "margin")]
    return tasks


def _synthetic_tasks(lab: Lab) -> list[SyntheticTask]:
    budget, seeds = lab.choose(smoke=(100, 3), laptop=(1000, 10), paper=(10_000, 10))
    schedule, heads = Schedule(budget, 1, every=budget // 20, again=True), agents()
    rules = {
        EPINET: ("uniform", "variance", "bald", "entropy", "margin"),
        MLP: ("uniform", "entropy", "margin"),
        "ensemble+": ("variance",),
        "dropout": ("variance",),
    }
    return [
        SyntheticTask(
            name,
            heads[name],
            ActiveSettings(rule, num_candidates=200, steps_per_label=1.0, batch_size=128),
            temperature,
            schedule,
            seeds,
        )
        for temperature in lab.choose(smoke=(0.5,), laptop=(0.1, 0.5), paper=(0.1, 0.5))
        for name, of_agent in rules.items()
        for rule in of_agent
    ]


def _half_claims(curves: Curves, lab: Lab) -> list[Claim]:
    """(a) and (d): which part of the budget is needed, clean labels."""
    clean = [task for task in curves.tasks if "noise" not in task and "synthetic" not in task]
    clean = [task for task in clean if task.split("/")[1] not in HARD_SETS]
    by = lab.choose(smoke="value", laptop="interval", paper="interval")
    bound = lab.choose(smoke=1.0, laptop=0.5, paper=0.5)
    accuracy = part_needed(curves, clean, "accuracy", ASKED, (RANDOM,))
    both = (RANDOM, RANDOM + TEMPERED)
    loss = part_needed(curves, clean, "log_loss", ASKED + TEMPERED, both)
    plain = part_needed(curves, clean, "log_loss", ASKED, both)
    measured = f"part of the budget that the epinet's variance needs, mean over {len(clean)} sets of texts{{}}"
    return [
        below(
            "Half the labels reach the accuracy that random labelling reaches with all",
            measured.format(_never(accuracy)),
            accuracy,
            bound,
            by=by,
        ),
        below(
            "With a tenth of them drawn at random for a temperature, half the labels reach the log-loss too",
            measured.format(f" (without the temperature {plain.value:.2f}{_never(plain)}){_never(loss)}"),
            loss,
            bound,
            by=by,
        ),
    ]


def _never(part: Estimate) -> str:
    return f"; {part.nonfinite} never reach it and count as 1" if part.nonfinite else ""


def _noise_claims(curves: Curves, lab: Lab) -> list[Claim]:
    """(b): accuracy at the end, beside a plain network, and the part of the budget."""
    noisy = [task for task in curves.tasks if "noise" in task]
    part = part_needed(curves, noisy, "accuracy", ASKED, (RANDOM,))
    bound, by = lab.choose(smoke=(1.0, "value"), laptop=(0.5, "interval"), paper=(0.5, "interval"))
    claims = [
        below(
            f"With {NOISE:.0%} of the labels drawn at random, half the labels are enough",
            f"part of the budget, mean over {len(noisy)} sets of texts{_never(part)}",
            part,
            bound,
            by=by,
        )
    ]
    for rule in ("entropy", "margin"):
        plain = f"{MLP}, {rule}"
        gaps = [curves.of(task, ASKED, "accuracy") - curves.of(task, plain, "accuracy") for task in noisy]
        claims.append(
            above(
                f"With noisy labels the epinet's variance beats {rule} of a plain network",
                f"gain in accuracy at the whole budget, mean over {len(noisy)} sets",
                mean_interval(np.mean(gaps, axis=0)[:, -1]),
                -0.1 if lab.scale == "smoke" else 0.0,
            )
        )
    return claims


def _synthetic_claims(curves: Curves, lab: Lab) -> list[Claim]:
    """(c): log-loss on the way, averaged over the budget."""
    worse: Sequence[tuple[str, str]] = (
        (RANDOM, "random labelling"),
        (f"{MLP}, entropy", "entropy of a plain network"),
        ("dropout, variance", "dropout's variance"),
    )
    tasks = [task for task in curves.tasks if "synthetic" in task]

    claims = []
    for subject, words in worse:
        gaps = [curves.of(task, ASKED, "log_loss") - curves.of(task, subject, "log_loss") for task in tasks]
        claims.append(
            below(
                f"On networks' labels the epinet's variance is better than {words}",
                "difference of log-loss, mean over the budget, nats",
                mean_interval(np.mean(gaps, axis=(0, 2))),
                0.1 if lab.scale == "smoke" else 0.0,
            )
        )
    return claims
