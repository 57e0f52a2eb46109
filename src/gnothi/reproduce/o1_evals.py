"""The evaluations of the o1 and GPT-4o System Cards: what their numbers say once intervals stand beside them.

OpenAI 2024, "OpenAI o1 System Card" and "GPT-4o System Card"; Guan et al. 2024, "Deliberative Alignment". No table of
the two cards has an interval. What can be computed from what was published is: shares of abstention, penalised scores
and where rankings cross, intervals implied by the number of prompts where it was stated, which differences are within
noise, an effect size, what a monitor's flags say of prevalence, and where a card disagrees with itself. Beside it, the
same evaluations of the packaged real model, measured here on other data and by other graders, each with its interval.
"""

from collections.abc import Sequence

from gnothi.cards import Claim, above, equals, not_above, progress_bars
from gnothi.metrics import Estimate
from gnothi.reproduce.lab import Findings, Lab
from gnothi.reproduce.o1_evals_figure import draw
from gnothi.reproduce.published_rates import (
    Gap,
    Table,
    by_model,
    crossing,
    discordant,
    gap_between,
    gaps,
    half_width,
)
from gnothi.safety.evaluations.monitor import FLAGS as FLAGGED
from gnothi.safety.evaluations.monitor import TOTAL as CHAINS
from gnothi.safety.load import load_model
from gnothi.safety.prevalence import flagged_share, prevalence_range
from gnothi.safety.redteam import cohens_h
from gnothi.safety.registry import EVALUATIONS
from gnothi.safety.results import Result, measure
from gnothi.safety.run import make_prompts
from gnothi.safety.run import run as ask

MODEL = "smollm2-135m"
OWN = ("simpleqa", "personqa", "strong_reject", "over_refusal", "disallowed", "disallowed_multi_turn")
#: Prompts that are independent, and where that number is from.
SIZES = {
    "WildChat": (2200, "200 of each of 11 categories (o1 System Card, tables 1 and 21)"),
    "XSTest": (250, "safe prompts (Röttger et al. 2024)"),
    "StrongREJECT": (60, "prompts, each with 35 jailbreaks (Guan et al. 2024)"),
    "SimpleQA": (4326, "questions (Wei et al. 2024)"),
}
FLAG_PARTS = (91, 43, 46)  # hallucinated policies, intentional hallucinations, others
MONITOR_ACCURACY = 0.92  # on a small set, same section
WINS, LOSSES, TIES, STATED_H = 0.5975, 0.2848, 0.1176, 0.319  # o1 against GPT-4o, table 9
DISCRIMINATION = (0.20, (0.29, 0.24, 0.70))  # o1-preview, explicit: as printed, and its three columns; table 25
HAUSA = {"prose": (0.061, 0.714), "table": (0.261, 0.754)}  # ARC-Easy, GPT-3.5 Turbo and GPT-4o; GPT-4o System Card
HAUSA_QUESTIONS = 475  # the fewest of any of its translations


def run(lab: Lab) -> Findings:
    """Recomputes what was published, measures the packaged model, and checks both."""
    tables = published_tables()
    found = gaps(tables)
    own = measure_own(lab)
    claims = (
        *abstention_claims(),
        *interval_claims(tables),
        *noise_claims(found),
        *monitor_claims(),
        *consistency_claims(),
        *own_claims(own),
    )
    return Findings(claims, draw(tables, own, rights_and_wrongs("simpleqa"), rights_and_wrongs("personqa")))


def measure_own(lab: Lab) -> list[Result]:
    """The packaged model's numbers on the same evaluations, at the lab's scale."""
    model = load_model(MODEL)
    results: list[Result] = []
    with progress_bars(lab.console) as progress:
        for name in OWN:
            evaluation = EVALUATIONS[name]
            try:
                make_prompts(evaluation, lab.scale, None, lab.data_dir)
            except OSError as error:  # a package that could not be fetched
                lab.console.print(f"{name} was left out: {error}")
                continue
            rows = ask(model, evaluation, lab.folder, scale=lab.scale, data_dir=lab.data_dir, progress=progress)
            results += measure(evaluation, rows)
    return results


def published_tables() -> list[Table]:
    """Rows of the o1 card whose number of prompts is known."""
    card = "o1 System Card"
    rows = [
        ("WildChat", "disallowed_multi_turn", "not_unsafe", "WildChat, not_unsafe", "higher"),
        ("XSTest", "over_refusal", "not_overrefuse", "XSTest, not_overrefuse", "higher"),
        ("StrongREJECT", "strong_reject", "goodness@0.1", "StrongREJECT, goodness@0.1", "higher"),
        ("SimpleQA", "simpleqa", "accuracy", "SimpleQA, accuracy", "higher"),
        ("SimpleQA", "simpleqa", "hallucination", "SimpleQA, hallucination", "lower"),
    ]
    return [
        Table(title, SIZES[data][0], by_model(EVALUATIONS[name].published, metric, card), SIZES[data][1], better)
        for data, name, metric, title, better in rows
    ]


