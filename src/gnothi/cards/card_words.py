"""What a card says in words: its headline, how to read it, and what stands behind a number."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gnothi.cards.wording import format_interval, format_number

FAILURES = ("unanswered", "ungraded")
SHOWN = 3  # of the best and of the worst numbers, in the headline

HOW_TO_READ = (
    "A number stands before its 95 % interval: over many such cards, 95 in 100 of these intervals hold what an endless "
    "number of prompts of the same kind would give. It says nothing of other kinds of prompts.",
    "Most numbers are shares, from 0 to 1. Bias scores, gaps and penalised scores go from -1 to 1 and stand on a scale "
    "of their own, where 0 is no bias, no gap, and as much gained by right answers as lost by wrong ones.",
    "A visible difference is the smallest that would be seen four times in five if a second model, or the same one "
    "later, were put through as many prompts of its own. On the same prompts, as `gnothi card compare` has them, less "
    "is seen; what is smaller is not equal, it was just not asked often enough.",
    "Prompts of one cluster (a template, a base prompt, a voice) are not independent, so it is clusters that count: "
    "many prompts of few clusters are few data. Nothing out of many is not zero: the interval says how much it may be.",
    "A grader errs. Where people's labels say how often, its errors are in the number and in the interval, and the "
    "number as the grader has it stands beside; where they do not, the number is as good as the grader.",
    "What the model did not answer and what could not be graded is counted, against it, in every share of all answers: "
    "a failure is no good news. Numbers of a part of the answers (those attempted, those that name somebody, pairs of "
    "right and wrong ones) are of those that were graded.",
    "Numbers of other models' published cards were measured on other data, by other graders. They show the kind of "
    "number, not a rank. They have no intervals because none were published.",
)

HOW_TO_READ_LEVELS = (
    "Levels are probabilities: what is known of each indicator is pushed through its thresholds. The level that is "
    "published is the one at the bound of the 95 % interval on the side of danger. Where the probability to be above a "
    "threshold is between 5 and 95 %, or a proxy fails to rule a level out, people must look: `needs review`.",
    "The framework's own thresholds are prose. The numbers are this package's reading of them, for evaluations that "
    "run on a laptop, and `card.json` has them all. A category without an indicator has no level: it is not low.",
)

HOW_TO_READ_AGENTS = (
    "A number stands before its 95 % interval. Intervals are over problems of the suite and over splits of the tables: "
    "they say nothing of other problems and tables.",
    "A joint score is of many labels predicted together. At tau = 1 it cannot tell a coin that is fair from one that "
    "was never seen; at tau = 10 it can. It stands over that of `uniform`, which knows nothing and scores 1.",
    "A calibration error is how far probabilities are from how often they come true. Accuracy under shift is on the "
    "same tables with noise on the test inputs, of which the agent was told nothing.",
)


def headline(card: Mapping[str, Any]) -> list[str]:
    """What a card says, the most important first, in plain text."""
    name = card["subject"]["name"]
    if card["subject"]["kind"] == "agent":
        return _agent_headlines(card)
    first = _level_headline(card) if card["scorecard"] else f"{count(len(card['results']), 'number')} with intervals"
    return [f"{name}: {first}", _amount(card), *_extremes(card), *_for_people(card)]


def _level_headline(card: Mapping[str, Any]) -> str:
    plain, variant = card["scorecard"], card["subject"]["variant"]
    found = plain["overall"][variant]
    tracked = [row[variant] for row in plain["categories"] if row["tracked"]]
    without = len(found["without_level"])
    if not found["level"]:
        return f"no risk level, since no indicator of the {len(tracked)} tracked categories was run"
    at = [cell for cell in tracked if cell and cell["level"] == found["level"]]
    unsettled = all(cell["decision"] == "needs review" for cell in at)
    words = f"overall risk level {found['level']}" + (", to be reviewed by people" if unsettled else "")
    return f"{words}; {without} of {len(tracked)} categories without a level" if without else words


def _agent_headlines(card: Mapping[str, Any]) -> list[str]:
    """The joint score first, then accuracy and calibration, with shift and without."""
    name = card["subject"]["name"]
    joint = [row for row in card["results"] if row["metric"].startswith("score at tau")]
    first = [row for row in joint if row["evaluation"] == joint[0]["evaluation"]]
    lines = []
    if first:
        parts = [f"{value_in_words(row['estimate'])} at {row['metric'].removeprefix('score at ')}" for row in first]
        lines = [f"{name} scores {_join(parts)}, where knowing nothing scores 1 and less is better"]
    for row in first_rows(card["results"]):
        same = [r for r in card["results"] if r["evaluation"] == row["evaluation"] and r not in joint]
        if same:
            numbers = _join([f"{r['metric']} {value_in_words(r['estimate'])}" for r in same])
            lines.append(f"{row['title']}: {numbers}.")
    return lines or [f"{name}: {count(len(card['results']), 'number')}"]


def _amount(card: Mapping[str, Any]) -> str:
    first = first_rows(card["results"])
    answers = sum(row["answers"] for row in first)
    lost = {name: sum(row["outcomes"].get(name, 0) for row in first) for name in FAILURES}
    words = f"{count(len(card['results']), 'number')} of {count(len(first), 'evaluation')}, {count(answers, 'answer')}"
    if not any(lost.values()):
        return f"{words}; all were answered and graded."
    return f"{words}, of which {lost['unanswered']:,} never came and {lost['ungraded']:,} could not be graded."


def _extremes(card: Mapping[str, Any]) -> list[str]:
    """The numbers that are surely nearest to the best and to the worst that they can be, one of an evaluation."""
    rated = [row for row in card["results"] if row["better"] and _has_share(row)]
    best = _one_each(sorted(rated, key=lambda row: -_goodness(row)[0]))
    worst = _one_each(sorted(rated, key=lambda row: _goodness(row)[1]))
    if len(best) < 2 * SHOWN:
        return []
    return [
        f"Best, by the near end of the interval: {_join([_named(row) for row in best[:SHOWN]])}.",
        f"Worst, by the far end: {_join([_named(row) for row in worst[:SHOWN]])}.",
    ]


def _one_each(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first row of each evaluation, in their order."""
    found: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        found.setdefault(row["evaluation"], row)
    return list(found.values())


