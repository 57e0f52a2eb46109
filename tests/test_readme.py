"""What the README says of the files is true: each is there, with one line, and each that is there is named."""

import re
from pathlib import Path

import gnothi

ROOT = Path(gnothi.__file__).parent
README = ROOT.parents[1] / "README.md"


def files_in_the_tree() -> set[str]:
    tree = README.read_text().split("src/gnothi/\n")[1].split("```")[0]
    found, folder = set(), ""
    for line in tree.splitlines():
        name, _ = re.fullmatch(r" +(\S+) +(\S.*)", line).groups()  # and some words about it
        if name.endswith("/"):
            folder = name
        else:
            found.add(folder + name)
    return found


def test_the_file_tree_is_true():
    there = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*")
        if path.suffix in (".py", ".html") and path.name != "__init__.py"
    }
    assert files_in_the_tree() == there


def test_files_named_in_answers_are_there():
    answers = re.findall(r"^\|.*\?.*\|(.*)\|$", README.read_text(), flags=re.MULTILINE)
    assert len(answers) >= 4
    for name in re.findall(r"`([a-z_/]+\.(?:py|md))`", " ".join(answers)):
        assert (ROOT / name).exists(), name
