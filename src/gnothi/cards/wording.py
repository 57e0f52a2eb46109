"""Numbers in words: how they are printed, and what they say."""

import math
from collections.abc import Sequence

from gnothi.cards.leaderboard import BASELINE, METRICS, Leaderboard, Row
from gnothi.cards.portraits import Portrait, distance, spread

ALIKE = 0.15  # agents this close to the best at the smallest tau look alike there
MUCH_THE_SAME = 0.12  # mean difference of probabilities below which two marginal predictions look alike


def format_number(value: float | int) -> str:
    """Three digits for people; what is not a number says so.

    >>> format_number(0.12345), format_number(123.45), format_number(float("inf")), format_number(280200)
    ('0.123', '123', 'inf', '280k')
    """
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else str(value)
    if abs(value) >= 999_500:
        return f"{value / 1e6:.3g}M"
    if abs(value) >= 10_000:
        return f"{value / 1e3:.0f}k"
    if isinstance(value, int) or abs(value) >= 99.95 or value == 0:
        return f"{value:.0f}"
    if abs(value) >= 9.9995:
        return f"{value:.1f}"
    return f"{value:.3f}" if abs(value) >= 0.001 else f"{value:.2g}"


def format_count(count: int) -> str:
    """How many parameters an agent has; a dash for one without any that it counts, such as a forest."""
    return format_number(count) if count else "–"


def format_interval(low: float, high: float) -> str:
    """An interval for people, or a dash if there is none."""
    return "–" if math.isnan(low) or math.isnan(high) else f"[{format_number(low)}, {format_number(high)}]"


def format_gap(row: Row) -> str:
    """How far an agent is behind the best, and whether that is beyond chance."""
    known = row.separated or math.isnan(row.behind_low)
    return f"+{format_number(row.behind)}" + ("" if known else " tie")


def count_problems(board: Leaderboard) -> str:
    """How many independent units stand behind a leaderboard, with their name."""
    unit = "problem" if board.metric == "kl" else "split"
    return f"{board.problems} {unit}{'' if board.problems == 1 else 's'}"


def explain(board: Leaderboard, *, gaps: bool = True) -> str:
    """What the scores of a leaderboard are, in two or three sentences; `gaps`, whether 'behind' is shown too."""
    name = METRICS[board.metric]
    what = f"mean {name} over that of `{BASELINE}` (= 1)" if board.normalised else f"mean {name} in nats"
    if board.metric != "kl":
        what += ", each table counting the same"
    if any(not math.isnan(row.low) for row in board.rows):
        interval = f"In brackets 95 % intervals by bootstrap over {count_problems(board)}"
        interval += (
            "; 'behind' is the paired difference to the best, a tie where its interval holds 0." if gaps else "."
        )
    else:
        interval = f"{count_problems(board)} are too few for intervals." if board.problems > 1 else "One problem only."
    return f"Score: {what}; lower is better. {interval}"


def headline(board: Leaderboard) -> list[str]:
    """What a leaderboard says, in one or two sentences of plain text."""
    if not board.rows:
        return ["No problem is finished by every agent yet: run the same command again to go on."]
    high, low = board.taus[0], board.taus[-1]
    best = board.at(high)[0]
    leaders = [row for row in board.at(high) if row is best or _near(row.score, best.score)]
    scores = [f"{row.agent} {format_number(row.score)}" for row in leaders]
    labels = "one label" if high == 1 else f"{high} labels together"
    verb = "scores" if len(leaders) == 1 else "score"
    where = f", where {BASELINE} is 1" if board.normalised else ", in nats"
    said = [f"Predicting {labels} (τ = {high}), {_join(scores)} {verb} lowest{where}."]
    if high == low:
        return said
    alike, fallen = hidden(board)
    if not fallen:
        first = min(board.at(low), key=lambda row: (not math.isfinite(row.score), row.score))
        return [*said, f"One label at a time (τ = {low}), {first.agent} scores lowest: {format_number(first.score)}."]
    verb = "scores" if len(fallen) == 1 else "score"
    ratios = sorted({f"{row.score / best.score:.1f}" for row in (fallen[0], fallen[-1])}, key=float)
    return [
        *said,
        f"One label at a time (τ = {low}), {_join(list(alike))} are hard to tell apart: all lie within "
        f"{max(1, math.ceil(100 * max(alike.values()))):d} % of the best. Together, "
        f"{_join([row.agent for row in fallen])} {verb} {' to '.join(ratios)} times as much as {best.agent}.",
    ]


def hidden(board: Leaderboard) -> tuple[dict[str, float], list[Row]]:
    """Agents that look alike at the smallest tau, with how far each is from the best there, and those among them that
    the best agent at the largest tau leaves behind; none if that agent is not one of them.
    """
    high, low = board.at(board.taus[0]), board.at(board.taus[-1])
    floor = min(row.score for row in low)
    alike = {row.agent: row.score / floor - 1 for row in low if _near(row.score, floor)}
    fallen = [r for r in high if r.agent in alike and r.separated and not _near(r.score, high[0].score)]
    return alike, fallen if high[0].agent in alike and len(board.taus) > 1 else []


def portrait_finding(portraits: Sequence[Portrait]) -> tuple[str, str]:
    """What a row of portraits shows, measured: a title, and a sentence or two."""
    if len(portraits) < 2:
        return "Joint samples", f"{portraits[0]['agent']}'s joint samples vary by {spread(portraits[0]):.2f}."
    plain, knowing = portraits[0], portraits[1:]
    gap = distance(plain, knowing[0])
    varies = _join([f"{p['agent']}'s by {spread(p):.2f}" for p in knowing])
    alike = gap < MUCH_THE_SAME
    title = "Alike one input at a time, different together" if alike else "What agents say of each input, and of all"
    much = "say much the same" if alike else "say different things"
    return title, (
        f"One input at a time, {plain['agent']} and {knowing[0]['agent']} {much}: their probabilities differ by "
        f"{gap:.2f} on average. Between joint samples {plain['agent']}'s vary by {spread(plain):.2f} (a standard "
        f"deviation, averaged over the plane), {varies}."
    )


def _near(score: float, best: float) -> bool:
    return best > 0 and score <= best * (1 + ALIKE)


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
