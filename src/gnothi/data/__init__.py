"""Arrays in, arrays out: data sets, real tables that ship inside packages, and a random stream that never changes."""

from gnothi.data.dataset import Dataset, check_classification, check_finite, check_labels, standardise
from gnothi.data.local import PUBLISHED_SPLITS, LocalData, find_local, load_local
from gnothi.data.principal import principal_axes
from gnothi.data.stream import Stream
from gnothi.data.tables import TABLES, load_table

__all__ = [
    "PUBLISHED_SPLITS",
    "TABLES",
    "Dataset",
    "LocalData",
    "Stream",
    "check_classification",
    "check_finite",
    "check_labels",
    "find_local",
    "load_local",
    "load_table",
    "principal_axes",
    "standardise",
]
