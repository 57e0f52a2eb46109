"""Reads a recipe without cooking it."""

import importlib

import jax
import numpy as np
import pytest

from gnothi.agents import PriorKnowledge
from gnothi.data import Dataset


@pytest.fixture
def recipe(monkeypatch):
    """Runs an agent with a `fit` that learns nothing: returns its network, and what `fit` was told."""

    def read(agent, *, size=4, num_data=50, temperature=0.25, module=None):
        told = []

        def fit(enn, data, **options):
            told.append(options)
            return enn

        path = module or type(agent).__module__
        monkeypatch.setattr(importlib.import_module(path), "fit", fit)
        data = Dataset(np.zeros((num_data, size), np.float32), np.zeros(num_data, np.int32))
        with jax.disable_jit():  # for ensembles, which are trained in parts by `lax.map`
            network = agent(data, PriorKnowledge(3, temperature), jax.random.key(0))
        return network, told[0]

    return read
