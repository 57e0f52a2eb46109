"""The Neural Testbed: problems whose truth is known, real data, and a run that puts agents through them."""

from gnothi.testbed.local import LocalSpec
from gnothi.testbed.peers import PeerScore, peer_scores
from gnothi.testbed.problems import GenerativeProblem, GenerativeSpec, Problem, evaluate
from gnothi.testbed.published import PublishedProblem, PublishedSpec
from gnothi.testbed.real import RealProblem, RealSpec
from gnothi.testbed.regression import RegressionProblem, RegressionSpec
from gnothi.testbed.run import plan, run_group
from gnothi.testbed.shifts import SHIFTS, Shift
from gnothi.testbed.suites import SUITES, find_suite, grid

__all__ = [
    "SHIFTS",
    "SUITES",
    "GenerativeProblem",
    "GenerativeSpec",
    "LocalSpec",
    "PeerScore",
    "Problem",
    "PublishedProblem",
    "PublishedSpec",
    "RealProblem",
    "RealSpec",
    "RegressionProblem",
    "RegressionSpec",
    "Shift",
    "evaluate",
    "find_suite",
    "grid",
    "peer_scores",
    "plan",
    "run_group",
]
