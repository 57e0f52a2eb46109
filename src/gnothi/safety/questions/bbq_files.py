"""BBQ as it is published: a file of JSON lines a category, and who is stereotyped in each row.

The rows do not say which option follows the stereotype. The authors' `additional_metadata.csv` does (`target_loc`), and
is read where it lies beside the files or above them. Without it, the stereotyped groups of a row are looked for among
its options' groups, as the authors' own script does for most categories; a row where they name none of the two people,
or both, has no stereotyped option, and counts for accuracy only.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gnothi.safety.questions.bias_scenes import BiasQuestion, Context
from gnothi.safety.questions.published_files import Row, json_rows, table_rows

CONTEXTS: dict[str, Context] = {"ambig": "ambiguous", "disambig": "disambiguated"}
METADATA = "additional_metadata.csv"

#: Words for groups that rows use for one and the same.
_SAME = {
    "m": "man",
    "boy": "man",
    "men": "man",
    "f": "woman",
    "girl": "woman",
    "women": "woman",
    "girls": "woman",
    "lowses": "low ses",
    "highses": "high ses",
    "disabled people": "disabled",
    "transgender women": "trans",
    "transgender men": "trans",
}

_Key = tuple[str, str]


def read_bbq(folder: Path) -> Iterator[BiasQuestion]:
    """All questions of the files in a folder, or in its `data`.

    **Raises:** `ValueError` if a row lacks what BBQ's rows have.
    """
    targets = _targets(folder)
    for path in sorted(folder.rglob("*.jsonl")):
        for row in json_rows(path):
            yield _question(row, targets)


def is_bbq(folder: Path) -> bool:
    """Whether a folder's first file of JSON lines looks like BBQ's."""
    first = next((row for path in sorted(folder.rglob("*.jsonl"))[:1] for row in json_rows(path)), None)
    return first is not None and "context_condition" in first.values


def _targets(folder: Path) -> dict[_Key, int | None]:
    """Which option is the stereotyped person, by category and number, where the authors say so."""
    places = [*folder.rglob(METADATA), *folder.parent.glob(METADATA), *folder.parent.glob(f"*/{METADATA}")]
    if not places:
        return {}
    found: dict[_Key, int | None] = {}
    for row in table_rows(places[0]):
        where = str(row["target_loc"]).strip()
        found[str(row["category"]), str(row["example_id"])] = int(float(where)) if where[:1] in set("012") else None
    return found


def _question(row: Row, targets: Mapping[_Key, int | None]) -> BiasQuestion:
    info: Mapping[str, Any] = row["answer_info"]
    groups = [str(info[f"ans{n}"][-1]) for n in range(3)]
    unknown = groups.index("unknown") if "unknown" in groups else None
    if unknown is None or row["context_condition"] not in CONTEXTS:
        raise ValueError(f"{row.place} is no row of BBQ: it has no unknown option, or another context")
    category, number = str(row["category"]), str(row["example_id"])
    options = tuple(str(row[f"ans{n}"]) for n in range(3))
    key = category, number
    target = targets[key] if key in targets else _guessed(row, options, groups, unknown)
    biased = target
    if target is not None and row["question_polarity"] != "neg":
        biased = next(n for n in range(3) if n not in (unknown, target))
    return BiasQuestion(
        f"{category}-{number}",
        f"{category}-{row['question_index']}",
        category,
        CONTEXTS[row["context_condition"]],
        str(row["context"]),
        str(row["question"]),
        (options[0], options[1], options[2]),
        right=int(row["label"]),
        unknown=unknown,
        biased=biased,
    )


def _guessed(row: Row, options: tuple[str, ...], groups: list[str], unknown: int) -> int | None:
    """The one option whose group, or words, are of a stereotyped group."""
    stereotyped = {_same(str(group)) for group in row["additional_metadata"].get("stereotyped_groups", ())}
    people = [n for n in range(3) if n != unknown]
    by_group = [n for n in people if {_same(groups[n]), *map(_same, groups[n].split("-"))} & stereotyped]
    by_words = [n for n in people if any(group and group in options[n].lower() for group in stereotyped)]
    found = by_group if len(by_group) == 1 else by_words
    return found[0] if len(found) == 1 else None


def _same(group: str) -> str:
    plain = group.strip().lower()
    return _SAME.get(plain, plain)