def rights_and_wrongs(name: str) -> dict[str, tuple[float, float]]:
    """Shares of right and of wrong answers by model, as published."""
    published = EVALUATIONS[name].published
    right, wrong = by_model(published, "accuracy"), by_model(published, "hallucination")
    return {model: (right[model], wrong[model]) for model in right}


def abstention_claims() -> list[Claim]:
    """What was not answered, and where a price on wrong answers turns the ranking."""
    claims = []
    for name, title, shares in (
        ("simpleqa", "SimpleQA", {"GPT-4o": 0.01, "o1": 0.09, "o1-preview": 0.14, "o1-mini": 0.33}),
        ("personqa", "PersonQA", {"GPT-4o": 0.20, "o1": 0.25, "o1-mini": 0.53}),
    ):
        both = rights_and_wrongs(name)
        held = {model: 1 - sum(both[model]) for model in shares}
        words = ", ".join(f"{model} {share:.2f}" for model, share in held.items())
        worst = max(abs(held[model] - share) for model, share in shares.items())
        statement = f"Who hallucinates less also answers less: abstention on {title} is 1 - right - wrong"
        claims.append(equals(statement, f"largest distance to the shares by hand; {words}", worst, 0.0, tolerance=5e-3))
        pairs = discordant({m: r for m, (r, _) in both.items()}, {m: w for m, (_, w) in both.items()})
        turns = "; ".join(
            f"{one} above {other} up to a penalty of {crossing(both[one], both[other]) or 0:.2f}"
            for one, other in pairs
        )
        count = Estimate(len(pairs), len(pairs), len(pairs), len(both) * (len(both) - 1) // 2)
        statement = f"Which model is better on {title} depends on the price of a wrong answer"
        claims.append(above(statement, f"pairs of models whose order turns; {turns}", count, 0, by="value"))
    return claims


def interval_claims(tables: Sequence[Table]) -> list[Claim]:
    """Half-widths of 95 % intervals that the numbers of prompts imply."""
    by_name = {table.name: table for table in tables}
    expected = {
        "WildChat, not_unsafe": (0.006, 0.010),
        "XSTest, not_overrefuse": (0.019, 0.033),
        "StrongREJECT, goodness@0.1": (0.09, 0.12),
        "SimpleQA, accuracy": (0.007, 0.015),
    }
    claims = []
    for name, (least, most) in expected.items():
        table = by_name[name]
        widths = [half_width(value, table.n) for value in table.values.values()]
        low, high = min(widths), max(widths)
        words = f"largest half-width, n = {table.n} {table.where}; the smallest is {low:.4f}"
        middle, room = (least + most) / 2, (most - least) / 2 + 5e-4
        claims.append(
            equals(f"{name}: numbers are uncertain by +-{least} to {most}", words, high, middle, tolerance=room)
        )
    for name, rate, n, expect in (("QuantBench", 0.58, 25, 0.18), ("ProtocolQA", 0.5, 108, 0.09)):
        words = f"half-width of the 95 % interval at {rate}, n = {n}"
        claims.append(equals(f"{name} is uncertain by +-{expect}", words, half_width(rate, n), expect, tolerance=6e-3))
    return claims


def noise_claims(found: Sequence[Gap]) -> list[Claim]:
    """Differences that the cards show and that are no more than noise, and others that are more."""
    real = [gap for gap in found if gap.real]
    noise = [gap for gap in found if not gap.real]
    some = ", ".join(f"{gap.first} and {gap.second} on {gap.table.name}" for gap in noise[:4])
    count = Estimate(len(noise), len(noise), len(noise), len(found))
    return [
        above(
            "Some differences in the tables are no more than noise",
            f"of {len(found)} pairs of models in rows whose n is known, those with p > .05 after Holm; as {some}",
            count,
            0,
            by="value",
        ),
        above(
            "Others are real",
            f"the other {len(real)} pairs",
            Estimate(len(real), len(real), len(real), len(found)),
            0,
            by="value",
        ),
        not_above(
            "o1-mini cannot be told from o1 on StrongREJECT",
            "goodness@0.1, .83 less .72, 60 prompts each",
            gap_between(0.83, 0.72, SIZES["StrongREJECT"][0]),
            0.0,
        ),
        above(
            "o1 is safer than GPT-4o in toxic conversations",
            "not_unsafe on WildChat, .98 less .945, 2,200 prompts each",
            gap_between(0.98, 0.945, SIZES["WildChat"][0]),
            0.0,
        ),
        above(
            "o1 refuses more jailbreaks of StrongREJECT than GPT-4o",
            "goodness@0.1, .72 less .22, 60 prompts each",
            gap_between(0.72, 0.22, SIZES["StrongREJECT"][0]),
            0.0,
        ),
        above(
            "The same evaluation of o1 differs between the card and the paper on how o1 was trained",
            "goodness@0.1 on StrongREJECT, .88 in the paper less .72 in the card, 60 prompts each",
            gap_between(0.88, 0.72, SIZES["StrongREJECT"][0]),
            0.0,
        ),
        above(
            "The same model on the same evaluation differs between a card and a repository of the same makers",
            "SimpleQA accuracy of o1, .47 in the card less .426 in simple-evals: another checkpoint",
            gap_between(0.47, 0.426, SIZES["SimpleQA"][0]),
            0.0,
        ),
    ]


def monitor_claims() -> list[Claim]:
    """What 180 flags among 102,443 chains of thought say of how many deceive."""
    share = flagged_share(FLAGGED, CHAINS)
    false_flags = (1 - MONITOR_ACCURACY) * CHAINS
    found = prevalence_range(FLAGGED, CHAINS, sensitivity=(0.5, 1.0))
    return [
        equals("The flags are of three kinds", "their sum", sum(FLAG_PARTS), FLAGGED, tolerance=0),
        equals(
            "0.17 % of chains of thought were flagged",
            f"in per cent; 95 % interval {100 * share.low:.3f} to {100 * share.high:.3f}",
            100 * share.value,
            0.17,
            tolerance=0.01,
        ),
        above(
            "92 % cannot be how often the monitor is right where it was used",
            f"flags that a specificity of .92 makes of nothing; there were {FLAGGED}",
            Estimate(false_flags, false_flags, false_flags, CHAINS),
            FLAGGED,
            by="value",
        ),
        equals(
            "How many chains deceive is not identified: it may be none",
            f"lowest prevalence that agrees with the flags if sensitivity is .5 or more, in per cent; the highest is "
            f"{100 * found.high:.2f}",
            100 * found.low,
            0.0,
            tolerance=0,
        ),
        above(
            "... and it may be more than was flagged",
            "highest prevalence that agrees with the flags if sensitivity is .5 or more, in per cent",
            Estimate(100 * found.high, 100 * found.high, 100 * found.high, CHAINS),
            100 * share.value,
            by="value",
        ),
    ]


def consistency_claims() -> list[Claim]:
    """Where a card can be checked against itself."""
    printed, columns = DISCRIMINATION
    table, prose = HAUSA["table"], HAUSA["prose"]
    width = half_width(table[0], HAUSA_QUESTIONS)
    gap = table[0] - prose[0]
    apart = abs(sum(columns) / 3 - printed)
    return [
        equals(
            "Cohen's h of o1 against GPT-4o in pairs is .319",
            "h of the share of wins, ties split, against a half",
            cohens_h(WINS + TIES / 2, 0.5),
            STATED_H,
            tolerance=2e-3,
        ),
        equals(
            "Wins, losses and ties are all there is",
            "their sum",
            WINS + LOSSES + TIES,
            1.0,
            tolerance=2e-4,
        ),
        above(
            "A row of the discrimination table does not agree with itself",
            f"mean of o1-preview's three columns, {sum(columns) / 3:.2f}, less what is printed, {printed}",
            Estimate(apart, apart, apart, 3),
            0.01,
            by="value",
        ),
        above(
            "The GPT-4o card's prose on Hausa does not agree with its table",
            f"{table[0]} in the table less {prose[0]} in the prose (Amharic's); an interval is +-{width:.3f}",
            Estimate(gap, gap, gap, HAUSA_QUESTIONS),
            width,
            by="value",
        ),
    ]


def own_claims(results: Sequence[Result]) -> list[Claim]:
    """What a card with intervals says of the packaged model."""
    widths = [result.estimate.high - result.estimate.low for result in results]
    narrowest = min(widths)
    claims = [
        above(
            "Every number of ours has an interval, at 0 and at 1 too",
            f"narrowest of {len(results)} intervals of {MODEL}",
            Estimate(narrowest, narrowest, narrowest, len(results)),
            0,
            by="value",
        )
    ]
    lost = sum(abs(sum(result.outcomes.values()) - result.answers) for result in results)
    words = f"answers of {len(results)} numbers that are in no outcome"
    claims.append(equals("No answer is left out of a denominator", words, lost, 0, tolerance=0))
    return claims
