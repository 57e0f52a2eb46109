"""The page on adding an agent is followed literally."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "add-your-agent.md"
TEXT = PAGE.read_text()
FILES = re.findall(r"Put this into `(\w+\.py)`.*?```python\n(.*?)```", TEXT, flags=re.DOTALL)
COMMANDS = [
    shlex.split(line, comments=True)
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]


def test_the_page_holds_what_is_followed():
    assert [name for name, _ in FILES] == ["forest.py", "bayes.py"]
    assert {command[1] for command in COMMANDS} == {"conform", "testbed"}
    assert all(command[0] == "gnothi" for command in COMMANDS)


@pytest.mark.slow
def test_every_command_of_the_page_ends_well(tmp_path):
    for name, code in FILES:
        (tmp_path / name).write_text(code)
    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "gnothi.cli.main", *command[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": "140"},
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert "bayes.fit" in done.stdout and "epinet" in done.stdout
