"""Principal axes: not correlated, of variance 1, those along which inputs differ most."""

import numpy as np

from gnothi.data import principal_axes

RANDOM = np.random.default_rng(0)
X = (RANDOM.normal(size=(500, 3)) * [5.0, 1.0, 0.1] @ np.linalg.qr(RANDOM.normal(size=(3, 3)))[0]).astype(np.float32)


def test_axes_are_of_the_first_array_and_not_correlated():
    x, others = principal_axes(X, X[:7], most=2)
    assert x.shape == (500, 2) and x.dtype == np.float32
    np.testing.assert_allclose(np.cov(x, rowvar=False), np.eye(2), atol=1e-3)
    np.testing.assert_allclose(others, x[:7], atol=1e-5)
    # The first axis has all but a 26th of the variance of the inputs.
    fitted = np.linalg.lstsq(x[:, :1], X - X.mean(axis=0), rcond=None)[0]
    assert (X - X.mean(axis=0) - x[:, :1] @ fitted).var() < X.var(axis=0).sum() / 26


def test_few_inputs_and_constant_columns_are_numbers():
    assert principal_axes(X[:1])[0].tolist() == [[0.0]]
    assert principal_axes(X[:2])[0].shape == (2, 2)
    assert np.isfinite(principal_axes(np.ones((10, 4), np.float32))[0]).all()
