"""Epistemic neural networks: the interface, index laws, prior functions, and the architectures."""

from gnothi.enn.batch_ensemble import BatchEnsemble
from gnothi.enn.curvature import Block, gauss_newton, sum_over_data
from gnothi.enn.dropout import Dropout
from gnothi.enn.ensemble import Ensemble
from gnothi.enn.epinet import Epinet
from gnothi.enn.gaussian_head import GaussianHead, inverse_root, read_features
from gnothi.enn.hypermodel import Hypermodel
from gnothi.enn.indices import (
    FiniteIndexDistribution,
    Gaussian,
    IndexDistribution,
    Mask,
    NoIndex,
    OneOf,
    ScaledGaussian,
    UnitSphere,
)
from gnothi.enn.last_layer_ensemble import LastLayerEnsemble
from gnothi.enn.linearised import Linearised
from gnothi.enn.mean_field import MeanField
from gnothi.enn.network import EpistemicNetwork, sample
from gnothi.enn.plain import Plain
from gnothi.enn.prior import LinearPrior, MatchedPrior, PriorFunction, WithPrior
from gnothi.enn.random_features import RandomFeatureNetwork
from gnothi.enn.trunk import Trunk, Trunked
from gnothi.enn.weight_gaussian import WeightGaussian

__all__ = [
    "BatchEnsemble",
    "Block",
    "Dropout",
    "Ensemble",
    "Epinet",
    "EpistemicNetwork",
    "FiniteIndexDistribution",
    "Gaussian",
    "GaussianHead",
    "Hypermodel",
    "IndexDistribution",
    "LastLayerEnsemble",
    "LinearPrior",
    "Linearised",
    "Mask",
    "MatchedPrior",
    "MeanField",
    "NoIndex",
    "OneOf",
    "Plain",
    "PriorFunction",
    "RandomFeatureNetwork",
    "ScaledGaussian",
    "Trunk",
    "Trunked",
    "UnitSphere",
    "WeightGaussian",
    "WithPrior",
    "gauss_newton",
    "inverse_root",
    "read_features",
    "sample",
    "sum_over_data",
]
