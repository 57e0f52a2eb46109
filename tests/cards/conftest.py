from pathlib import Path

import pytest

from gnothi.sweep import Record
from tests.cards.invented_runs import make_portrait, make_records, write_run


@pytest.fixture
def records() -> list[Record]:
    """A whole run."""
    return make_records()


@pytest.fixture
def run_folder(tmp_path, records) -> Path:
    """A whole run on disk."""
    portraits = [make_portrait("mlp", 0), make_portrait("ensemble+", 0.8), make_portrait("epinet", 0.6)]
    return write_run(tmp_path / "run", records, portraits)
