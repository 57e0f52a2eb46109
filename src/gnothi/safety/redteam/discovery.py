"""A campaign without its surroundings: which attacks a policy makes on outcomes that are known, and what it finds."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from gnothi.metrics.grader_errors import GraderErrors
from gnothi.safety.redteam.arms import AttackSpace
from gnothi.safety.redteam.distinct import keys_of
from gnothi.safety.redteam.policies import Policy, find_policy
from gnothi.safety.redteam.posterior import FailurePosterior


@dataclass(frozen=True)
class Discovery:
    """What a policy made of a target: the `places` of attacks in order, and the distinct failures `found` by then."""

    places: Int[np.ndarray, " queries"]
    found: Int[np.ndarray, " queries"]


def replay(
    space: AttackSpace,
    failed: Bool[np.ndarray, " attacks"],
    policy: str | type[Policy],
    *,
    budget: int,
    batch: int = 10,
    distinct: str = "prompt and technique",
    errors: GraderErrors | None = None,
    verdicts: Bool[np.ndarray, " attacks"] | None = None,
    seed: int = 0,
    **settings: object,
) -> Discovery:
    """Lets a policy attack a target whose outcomes are known.

    **Arguments:** `space`; `failed`, which attacks succeed; `policy`, a name of `POLICIES`, or a class; `budget`,
    queries in all; `batch`, queries between which nothing is learnt; `distinct`; `errors`, of the grader; `verdicts`,
    what the grader says of each attack, if it errs: the policy is told that, and `found` counts what is true;
    `seed`; further settings of the policy.
    """
    keys = keys_of(space, distinct)
    told = failed if verdicts is None else verdicts
    posterior = FailurePosterior(space.features, errors, seed=seed)
    make = find_policy(policy) if isinstance(policy, str) else policy
    chooser = make(space, keys, posterior, **settings)
    random = np.random.default_rng([seed, 22])
    available = np.ones(len(space), bool)
    places: list[int] = []
    while len(places) < budget and available.any():
        some = chooser.choose(available, min(batch, budget - len(places)), random)
        said = told[some]
        chooser.learn(some, said.tolist())
        posterior.observe(some, said.tolist())
        places += some
        available[some] = False
        available[np.isin(keys, keys[np.asarray(some)[said]])] = False
    made = np.array(places)
    first = np.zeros(made.size, bool)
    hits = np.flatnonzero(failed[made])
    _, index = np.unique(keys[made[hits]], return_index=True)
    first[hits[index]] = True
    return Discovery(made, np.cumsum(first))
