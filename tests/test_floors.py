"""An import goes down, never up, and never sideways between two rooms of the same floor."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import gnothi

ROOT = Path(gnothi.__file__).parent

FLOORS = [
    {"nn", "data"},
    {"enn", "learning"},
    {"agents", "metrics", "sweep"},
    {"language", "vision", "omni"},
    {"testbed", "decisions", "reasoning", "safety"},
    {"cards"},
    {"reproduce", "serve", "sklearn", "__init__"},
    {"cli"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

#: Names in the package itself that are no code of a room: anybody may ask which version this is.
ANYBODYS = {"__version__"}


def room_of(file: Path) -> str:
    """The folder of the package that a file is in, or the file itself if it lies at the top."""
    return file.relative_to(ROOT).with_suffix("").parts[0]


def rooms_imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Line and room of every import of gnothi below a node, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield from room_named(node.lineno, name.name.split("."), ["__init__"])
        elif isinstance(node, ast.ImportFrom):
            start = list(package[: len(package) - node.level + 1]) if node.level else []
            module = start + (node.module.split(".") if node.module else [])
            yield from room_named(node.lineno, module, [name.name for name in node.names])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield from room_named(node.lineno, argument.value.split("."), ["__init__"])


def room_named(line: int, module: list[str], names: list[str]) -> Iterator[tuple[int, str]]:
    if module[0] != "gnothi":
        return
    for name in names:
        room = module[1] if len(module) > 1 else name
        if room not in ANYBODYS:
            yield line, room if room in FLOOR or (ROOT / room).is_dir() else "__init__"


def without_lazy_imports(tree: ast.Module) -> ast.Module:
    """What is left of a module when functions and `if TYPE_CHECKING` are cut out of its top level."""

    def lazy(node):
        if isinstance(node, ast.If):
            return ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)

    return ast.Module([node for node in tree.body if not lazy(node)], [])


def broken_rules(file: Path, source: str) -> list[str]:
    """What an honest import of `source`, if it stood at `file`, would break."""
    tree = ast.parse(source)
    if file == ROOT / "__init__.py":  # the face of the package: it names every room, and imports none until asked
        tree = without_lazy_imports(tree)
    here, package = room_of(file), ("gnothi", *file.relative_to(ROOT).parts[:-1])
    return [
        f"{file.relative_to(ROOT)}:{line}: {here} (floor {FLOOR[here]}) imports {room} (floor {FLOOR[room]})"
        for line, room in rooms_imported(tree, package)
        if room != here and FLOOR[room] >= FLOOR[here]
    ]


def test_every_room_has_a_floor():
    rooms = {room_of(file) for file in ROOT.rglob("*.py")}
    assert rooms <= FLOOR.keys(), f"rooms without a floor: {sorted(rooms - FLOOR.keys())}"
    assert {"nn", "data", "enn", "learning", "agents", "metrics", "sweep", "testbed", "__init__"} <= rooms


def test_imports_go_down():
    broken = [rule for file in sorted(ROOT.rglob("*.py")) for rule in broken_rules(file, file.read_text())]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("file", "source", "count"),
    [
        ("enn/plain.py", "from gnothi.nn import MLP", 0),
        ("enn/plain.py", "from gnothi.enn.indices import NoIndex\nimport jax", 0),
        ("enn/plain.py", "from gnothi import __version__", 0),
        ("enn/plain.py", "from gnothi.learning import fit", 1),  # sideways
        ("enn/plain.py", "import gnothi.agents", 1),  # up
        ("enn/plain.py", "from gnothi import testbed, nn, cards", 2),
        ("enn/plain.py", "import gnothi as gn", 1),  # everything at once
        ("enn/plain.py", "from gnothi import sample", 1),
        ("enn/plain.py", "def f():\n    from gnothi.metrics import accuracy", 1),
        ("enn/plain.py", "if TYPE_CHECKING:\n    from gnothi.metrics import accuracy", 1),
        ("enn/plain.py", "from ..agents import AGENTS", 1),
        ("enn/plain.py", "from . import indices\nfrom .indices import OneOf\nfrom ..nn.mlp import MLP", 0),
        ("enn/plain.py", "importlib.import_module('gnothi.sweep')", 1),
        ("cli/main.py", "from gnothi import sample\nfrom gnothi.cards import report", 0),
        ("__init__.py", "def f():\n    from gnothi.cli import main\nif TYPE_CHECKING:\n    from gnothi import cli", 0),
        ("__init__.py", "from gnothi.cli import main", 1),
    ],
)
def test_the_rule_catches_what_breaks_it(file, source, count):
    assert len(broken_rules(ROOT / file, source)) == count
