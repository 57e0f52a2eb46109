"""One file a seed: each re-makes a published claim, measured, and says whether it holds.

A reproduction is a module with a docstring (its first line is shown to people) and a function `run(lab) -> Findings`.
"""

from importlib import import_module

from gnothi.reproduce.lab import Findings, Lab, Scale

#: Every reproduction by name: its module, imported when it is run.
REPRODUCTIONS: dict[str, str] = {
    "enn": "gnothi.reproduce.enn",
    "testbed": "gnothi.reproduce.testbed",
    "decisions": "gnothi.reproduce.decisions",
    "dyadic": "gnothi.reproduce.dyadic",
    "ensembles": "gnothi.reproduce.ensembles",
    "thompson": "gnothi.reproduce.thompson",
    "language": "gnothi.reproduce.language",
    "o1-evals": "gnothi.reproduce.o1_evals",
}


def reproduce(name: str, lab: Lab) -> Findings:
    """Runs one reproduction and writes its claims and its figure into the lab's folder.

    **Raises:** `ValueError` if there is none of that name.
    """
    if name not in REPRODUCTIONS:
        raise ValueError(f"nothing is reproduced under the name {name!r}: there are {', '.join(REPRODUCTIONS)}")
    findings: Findings = import_module(REPRODUCTIONS[name]).run(lab)
    lab.write(name, findings)
    return findings


__all__ = [
    "REPRODUCTIONS",
    "Findings",
    "Lab",
    "Scale",
    "reproduce",
]
