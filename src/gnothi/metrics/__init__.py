"""Scoring rules on joint samples, each with its interval."""

from gnothi.metrics.inputs import dyadic, iid, local
from gnothi.metrics.intervals import Estimate, bootstrap_interval, mean_interval, paired_difference
from gnothi.metrics.joint import joint_log_loss, kl_divergence, kl_published, kl_scores, log_mean_exp
from gnothi.metrics.marginal import accuracy, brier_score, calibration_error, log_loss

__all__ = [
    "Estimate",
    "accuracy",
    "bootstrap_interval",
    "brier_score",
    "calibration_error",
    "dyadic",
    "iid",
    "joint_log_loss",
    "kl_divergence",
    "kl_published",
    "kl_scores",
    "local",
    "log_loss",
    "log_mean_exp",
    "mean_interval",
    "paired_difference",
]
