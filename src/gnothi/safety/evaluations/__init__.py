"""Evaluations: one module a family, each with its `EVALUATIONS`; `gnothi.safety.registry` has them all by name."""
