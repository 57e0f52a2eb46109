"""A claim of a paper, and what was measured of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gnothi.cards.wording import format_interval, format_number
from gnothi.metrics import Estimate


@dataclass(frozen=True)
class Claim:
    """What somebody claims, what was measured, and whether the claim holds.

    Make one with `below`, `not_above`, `above`, `not_below` or `equals`; each says in `criterion` what would refute it.
    """

    statement: str
    measured: str
    estimate: Estimate
    criterion: str
    holds: bool


def below(statement: str, measured: str, estimate: Estimate, bound: float, *, by: str = "interval") -> Claim:
    """Holds if the measured number is below a bound beyond chance: its whole interval is.

    **Arguments:** `statement`, the claim in words; `measured`, what the number is, with its unit; `estimate`; `bound`;
    `by`, `"interval"`, or `"value"` for a size too small to tell, where the number alone must be below.
    """
    edge = estimate.high if by == "interval" else estimate.value
    return Claim(statement, measured, estimate, f"{_name(by)} below {bound:.4g}", bool(edge < bound))


def not_above(statement: str, measured: str, estimate: Estimate, bound: float) -> Claim:
    """Holds unless the measured number is above a bound beyond chance: its interval reaches the bound or lies below.

    Arguments as of `below`.
    """
    return Claim(statement, measured, estimate, f"interval not wholly above {bound:.4g}", bool(estimate.low <= bound))


def above(statement: str, measured: str, estimate: Estimate, bound: float, *, by: str = "interval") -> Claim:
    """Holds if the measured number is above a bound beyond chance; arguments as of `below`."""
    edge = estimate.low if by == "interval" else estimate.value
    return Claim(statement, measured, estimate, f"{_name(by)} above {bound:.4g}", bool(edge > bound))


def not_below(statement: str, measured: str, estimate: Estimate, bound: float) -> Claim:
    """Holds unless the measured number is below a bound beyond chance; arguments as of `below`."""
    return Claim(statement, measured, estimate, f"interval not wholly below {bound:.4g}", bool(estimate.high >= bound))


def equals(statement: str, measured: str, value: float, expected: float, *, tolerance: float) -> Claim:
    """Holds if a number that is computed, not sampled, is what it should be to within `tolerance`."""
    value = float(value)
    exact = Estimate(value, value, value, units=1)
    criterion = f"within {tolerance:.2g} of {expected:.6g}"
    return Claim(statement, measured, exact, criterion, bool(abs(value - expected) <= tolerance))


def all_hold(claims: Sequence[Claim]) -> bool:
    """Whether every claim holds."""
    return all(claim.holds for claim in claims)


def print_claims(claims: Sequence[Claim], console: Console) -> None:
    """Prints a table: the claim, what was measured with its 95 % interval and its units, and the verdict."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=True)
    for column in ("claim", "measured", "value", "holds if"):
        table.add_column(column)
    table.add_column("", no_wrap=True)
    for claim in claims:
        number, exact = claim.estimate, claim.estimate.low == claim.estimate.high
        value = format_number(number.value)
        value += "" if exact else f" {format_interval(number.low, number.high)}, n = {number.units}"
        value += f", {number.nonfinite} not finite" if number.nonfinite else ""
        verdict = Text("holds", style="green") if claim.holds else Text("DOES NOT HOLD", style="bold red")
        table.add_row(claim.statement, claim.measured, value, claim.criterion, verdict)
    console.print(table)


def _name(by: str) -> str:
    if by not in ("interval", "value"):
        raise ValueError(f"a claim is judged by 'interval' or by 'value', got {by!r}")
    return "whole interval" if by == "interval" else "value"
