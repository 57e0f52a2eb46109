"""Thompson sampling by epistemic networks: how well agents act, from bandits to exploration that must go deep.

Osband et al. 2023, "Approximate Thompson Sampling via Epistemic Neural Networks" (UAI). (a) On neural bandits an epinet
has the regret of a large ensemble with prior functions at a fraction of its arithmetic. (b) Joint scores order agents
as their regret does: this has not reproduced (see `decisions.py`), and the checks are as strict here. (c) Deep Sea is
solved by epinet and ensemble+ in a number of episodes that grows like a power of its size, and not by epsilon-greedy
DQN.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from gnothi.agents import EnsembleAgent, EpinetAgent, MLPAgent, NetworkAgent
from gnothi.cards import PRINT_INK, Claim, below, equals, not_above
from gnothi.cards.film import film_frames, film_rows, film_strip, write_film
from gnothi.cards.labels import Axis, log_axis, named_points
from gnothi.cards.plots import Chart
from gnothi.cards.theme import agent_colour
from gnothi.decisions import draw_bandit, play
from gnothi.decisions.planners import Greedy
from gnothi.decisions.q_learning import QAgent
from gnothi.decisions.q_networks import EnsembleQ, EpinetQ, PlainQ
from gnothi.metrics import mean_interval
from gnothi.reproduce.acting import BanditTask, SeaTask, measure
from gnothi.reproduce.decisions import correlation_claims, scores_and_regrets
from gnothi.reproduce.lab import Findings, Lab
from gnothi.sweep import Group, Record

BEST = "ensemble+"
SCALES = (0.03, 0.1, 0.3, 1.0, 3.0)  # of prior functions, of which the curve of sensitivity is made
DQN = "epsilon-greedy DQN"


def run(lab: Lab) -> Findings:
    """Plays, scores, explores; writes the film of a bandit beside the figure."""
    bandits, seas, sensitivity = _bandit_tasks(lab), _sea_tasks(lab), _sensitivity_tasks(lab)
    tasks: list[BanditTask | SeaTask] = [*bandits, *seas, *sensitivity]
    acted = lab.run([Group(task.cell, (task.cell,), task) for task in tasks], measure)
    regret = [record for record in acted if record.metric == "regret"]
    of_seas = [record for record in acted if record.subject in {task.name for task in seas}]
    claims = (
        *_bandit_claims(regret),
        *correlation_claims(scores_and_regrets(lab), lab),
        *_sea_claims(of_seas, lab),
    )
    strip = _film(lab)
    curve = [record for record in acted if record.subject in {task.name for task in sensitivity}]
    panels = alt.hconcat(_regret_panel(regret), _sea_panel(of_seas), _sensitivity_panel(curve, lab), spacing=40)
    return Findings(claims, alt.vconcat(panels, strip, spacing=30))


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
    seeds, episodes = lab.choose(smoke=(2, 300), laptop=(3, 1500), paper=(10, 10_000))
    agents = {
        "epinet": QAgent(EpinetQ()),
        BEST: QAgent(EnsembleQ(lab.choose(smoke=10, laptop=10, paper=20))),
        DQN: QAgent(PlainQ(), Greedy(0.1)),
    }
    # The longest first.
    return [SeaTask(name, agent, size, seeds, episodes) for size in sizes[::-1] for name, agent in agents.items()]


def _sensitivity_tasks(lab: Lab) -> list[SeaTask]:
    size, seeds, episodes = lab.choose(smoke=(4, 1, 100), laptop=(10, 3, 600), paper=(20, 10, 3000))
    scales = lab.choose(smoke=SCALES[1::3], laptop=SCALES, paper=SCALES)
    return [SeaTask(f"prior {scale:g}", QAgent(EpinetQ(prior_scale=scale)), size, seeds, episodes) for scale in scales]


def _by_seed(records: Sequence[Record], subject: str, metric: str, **about: Any) -> np.ndarray:
    rows = [r for r in records if r.subject == subject and r.metric == metric]
    rows = [r for r in rows if all(getattr(r, name) == value for name, value in about.items())]
    return np.array([record.value for record in sorted(rows, key=lambda record: record.seed)])


def _bandit_claims(regret: Sequence[Record]) -> list[Claim]:
    end = max(record.num_train or 0 for record in regret)
    epinet, best = (_by_seed(regret, name, "regret", num_train=end) for name in ("epinet", BEST))
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
        solved = _by_seed(records, name, "solved")
        claims.append(
            equals(
                f"{name} solves Deep Sea of sizes {', '.join(map(str, sizes))}",
                f"runs that solve it, of {len(solved)}",
                solved.sum(),
                len(solved),
                tolerance=0,
            )
        )
        episodes = np.stack([_by_seed(records, name, "episodes", input_size=size) for size in sizes])
        # A run that used up its episodes would flatten the slope: it is no number then, and the claim does not hold.
        slopes = (
            np.polyfit(np.log(sizes), np.log(episodes), 1)[0] if solved.all() else np.full(len(episodes[0]), np.nan)
        )
        words = "slope of log episodes in log size, mean over seeds; episodes at each size on average: "
        words += ", ".join(f"{mean:.0f}" for mean in episodes.mean(axis=1))
        claims.append(below(f"{name}'s episodes grow like a power of the size", words, mean_interval(slopes), 3.0))
    if lab.scale != "smoke":  # sizes of 8 and less are solved by chance
        large = [size for size in sizes if size > 12]
        found = np.concatenate([_by_seed(records, DQN, "solved", input_size=size) for size in large])
        words = f"runs that solve sizes above 12, of {len(found)}"
        claims.append(equals(f"{DQN} does not", words, found.sum(), 0, tolerance=0))
    return claims


def _film(lab: Lab) -> alt.HConcatChart:
    horizon, members = lab.choose(smoke=(100, 10), laptop=(1000, 30), paper=(1000, 100))
    bandit = draw_bandit(3, input_size=1, num_actions=60)
    played = play(EnsembleAgent(num_members=members, prior_scale=3.0), [bandit], horizon=horizon, num_draws=24)
    frames = film_frames(horizon, 40)
    rows = film_rows(bandit.actions[:, 0], bandit.means, played.draws[0], played.taken[0], frames)  # type: ignore[index]
    title = "What each action of a bandit is worth: 24 joint samples, and the truth (dashed)"
    write_film(rows, lab.folder / "film.html", title=title, ink=PRINT_INK)
    shown = sorted({min(frames, key=lambda frame: abs(frame - wanted)) for wanted in np.geomspace(1, horizon, 5) - 1})
    return film_strip(rows, shown, title=title, ink=PRINT_INK)


def _regret_panel(regret: Sequence[Record]) -> Chart:
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(record.subject for record in regret):
        for time in sorted({record.num_train or 0 for record in regret}):
            found = mean_interval(_by_seed(regret, name, "regret", num_train=time))
            least = max(found.low, found.value / 10, 1e-3)
            rows.append({"agent": name, "time": time, "regret": found.value, "low": least, "high": found.high})
    x, y = (log_axis(field, [row[field] for row in rows], title) for field, title in _REGRET_AXES)
    base = alt.Chart(alt.Data(values=rows)).encode(x=x.of(alt.X), color=agent_colour({row["agent"] for row in rows}))
    band = base.mark_area(opacity=0.15, clip=True).encode(y=y.of(alt.Y, "low"), y2="high:Q")
    line = base.mark_line().encode(y=y.of(alt.Y, "regret"))
    last = [row for row in rows if row["time"] == rows[-1]["time"]]
    names = named_points(last, x, y, size=(300, 300), ink=PRINT_INK, font_size=10)
    return alt.layer(band, line, names).properties(width=300, height=300, title="Neural bandits: regret")


_REGRET_AXES = (("time", "steps (log)"), ("regret", "cumulative regret (log), 95 % bands"))


def _sea_panel(records: Sequence[Record]) -> Chart:
    found = {metric: [record for record in records if record.metric == metric] for metric in ("episodes", "solved")}
    rows: list[dict[str, Any]] = [
        {"agent": one.subject, "size": one.input_size, "episodes": one.value, "solved": bool(solved.value)}
        for one, solved in zip(found["episodes"], found["solved"], strict=True)
    ]
    most = max(row["episodes"] for row in rows)
    sizes = np.linspace(min(row["size"] for row in rows) / 2, np.log2(most), 20)
    chance = alt.Chart(alt.Data(values=[{"size": float(n), "episodes": float(2**n)} for n in sizes]))
    y = log_axis("episodes", [row["episodes"] for row in rows], "episodes until solved (log)")
    x = Axis("size", (0, 1.25 * max(row["size"] for row in rows)), "size", log=False)
    base = alt.Chart(alt.Data(values=rows)).encode(x=x.of(alt.X), y=y.of(alt.Y))
    colour = agent_colour({row["agent"] for row in rows})
    shape = alt.Shape("solved:N", scale=alt.Scale(domain=[True, False], range=["circle", "cross"]), title="solved")
    points = base.mark_point(size=70, strokeWidth=2).encode(color=colour, shape=shape)
    line = chance.mark_line(strokeDash=[5, 4], color=PRINT_INK, clip=True).encode(x=x.of(alt.X), y=y.of(alt.Y))
    largest = [row for row in rows if row["size"] == max(row["size"] for row in rows)]
    named = [next(row for row in largest if row["agent"] == agent) for agent in {row["agent"] for row in largest}]
    names = named_points(named, x, y, size=(300, 300), ink=PRINT_INK, font_size=10)
    return alt.layer(line, points, names).properties(width=300, height=300, title="Deep Sea; dashed: 2^size")


def _sensitivity_panel(records: Sequence[Record], lab: Lab) -> Chart:
    rows: list[dict[str, Any]] = [
        {"scale": float(record.subject.removeprefix("prior ")), "episodes": record.value}
        for record in records
        if record.metric == "episodes"
    ]
    x, y = (log_axis(f, [row[f] for row in rows], t) for f, t in (("scale", "prior scale (log)"), _EPISODES))
    base = alt.Chart(alt.Data(values=rows)).encode(x=x.of(alt.X))
    points = base.mark_point(filled=True, size=50, color=PRINT_INK, opacity=0.6).encode(y=y.of(alt.Y))
    line = base.mark_line(color=PRINT_INK).encode(y=alt.Y("mean(episodes):Q"))
    size = lab.choose(smoke=4, laptop=10, paper=20)
    return alt.layer(points, line).properties(width=260, height=300, title=f"Epinet on Deep Sea of size {size}")


_EPISODES = ("episodes", "episodes until solved, or the budget (log)")
