"""Problems of data sets in a folder of the reader's own: the suite `folder:PATH`."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gnothi.agents import PriorKnowledge
from gnothi.data import check_classification, find_local, load_local, standardise
from gnothi.testbed.real import RealProblem

SUITE = "folder"
NUM_SPLITS = 5  # of a table; images have a split of their own


@dataclass(frozen=True)
class LocalSpec:
    """A data set of `gnothi.data.find_local`; `seed` is of the split, where it has none of its own.

    `digest` is of the files' bytes: other data of the same name are another problem.
    """

    data_name: str
    path: str
    digest: str
    seed: int
    suite: str = SUITE

    @property
    def name(self) -> str:
        """The problem's name in records."""
        return f"{self.suite}/{self.data_name}-{self.digest}-S{self.seed}"

    @property
    def shape(self) -> tuple:
        """Splits of one data set share one compiled program."""
        return (SUITE, self.path)

    def make(self) -> RealProblem:
        """Reads, splits and standardises: a table by the training data's columns, images by all pixels together."""
        local = load_local(Path(self.path))
        x, y, test_x, test_y = local.split(self.seed)
        if local.images:
            x, test_x = ((part - x.mean()) / x.std() for part in (x, test_x))
        else:
            x, test_x = standardise(x, test_x)
        data = check_classification(x, y, len(local.classes), name=self.data_name)
        return RealProblem(data, PriorKnowledge(len(local.classes)), test_x, test_y.astype(np.int32))


def find_folder_suite(folder: str) -> tuple[LocalSpec, ...]:
    """All data sets of a folder, five splits of each table.

    **Raises:** `ValueError` if there are none.
    """
    return tuple(
        LocalSpec(name, str(path), digest, seed)
        for name, path in find_local(Path(folder)).items()
        for digest in (_digest(path),)
        for seed in range(1 if path.is_dir() else NUM_SPLITS)
    )


def _digest(path: Path) -> str:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.is_file())).hexdigest()[:8]
