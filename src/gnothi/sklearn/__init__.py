"""Estimators for people who never want to see a key: NumPy in, NumPy out, scikit-learn's rules.

`classifiers.py` wraps the recipes of `gnothi.agents`, `regressor.py` has the one for values, and `fitted.py` is what
`fit` leaves behind: a trained network that answers about any number of rows.

>>> from sklearn.datasets import load_iris
>>> from gnothi.sklearn import EpinetClassifier
>>> X, y = load_iris(return_X_y=True)
>>> model = EpinetClassifier(steps=500, random_state=0).fit(X, y)
>>> bool(model.score(X, y) > 0.9)
True
>>> model.sample_joint(X, 10).shape  # each of the 10 is one possible world, the same for all 150 flowers
(10, 150, 3)
>>> far, seen = model.epistemic_variance([[0.0, 9.0, 0.0, 9.0], X[0]])
>>> bool(far > seen)  # no flower looks like that
True
"""

from gnothi.sklearn.classifiers import EnsembleClassifier, EpinetClassifier, JointClassifier
from gnothi.sklearn.regressor import EpinetRegressor

__all__ = ["EnsembleClassifier", "EpinetClassifier", "EpinetRegressor", "JointClassifier"]
