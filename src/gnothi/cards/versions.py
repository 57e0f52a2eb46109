"""Which versions made a card."""

import platform
from importlib.metadata import PackageNotFoundError, version

from gnothi import __version__

PACKAGES = ("jax", "equinox", "numpy", "scipy", "scikit-learn", "tokenizers", "inspect_ai")


def versions() -> dict[str, str]:
    """Of gnothi, Python, and the packages that a number may depend on, those that are installed."""
    found = {"gnothi": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
