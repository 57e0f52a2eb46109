"""Losses, bootstrapping, the training loop and checkpoints."""

from gnothi.learning.adam import adam
from gnothi.learning.bootstrap import BOOTSTRAPS
from gnothi.learning.checkpoint import load, save
from gnothi.learning.compilation import compiler_options, use_compilation_cache
from gnothi.learning.fit import fit
from gnothi.learning.flops import count_flops
from gnothi.learning.langevin import langevin
from gnothi.learning.losses import Loss, cross_entropy, squared_error
from gnothi.learning.next_token import next_token_loss, train_next_token

__all__ = [
    "BOOTSTRAPS",
    "Loss",
    "adam",
    "compiler_options",
    "count_flops",
    "cross_entropy",
    "fit",
    "langevin",
    "load",
    "next_token_loss",
    "save",
    "squared_error",
    "train_next_token",
    "use_compilation_cache",
]

use_compilation_cache()
