"""What Inspect finds in this package: the entry point `inspect_ai` of `pyproject.toml` names this module."""

from gnothi.safety.inspect.metrics import rates
from gnothi.safety.inspect.provider import gnothi
from gnothi.safety.inspect.redteam import red_team
from gnothi.safety.inspect.scorers import graded
from gnothi.safety.inspect.solver import asks
from gnothi.safety.inspect.tasks import register
from gnothi.safety.registry import EVALUATIONS

TASKS = {name: register(name) for name in EVALUATIONS}

__all__ = ["TASKS", "asks", "gnothi", "graded", "rates", "red_team"]
