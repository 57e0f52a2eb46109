"""Which interval of a share of independent answers covers as it says: exact coverage of textbook ones, and of ours.

Coverage is the mean over rates within 0.25 logits of each of those that `coverage.py` has; an entry is the lowest and
the highest over these rates, and how many of the 11 are outside of 92 to 98 %.

    python benchmarks/coverage_methods.py
"""

import numpy as np
from scipy import special, stats

from coverage import HIGHEST, LOGITS, LOWEST, RATES
from gnothi.metrics.rates import limits


def classic(hits, number: int) -> dict[str, tuple]:
    """Intervals of a share of independent answers, as textbooks have them."""
    normal = stats.norm.ppf(0.975)
    share, more = hits / number, number + normal**2
    middle = (hits + normal**2 / 2) / more
    wilson = normal * np.sqrt(share * (1 - share) * number + normal**2 / 4) / more
    coull = normal * np.sqrt(middle * (1 - middle) / more)
    low, high = (stats.beta.ppf(tail, hits + (tail > 0.5), number - hits + (tail < 0.5)) for tail in (0.025, 0.975))
    return {
        "normal": (share - (wald := normal * np.sqrt(share * (1 - share) / number)), share + wald),
        "Wilson": (middle - wilson, middle + wilson),
        "Agresti-Coull": (middle - coull, middle + coull),
        "Clopper-Pearson": (np.where(hits == 0, 0.0, low), np.where(hits == number, 1.0, high)),
        "Jeffreys": tuple(stats.beta.ppf(tail, hits + 0.5, number - hits + 0.5) for tail in (0.025, 0.975)),
        "ours": limits(share, np.full_like(share, number), np.full_like(share, number)),
    }


def table() -> list[str]:
    """Exact coverage of independent answers, in the mean over each rate's range: lowest and highest over rates."""
    numbers, lines = (10, 30, 100, 300, 1000), []
    for name in classic(np.zeros(1), 1):
        entries = []
        for number in numbers:
            hits = np.arange(number + 1.0)
            low, high = classic(hits, number)[name]
            covered = []
            for rate in RATES:
                truth = special.expit(special.logit(rate) + np.linspace(-LOGITS, LOGITS, 101))
                inside = (low[:, None] <= truth) & (truth <= high[:, None])
                covered.append(float(np.mean(np.sum(stats.binom.pmf(hits[:, None], number, truth) * inside, axis=0))))
            outside = sum(not LOWEST <= c <= HIGHEST for c in covered)
            entries.append(f"{100 * min(covered):.1f} to {100 * max(covered):.1f} ({outside})")
        lines.append(f"| {name} | " + " | ".join(entries) + " |")
    head = "| interval | " + " | ".join(f"{number:,} answers" for number in numbers) + " |"
    return [head, "|---|" + "---|" * len(numbers), *lines, ""]


if __name__ == "__main__":
    print("\n".join(table()))
