"""Cards: records turned into something a person can decide from."""

from gnothi.cards.leaderboard import Leaderboard, Row, leaderboards
from gnothi.cards.report import write_picture, write_report
from gnothi.cards.terminal import print_leaderboard

__all__ = ["Leaderboard", "Row", "leaderboards", "print_leaderboard", "write_picture", "write_report"]
