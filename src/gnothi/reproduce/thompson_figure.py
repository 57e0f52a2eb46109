"""Figure of `thompson.py`: regret, Deep Sea by size, cells by their first visit, swing-up, and prior scales."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from gnothi.agents import EnsembleAgent
from gnothi.cards import PRINT_INK
from gnothi.cards.film import film_frames, film_rows, film_strip, write_film
from gnothi.cards.labels import Axis, log_axis, named_points
from gnothi.cards.plots import Chart
from gnothi.cards.theme import agent_colour
from gnothi.decisions import draw_bandit, play
from gnothi.decisions.q_learning import QAgent
from gnothi.metrics import mean_interval
from gnothi.reproduce.acting import GOOD_RETURN, first_visits
from gnothi.reproduce.lab import Lab
from gnothi.reproduce.measured import by_seed
from gnothi.sweep import Record

SIDE = 280  # of a panel, in pixels
_EPISODES = ("episodes", "episodes until solved, or the budget (log)")
_REGRET_AXES = (("time", "steps (log)"), ("regret", "cumulative regret (log), 95 % bands"))


def draw(
    lab: Lab,
    regret: Sequence[Record],
    sea: Sequence[Record],
    swing: Sequence[Record],
    sensitivity: Sequence[Record],
    explorers: Mapping[str, QAgent],
) -> Chart:
    """All panels; writes the film of a bandit beside them.

    **Arguments:** `lab`; records of `regret`, of Deep Sea by size, of swing-up, and of prior scales; `explorers`, by
    name, whose visits to the cells of Deep Sea are shown.
    """
    size, episodes = lab.choose(smoke=(8, 40), laptop=(20, 300), paper=(20, 300))
    maps = [_visits_panel(name, first_visits(agent, size, episodes), episodes) for name, agent in explorers.items()]
    visits = alt.hconcat(*maps, spacing=30, title=f"Deep Sea of size {size}: when each cell was first visited")
    curves = alt.hconcat(_regret_panel(regret), _sea_panel(sea), _sensitivity_panel(sensitivity, lab), spacing=40)
    below = alt.hconcat(visits, _swing_panel(swing), spacing=50).resolve_scale(color="independent")
    return alt.vconcat(curves.resolve_scale(color="independent"), below, _film(lab), spacing=30)


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
            found = mean_interval(by_seed(regret, name, "regret", num_train=time))
            least = max(found.low, found.value / 10, 1e-3)
            rows.append({"agent": name, "time": time, "regret": found.value, "low": least, "high": found.high})
    x, y = (log_axis(field, [row[field] for row in rows], title) for field, title in _REGRET_AXES)
    base = alt.Chart(alt.Data(values=rows)).encode(x=x.of(alt.X), color=agent_colour({row["agent"] for row in rows}))
    band = base.mark_area(opacity=0.15, clip=True).encode(y=y.of(alt.Y, "low"), y2="high:Q")
    line = base.mark_line().encode(y=y.of(alt.Y, "regret"))
    last = [row for row in rows if row["time"] == rows[-1]["time"]]
    names = named_points(last, x, y, size=(SIDE, SIDE), ink=PRINT_INK, font_size=10)
    return alt.layer(band, line, names).properties(width=SIDE, height=SIDE, title="Neural bandits: regret")


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
    ticks = tuple(sorted({float(row["size"]) for row in rows}))
    x = Axis("size", (0, 1.25 * ticks[-1]), "size", log=False, ticks=ticks)
    base = alt.Chart(alt.Data(values=rows)).encode(x=x.of(alt.X), y=y.of(alt.Y))
    colour = agent_colour({row["agent"] for row in rows})
    shape = alt.Shape("solved:N", scale=alt.Scale(domain=[True, False], range=["circle", "cross"]), legend=None)
    points = base.mark_point(size=70, strokeWidth=2).encode(color=colour, shape=shape)
    line = chance.mark_line(strokeDash=[5, 4], color=PRINT_INK, clip=True).encode(x=x.of(alt.X), y=y.of(alt.Y))
    largest = [row for row in rows if row["size"] == max(row["size"] for row in rows)]
    named = [next(row for row in largest if row["agent"] == agent) for agent in {row["agent"] for row in largest}]
    names = named_points(named, x, y, size=(SIDE, SIDE), ink=PRINT_INK, font_size=10)
    return alt.layer(line, points, names).properties(
        width=SIDE, height=SIDE, title="Deep Sea: crosses never solved it; dashed: 2^size"
    )


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
    return alt.layer(points, line).properties(width=SIDE, height=SIDE, title=f"Epinet on Deep Sea of size {size}")


def _visits_panel(name: str, visits: np.ndarray, episodes: int) -> alt.Chart:
    rows = [
        {"row": row, "column": column, "episode": int(episode)}
        for (row, column), episode in np.ndenumerate(visits)
        if episode
    ]
    x, y = (
        channel(f"{field}:O", axis=None, scale=alt.Scale(domain=list(range(len(visits))), padding=0))
        for channel, field in ((alt.X, "column"), (alt.Y, "row"))
    )
    scale = alt.Scale(type="log", scheme="viridis", domain=[1, episodes])
    colour = alt.Color("episode:Q", scale=scale, title="episode")
    seen = len(rows) / (len(visits) * (len(visits) + 1) / 2)
    title = alt.TitleParams(f"{name}: {seen:.0%} of cells", fontSize=11)
    chart = alt.Chart(alt.Data(values=rows)).mark_rect().encode(x=x, y=y, color=colour)
    return chart.properties(width=0.7 * SIDE, height=0.7 * SIDE, title=title)


def _swing_panel(records: Sequence[Record]) -> Chart:
    rows: list[dict[str, Any]] = [{"agent": r.subject, "best": r.value} for r in records if r.metric == "best_return"]
    agents = list(dict.fromkeys(row["agent"] for row in rows))
    base = alt.Chart(alt.Data(values=rows)).encode(y=alt.Y("agent:N", title=None, sort=agents))
    points = base.mark_point(filled=True, size=60, opacity=0.7).encode(
        x=alt.X("best:Q", title="best return of an episode, a run a point"), color=agent_colour(agents)
    )
    good = alt.Chart(alt.Data(values=[{"best": GOOD_RETURN}])).mark_rule(strokeDash=[5, 4], color=PRINT_INK)
    chart = alt.layer(good.encode(x="best:Q"), points)
    return chart.properties(width=0.8 * SIDE, height=0.4 * SIDE, title="Swing-up; dashed: solved")
