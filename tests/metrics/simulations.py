"""The simulation of coverage, which is a script of its own."""

import importlib.util
import sys
from pathlib import Path

PATH = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
SPEC = importlib.util.spec_from_file_location("coverage_simulation", PATH)
assert SPEC is not None and SPEC.loader is not None
coverage = importlib.util.module_from_spec(SPEC)
sys.modules["coverage_simulation"] = coverage  # dataclasses look their module up
SPEC.loader.exec_module(coverage)