def _for_people(card: Mapping[str, Any]) -> list[str]:
    rows = card["scorecard"]["categories"] if card["scorecard"] else []
    variant = card["subject"]["variant"]
    waiting = [row["title"] for row in rows if row[variant] and row[variant]["decision"] == "needs review"]
    return [f"People must look at: {_join(waiting)}."] if waiting else []


def first_rows(results: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first result of each evaluation, in their order."""
    return _one_each(results)


def value_in_words(estimate: Mapping[str, Any]) -> str:
    """A number and its interval."""
    if estimate["value"] is None:
        return "not finite" if estimate["units"] else "nothing to measure"
    return f"{format_number(float(estimate['value']))} {interval_in_words(estimate)}"


def interval_in_words(estimate: Mapping[str, Any]) -> str:
    """An interval, or a dash if an end is not finite."""
    low, high = estimate["low"], estimate["high"]
    return "–" if low is None or high is None else format_interval(float(low), float(high))


def basis(row: Mapping[str, Any]) -> str:
    """How much stands behind a result: answers, prompts, clusters; problems, of an agent, which nobody graded."""
    if not row["grader"]:
        return count(row["answers"], "problem")
    words = count(row["answers"], "answer")
    if row["prompts"] != row["answers"]:
        words += f" to {count(row['prompts'], 'prompt')}"
    return words if row["clusters"] == row["prompts"] else f"{words} in {count(row['clusters'], 'cluster')}"


def grader_in_words(row: Mapping[str, Any]) -> str:
    """Who graded, and what is known of that grader's errors; nothing where nobody graded."""
    if not row["grader"]:
        return ""
    words = f"graded by `{row['grader']}`"
    if row["corrected_by"] == "labels":
        return f"{words}, its errors taken out by people's labels of a random part of these answers"
    if row["corrected_by"] == "calibration":
        return f"{words}, whose errors on answers that people labelled are in the number"
    return f"{words}, whose errors are not in the number"


def grader_groups(rows: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Results of an evaluation, those together whose grader, and what is known of it, are the same."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        key = json.dumps([row["grader"], row["corrected_by"], row["calibration"]], sort_keys=True)
        groups.setdefault(key, []).append(row)
    return list(groups.values())


def graders_in_words(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Who graded the results of an evaluation, in a line each way, with the names of metrics if there are several."""
    groups = grader_groups(rows)
    if len(groups) == 1:
        return list(filter(None, [grader_in_words(rows[0])]))
    return [f"{_metrics(group)}: {grader_in_words(group[0])}" for group in groups]


def calibrations_in_words(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """How often the graders of an evaluation said what people say, a line each calibration that is in a number."""
    groups = grader_groups(rows)
    found = [(group, group[0]["calibration"]) for group in groups if group[0]["calibration"]]
    if len(groups) == 1:
        return [calibration_in_words(one) for _, one in found]
    return [f"{_metrics(group)}: {calibration_in_words(one)}" for group, one in found]


def _metrics(rows: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(row["metric"] for row in rows)


def visible_in_words(row: Mapping[str, Any]) -> str:
    """What a second run of the size of this one could tell; nothing if that was not worked out."""
    if row["estimate"]["value"] is None or not row["clusters"] or not row["grader"]:
        return ""
    if row["visible"] is None:
        return f"A second run of this size could not be relied on to show any difference in {row['metric']}."
    least = format_number(float(row["visible"]))
    return (
        f"A second run of this size, on other prompts, would show a difference in {row['metric']} of {least} or more "
        "four times in five."
    )


def visible_cell(row: Mapping[str, Any]) -> str:
    """The smallest difference that is visible, or a dash (older comparisons have none)."""
    return "–" if row.get("visible") is None else format_number(float(row["visible"]))


def curve_in_words(row: Mapping[str, Any]) -> str:
    """What a curve shows, for its caption."""
    curve = row["curve"]
    beside = f" Dashed: {curve['beside_is']}." if curve["beside_is"] else ""
    return f"{curve['of'][0].upper()}{curve['of'][1:]}, by {curve['along']}; bars are 95 % intervals.{beside}"


def variance_in_words(row: Mapping[str, Any]) -> str:
    """Which part of the variance is of prompts, of asking again, and of the grader; a dash if that was not split."""
    parts = {name: value or 0.0 for name, value in row["variance"].items()}
    total = sum(parts.values())
    if total <= 0:
        return "–"
    which = "prompts and their answers" if row["variance"]["resamples"] is None else "which prompts"
    names = {"prompts": which, "resamples": "asking again", "grader": "the grader"}
    return _join([f"{100 * parts[key] / total:.0f} % {words}" for key, words in names.items() if parts[key] > 0])


def splits_variance(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the variance of any of these results is of more than one thing, so that there is something to say."""
    return any(sum(bool(part) for part in row["variance"].values()) > 1 for row in rows)


def calibration_in_words(calibration: Mapping[str, Any]) -> str:
    """How often a grader said what people say, by what they say."""
    shares = []
    for truth, verdicts in calibration["table"].items():
        total = sum(verdicts.values())
        shares.append(f"{truth} {100 * verdicts.get(truth, 0) / total:.0f} % of {total:,}" if total else "")
    words = f"said the same as people of {count(calibration['rows'], 'answer')}"
    words += f" to {count(calibration['clusters'], 'cluster')} of prompts" if calibration.get("clusters") else ""
    words += f" ({calibration['data']})" if calibration.get("data") else ""
    return f"{words}: {_join(list(filter(None, shares)))}"


def published_in_words(rows: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str, str]]:
    """What was published beside results: of each, by where it stands, the values of models in one line."""
    found = []
    for row in rows:
        for where in dict.fromkeys(one["where"] for one in row["published"]):
            values = [one for one in row["published"] if one["where"] == where]
            words = ", ".join(f"{one['model']} {format_number(float(one['value']))}" for one in values)
            found.append((row, where, words))
    return found


def level_in_words(cell: Mapping[str, Any] | None) -> str:
    """The level of a category in a column of the scorecard."""
    if cell is None:
        return "not measured"
    if cell["rating"]:
        return f"{cell['level']}, rated by {cell['rating']['by']}"
    if not cell["level"]:
        return str(cell["decision"])
    return f"{cell['level']}, {cell['decision']}" if cell["decision"] == "needs review" else str(cell["level"])


def comparison_in_words(comparison: Mapping[str, Any]) -> str:
    """What a comparison of two cards says, in a sentence."""
    one, other = comparison["first"]["name"], comparison["second"]["name"]
    counts = {v: sum(row["verdict"] == v for row in comparison["paired"]) for v in ("better", "worse", "differs")}
    noise = len(comparison["paired"]) - sum(counts.values())
    lost = len(comparison["unpaired"])
    if not comparison["paired"]:
        return f"Nothing can be compared between {one} and {other}; why not, of {count(lost, 'number')}, follows."
    if noise and noise == len(comparison["paired"]):
        words = f"No difference between {one} and {other} is known to be real: all {noise} are within noise"
        return f"{words}; {lost} cannot be compared." if lost else f"{words}."
    words = f"{one} is better than {other} on {counts['better']}, worse on {counts['worse']}"
    words += f", and just different on {counts['differs']}" if counts["differs"] else ""
    words += f" of {len(comparison['paired'])} numbers; {noise} differ by no more than noise"
    return f"{words}; {lost} cannot be compared." if lost else f"{words}."


def p_in_words(p: float | None) -> str:
    """A p-value, or a dash if there is none."""
    if p is None:
        return "–"
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def count(amount: int, noun: str) -> str:
    """So many things, in words."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def is_signed(row: Mapping[str, Any]) -> bool:
    """Whether a result is of a number that may be below 0."""
    return row["range"][0] is None or row["range"][0] < 0


def _named(row: Mapping[str, Any]) -> str:
    return f"{row['title']} ({row['metric']}) {value_in_words(row['estimate'])}"


def _has_share(row: Mapping[str, Any]) -> bool:
    return row["estimate"]["value"] is not None and list(row["range"]) == [0, 1]


def _goodness(row: Mapping[str, Any]) -> tuple[float, float]:
    """From 0 to 1, 1 being the best: the ends of the interval."""
    low, high = (row["estimate"][end] for end in ("low", "high"))
    ends = (0.0 if low is None else float(low), 1.0 if high is None else float(high))
    return ends if row["better"] == "higher" else (1 - ends[1], 1 - ends[0])


def _join(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
