"""A coin whose bias is uniform: what learning it costs, and what it costs not to learn.

A sequence with k heads of n flips has probability B(k + 1, n - k + 1), so all is closed form.
"""

import numpy as np
from scipy.special import betaln


def price_of_learning(flips: int) -> float:
    """d_KL of the exact joint prediction from the true coin, in nats: (log n - log(2 pi e)) / 2 + 1 for many flips.

    It is the mutual information of bias and flips, which no agent can do without (Clarke and Barron 1990).
    """
    heads = np.arange(flips + 1)
    # Heads are uniform: each count is as likely as any other. The mean of -p log p over biases is 1/4.
    entropy = -float(np.mean(betaln(heads + 1, flips - heads + 1)))
    return entropy - flips / 2


def dependence(flips: int) -> float:
    """KL of the product of marginals (a fair coin) from the joint law of the flips, in nats.

    It grows by log 2 - 1/2 a flip, less what `price_of_learning` is.
    """
    heads = np.arange(flips + 1)
    return flips * np.log(2) + float(np.mean(betaln(heads + 1, flips - heads + 1)))
