"""The Neural Testbed: problems whose truth is known, real data, and a run that puts agents through them."""

from gnothi.testbed.problems import GenerativeProblem, GenerativeSpec, Problem, evaluate
from gnothi.testbed.real import RealProblem, RealSpec
from gnothi.testbed.run import plan, run_group
from gnothi.testbed.suites import SUITES, find_suite, grid

__all__ = [
    "SUITES",
    "GenerativeProblem",
    "GenerativeSpec",
    "Problem",
    "RealProblem",
    "RealSpec",
    "evaluate",
    "find_suite",
    "grid",
    "plan",
    "run_group",
]
