"""Arrays in, arrays out: data sets, real tables that ship inside packages, and a random stream that never changes."""

from gnothi.data.dataset import Dataset, check_classification, check_finite, check_labels, standardise
from gnothi.data.stream import Stream
from gnothi.data.tables import TABLES, load_table

__all__ = [
    "TABLES",
    "Dataset",
    "Stream",
    "check_classification",
    "check_finite",
    "check_labels",
    "load_table",
    "standardise",
]
