"""Cards: records turned into something a person can decide from."""

from gnothi.cards.claims import Claim, above, all_hold, below, equals, not_above, not_below, print_claims
from gnothi.cards.figures import PRINT_INK, write_page, write_png
from gnothi.cards.floor import Excess, excesses, floor_chart, floor_title, trusted
from gnothi.cards.leaderboard import Leaderboard, Row, leaderboards
from gnothi.cards.progress import CellProgress, progress_bars
from gnothi.cards.report import write_picture, write_report
from gnothi.cards.standings import write_standings
from gnothi.cards.terminal import print_leaderboard

__all__ = [
    "PRINT_INK",
    "CellProgress",
    "Claim",
    "Excess",
    "Leaderboard",
    "Row",
    "above",
    "all_hold",
    "below",
    "equals",
    "excesses",
    "floor_chart",
    "floor_title",
    "leaderboards",
    "not_above",
    "not_below",
    "print_claims",
    "print_leaderboard",
    "progress_bars",
    "trusted",
    "write_page",
    "write_picture",
    "write_png",
    "write_report",
    "write_standings",
]
