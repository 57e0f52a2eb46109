"""Scoring rules on joint samples, each with its interval."""

from gnothi.metrics.acquisition import PRIORITIES, choose
from gnothi.metrics.batch_acquisition import choose_batch, joint_information
from gnothi.metrics.clustered import kl_kmeans, kl_projected
from gnothi.metrics.conformance import Check, conform, passed
from gnothi.metrics.gaussian import gaussian_kl, regression_kl
from gnothi.metrics.grader_errors import GraderErrors, corrected, prediction_powered
from gnothi.metrics.inputs import dyadic, iid, local
from gnothi.metrics.intervals import (
    Estimate,
    bootstrap_interval,
    bootstrap_rows,
    mean_interval,
    paired_difference,
    ratio_interval,
)
from gnothi.metrics.joint import joint_log_loss, kl_divergence, kl_published, kl_scores
from gnothi.metrics.log_mean import RunningLogMean, log_mean_exp, stream_log_mean_exp
from gnothi.metrics.marginal import accuracy, brier_score, calibration_error, log_loss
from gnothi.metrics.multiplicity import benjamini_hochberg, holm, p_value
from gnothi.metrics.power import detectable_difference, units_needed
from gnothi.metrics.rates import Units, difference, rate
from gnothi.metrics.repeated import answers_a_prompt, goodness_at, pass_all, pass_at
from gnothi.metrics.streaming import kl_streamed
from gnothi.metrics.tempering import fit_temperature, tempered
from gnothi.metrics.uncertainty import Uncertainty, decompose, stream_decompose
from gnothi.metrics.variance_parts import VarianceParts, variance_parts

__all__ = [
    "PRIORITIES",
    "Check",
    "Estimate",
    "GraderErrors",
    "RunningLogMean",
    "Uncertainty",
    "Units",
    "VarianceParts",
    "accuracy",
    "answers_a_prompt",
    "benjamini_hochberg",
    "bootstrap_interval",
    "bootstrap_rows",
    "brier_score",
    "calibration_error",
    "choose",
    "choose_batch",
    "conform",
    "corrected",
    "decompose",
    "detectable_difference",
    "difference",
    "dyadic",
    "fit_temperature",
    "gaussian_kl",
    "goodness_at",
    "holm",
    "iid",
    "joint_information",
    "joint_log_loss",
    "kl_divergence",
    "kl_kmeans",
    "kl_projected",
    "kl_published",
    "kl_scores",
    "kl_streamed",
    "local",
    "log_loss",
    "log_mean_exp",
    "mean_interval",
    "p_value",
    "paired_difference",
    "pass_all",
    "pass_at",
    "passed",
    "prediction_powered",
    "rate",
    "ratio_interval",
    "regression_kl",
    "stream_decompose",
    "stream_log_mean_exp",
    "tempered",
    "units_needed",
    "variance_parts",
]
