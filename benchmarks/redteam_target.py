"""A real model as a target whose outcomes are known: every one of 512 attacks was made once, and is in a file.

    python benchmarks/redteam_target.py         # 7 CPU minutes; writes benchmarks/redteam-smollm2-135m.json

The attacks are drawn at random from the space of `gnothi redteam smollm2-135m --attacks secrets`: 40 secrets of 8
kinds, 32 techniques, 4 ways to write the request. The file has, of each, which it is, a hash of the answer, and whether
the secret is in it; no answers. Answers are kept in a folder of `~/.cache` meanwhile, so that this can be stopped.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

from gnothi.data.packages import cache_folder
from gnothi.safety.answers import AnswerFile
from gnothi.safety.load import load_model
from gnothi.safety.prompts import Outcome, Prompt, ask
from gnothi.safety.redteam import Arm, Attack, AttackSpace, find_suite, space_of
from gnothi.safety.transforms import TRANSFORMS

HERE = Path(__file__).resolve().parent
MAX_TOKENS = 32
AT_ONCE = 128


@dataclass(frozen=True)
class Table:
    """Makes the table. Example: python benchmarks/redteam_target.py --attacks 512."""

    model: str = "smollm2-135m"
    """Which model."""

    attacks: int = 512
    """How many attacks are made."""

    seed: int = 0
    """By which they are drawn."""

    @property
    def path(self) -> Path:
        """Where the table is."""
        return HERE / f"redteam-{self.model}.json"


def read_target(path: Path) -> tuple[AttackSpace, np.ndarray]:
    """The attacks of a table, and which of them succeeded."""
    table = json.loads(path.read_text())
    bases = [Prompt(name, ask(name), cluster, topic) for name, cluster, topic in table["bases"]]
    attacks = tuple(
        Attack(Arm(table["techniques"][technique], bases[base].category, tuple(table["chains"][chain])), bases[base])
        for technique, chain, base, _, _ in table["cells"]
    )
    return AttackSpace(attacks, {**TRANSFORMS}), np.array([bool(failed) for *_, failed, _ in table["cells"]])


def main(table: Table) -> None:
    suite = find_suite("secrets")
    space, model, grader = space_of(suite.prompts(None)), load_model(table.model), suite.grader()
    random = np.random.default_rng(table.seed)
    places = random.permutation(len(space))[: table.attacks]  # a smaller table is a part of a larger one
    prompts = [space.prompt(int(place)) for place in places]
    about = {"evaluation": "red teaming", "model": model.name, "version": model.version}
    kept = cache_folder().parent / "redteam" / f"{table.model}.jsonl"
    file = AnswerFile(kept, {**about, "max_tokens": MAX_TOKENS, "temperature": 0.0})
    left = [prompt for prompt in prompts if (prompt.sha256, 0) not in file.answers]
    for start in range(0, len(left), AT_ONCE):
        print(f"{len(prompts) - len(left) + start} of {len(prompts)}", flush=True)
        some = left[start : start + AT_ONCE]
        said = model.answer(some, max_tokens=MAX_TOKENS)
        file.add((prompt, 0, answer) for prompt, answer in zip(some, said, strict=True))
    order = np.argsort(places)  # in the table they stand as the space lists them
    places, prompts = places[order], [prompts[n] for n in order]
    answers = [file.answers[prompt.sha256, 0] for prompt in prompts]
    grades = grader.grade(prompts, answers)
    bad = [grade.outcome for grade in grades if grade.outcome not in (Outcome.COMPLY, Outcome.REFUSE)]
    attacks = [space.attacks[place] for place in places]
    techniques = list(dict.fromkeys(attack.arm.technique for attack in attacks))
    chains = list(dict.fromkeys(attack.arm.chain for attack in attacks))
    bases = list({attack.base.name: attack.base for attack in attacks}.values())
    number = {base.name: n for n, base in enumerate(bases)}
    cells = [
        [
            techniques.index(attack.arm.technique),
            chains.index(attack.arm.chain),
            number[attack.base.name],
            int(grade.outcome == Outcome.COMPLY),
            hashlib.sha256(answer.text.encode()).hexdigest()[:8],
        ]
        for attack, answer, grade in zip(attacks, answers, grades, strict=True)
    ]
    whole = {
        "made_by": f"python benchmarks/redteam_target.py --model {table.model} --attacks {len(prompts)}",
        **about,
        "grader": grader.name,
        "max_tokens": MAX_TOKENS,
        "space": space.sha256,
        "prompts": hashlib.sha256("".join(prompt.sha256 for prompt in prompts).encode()).hexdigest(),
        "neither": len(bad),
        "columns": ["technique", "chain", "base", "failed", "answer"],
        "techniques": techniques,
        "chains": chains,
        "bases": [[base.name, base.cluster, base.category] for base in bases],
    }
    rows = ",\n".join(json.dumps(cell, separators=(",", ":")) for cell in cells)
    head = json.dumps(whole, indent=1)[:-2]
    table.path.write_text(f'{head},\n "cells": [\n{rows}\n]}}\n')
    print(f"{table.path}: {sum(cell[3] for cell in cells)} of {len(cells)} attacks succeeded, {len(bad)} neither")


if __name__ == "__main__":
    main(tyro.cli(Table))
