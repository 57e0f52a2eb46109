"""Thompson sampling by epistemic networks: how well agents act, from bandits to exploration that must go deep.

Osband et al. 2023, "Approximate Thompson Sampling via Epistemic Neural Networks" (UAI). (a) On neural bandits an epinet
has the regret of a large ensemble with prior functions at a fraction of its arithmetic. (b) Joint scores order agents
as their regret does: this has not reproduced (see `decisions.py`), and the checks are as strict here. (c) Deep Sea is
solved by epinet and ensemble+ in a number of episodes that grows like a power of its size, and not by epsilon-greedy
DQN. (d) Nor does that swing a pole up whose pushes cost and which pays only when it stands, as an epinet does.
"""

from collections.abc import Sequence

import numpy as np

from gnothi.agents import EnsembleAgent, EpinetAgent, MLPAgent, NetworkAgent
from gnothi.cards import Claim, below, equals, not_above
from gnothi.decisions.planners import Greedy
from gnothi.decisions.q_learning import QAgent
from gnothi.decisions.q_networks import EnsembleQ, EpinetQ, PlainQ
from gnothi.metrics import mean_interval
from gnothi.reproduce.acting import GOOD_RETURN, BanditTask, SeaTask, SwingTask, measure
from gnothi.reproduce.decisions import correlation_claims, scores_and_regrets
from gnothi.reproduce.lab import Findings, Lab
from gnothi.reproduce.measured import by_seed
from gnothi.reproduce.thompson_figure import draw
from gnothi.sweep import Group, Record

BEST = "ensemble+"
SCALES = (0.03, 0.1, 0.3, 1.0, 3.0)  # of prior functions, of which the curve of sensitivity is made
DQN = "epsilon-greedy DQN"


def run(lab: Lab) -> Findings:
    """Plays, scores, explores; writes the film of a bandit beside the figure."""
    bandits, seas, swings, sensitivity = _bandit_tasks(lab), _sea_tasks(lab), _swing_tasks(lab), _sensitivity_tasks(lab)
    tasks: list[BanditTask | SeaTask | SwingTask] = [*swings, *bandits, *seas, *sensitivity]
    acted = lab.run([Group(task.cell, (task.cell,), task) for task in tasks], measure)

    def of(evaluation: str, tasks: Sequence[BanditTask | SeaTask | SwingTask]) -> list[Record]:
        names = {task.name for task in tasks}
        return [record for record in acted if f"/{evaluation}-" in record.evaluation and record.subject in names]

    regret, sea, swing = of("bandit", bandits), of("deep_sea", seas), of("swing_up", swings)
    claims = (
        *_bandit_claims(regret),
        *correlation_claims(scores_and_regrets(lab), lab),
        *_sea_claims(sea, lab),
        *_swing_claims(swing, lab),
    )
    explorers = {task.name: task.agent for task in seas}
    return Findings(claims, draw(lab, regret, sea, swing, of("deep_sea", sensitivity), explorers))


def _bandit_tasks(lab: Lab) -> list[BanditTask]:
    members = lab.choose(smoke=20, laptop=100, paper=100)
    size = lab.choose(smoke=(3, 200, 32), laptop=(12, 4000, 32), paper=(40, 10_000, 128))
    agents: dict[str, NetworkAgent] = {
        BEST: EnsembleAgent(num_members=members, prior_scale=3.0),
        "epinet": EpinetAgent(),
        "mlp": MLPAgent(),
    }
    return [BanditTask(name, agent, *size) for name, agent in agents.items()]


def _sea_tasks(lab: Lab) -> list[SeaTask]:
    sizes = lab.choose(smoke=(4, 8), laptop=(10, 20, 30), paper=(10, 20, 30, 40, 50))
    seeds, episodes = lab.choose(smoke=(2, 300), laptop=(6, 3000), paper=(10, 10_000))
    agents = {
        "epinet": QAgent(EpinetQ()),
        BEST: QAgent(EnsembleQ(lab.choose(smoke=10, laptop=10, paper=20))),
        DQN: QAgent(PlainQ(), Greedy(0.1)),
    }
    # The longest first.
    return [SeaTask(name, agent, size, seeds, episodes) for size in sizes[::-1] for name, agent in agents.items()]


