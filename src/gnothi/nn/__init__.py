"""Plain building blocks: networks that show their features, and parts that are never trained."""

from gnothi.nn.frozen import Frozen, Held, partition
from gnothi.nn.mlp import MLP
from gnothi.nn.network import FeatureNetwork
from gnothi.nn.stacked import CACHE_NUMBERS, in_blocks, stack, stacked_outputs
from gnothi.nn.table import TableMLP

__all__ = [
    "CACHE_NUMBERS",
    "MLP",
    "FeatureNetwork",
    "Frozen",
    "Held",
    "TableMLP",
    "in_blocks",
    "partition",
    "stack",
    "stacked_outputs",
]
