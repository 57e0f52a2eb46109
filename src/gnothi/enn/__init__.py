"""Epistemic neural networks: the interface, index laws, prior functions, and the architectures."""

from gnothi.enn.dropout import Dropout
from gnothi.enn.ensemble import Ensemble
from gnothi.enn.epinet import Epinet
from gnothi.enn.indices import FiniteIndexDistribution, Gaussian, IndexDistribution, Mask, NoIndex, OneOf, UnitSphere
from gnothi.enn.network import EpistemicNetwork, sample
from gnothi.enn.plain import Plain
from gnothi.enn.prior import LinearPrior, MatchedPrior, PriorFunction, WithPrior

__all__ = [
    "Dropout",
    "Ensemble",
    "Epinet",
    "EpistemicNetwork",
    "FiniteIndexDistribution",
    "Gaussian",
    "IndexDistribution",
    "LinearPrior",
    "Mask",
    "MatchedPrior",
    "NoIndex",
    "OneOf",
    "Plain",
    "PriorFunction",
    "UnitSphere",
    "WithPrior",
    "sample",
]