def _swing_tasks(lab: Lab) -> list[SwingTask]:
    level, seeds, episodes = lab.choose(smoke=(0, 1, 3), laptop=(0, 3, 300), paper=(0, 10, 1000))
    agents = {"epinet": QAgent(EpinetQ()), DQN: QAgent(PlainQ(), Greedy(0.1))}
    return [SwingTask(name, agent, level, seeds, episodes) for name, agent in agents.items()]


def _sensitivity_tasks(lab: Lab) -> list[SeaTask]:
    size, seeds, episodes = lab.choose(smoke=(4, 1, 100), laptop=(10, 3, 600), paper=(20, 10, 3000))
    scales = lab.choose(smoke=SCALES[1::3], laptop=SCALES, paper=SCALES)
    return [SeaTask(f"prior {scale:g}", QAgent(EpinetQ(prior_scale=scale)), size, seeds, episodes) for scale in scales]


def _bandit_claims(regret: Sequence[Record]) -> list[Claim]:
    end = max(record.num_train or 0 for record in regret)
    epinet, best = (by_seed(regret, name, "regret", num_train=end) for name in ("epinet", BEST))
    flops = {record.subject: float(record.train_flops or 0) for record in regret}
    share = flops["epinet"] / flops[BEST]
    return [
        not_above(
            "An epinet's regret is not above that of a large ensemble with prior functions",
            f"regret after {end:,} steps, epinet less {BEST}, mean over bandits; {BEST} has {best.mean():.1f}",
            mean_interval(epinet - best),
            0.0,
        ),
        equals(
            "It learns at no more than a tenth of the arithmetic",
            f"operations of a gradient step, of those of {BEST}",
            share,
            0.0,
            tolerance=0.1,
        ),
    ]


def _sea_claims(records: Sequence[Record], lab: Lab) -> list[Claim]:
    sizes = sorted({record.input_size for record in records if record.input_size})
    claims = []
    for name in ("epinet", BEST):
        solved = by_seed(records, name, "solved")
        claims.append(
            equals(
                f"{name} solves Deep Sea of sizes {', '.join(map(str, sizes))}",
                f"runs that solve it, of {len(solved)}",
                solved.sum(),
                len(solved),
                tolerance=0,
            )
        )
        episodes = np.stack([by_seed(records, name, "episodes", input_size=size) for size in sizes])
        # A run that used up its episodes would flatten the slope: it is no number then, and the claim does not hold.
        slopes = (
            np.polyfit(np.log(sizes), np.log(episodes), 1)[0] if solved.all() else np.full(len(episodes[0]), np.nan)
        )
        words = "slope of log episodes in log size, mean over seeds; episodes at each size on average: "
        words += ", ".join(f"{mean:.0f}" for mean in episodes.mean(axis=1))
        claims.append(below(f"{name}'s episodes grow like a power of the size", words, mean_interval(slopes), 3.0))
    if lab.scale != "smoke":  # sizes of 8 and less are solved by chance
        large = [size for size in sizes if size > 12]
        found = np.concatenate([by_seed(records, DQN, "solved", input_size=size) for size in large])
        words = f"runs that solve sizes above 12, of {len(found)}"
        claims.append(equals(f"{DQN} does not", words, found.sum(), 0, tolerance=0))
    return claims


def _swing_claims(records: Sequence[Record], lab: Lab) -> list[Claim]:
    if lab.scale == "smoke":  # nobody learns it in a few episodes
        return []
    claims = []
    for name, statement in (("epinet", "An epinet swings the pole up"), (DQN, f"{DQN} does not")):
        solved, best = by_seed(records, name, "solved"), by_seed(records, name, "best_return")
        wanted = len(solved) if name == "epinet" else 0
        words = f"runs with an episode that returns more than {GOOD_RETURN}, of {len(solved)}; best returns: "
        words += ", ".join(f"{value:.0f}" for value in best)
        claims.append(equals(statement, words, solved.sum(), wanted, tolerance=0))
    return claims
