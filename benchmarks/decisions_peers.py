"""What others do in the benchmark of decisions: run in an environment of their own.

    python decisions_peers.py NAME SECONDS

Prints one line of JSON, of every library: what it does, steps made in about SECONDS of CPU time, the seconds they took.
"""

import json
import sys
import time
import warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")


def counted(advance, seconds: float) -> tuple[int, float]:
    """Calls `advance`, which makes some steps and says how many: their number and CPU seconds, after a warm-up."""
    advance()
    start = time.process_time()
    steps = advance()
    while time.process_time() - start < seconds:
        steps += advance()
    return steps, time.process_time() - start


def bsuite_environment(seconds: float):
    """bsuite's Deep Sea of size 50, in Python, random actions."""
    import numpy as np
    from bsuite.environments.deep_sea import DeepSea

    environment = DeepSea(50, mapping_seed=42)
    actions = np.random.default_rng(0).integers(2, size=5000)

    def advance():
        step = environment.reset()
        for action in actions:
            step = environment.reset() if step.last() else environment.step(int(action))
        return len(actions)

    return counted(advance, seconds)


def gymnax_environment(seconds: float):
    """gymnax's Deep Sea of size 50, 1,024 copies, random actions."""
    import gymnax
    import jax

    environment, parameters = gymnax.make("DeepSea-bsuite", size=50)
    step = jax.vmap(environment.step, (0, 0, 0, None))

    @jax.jit
    def many(states, key):
        def one(states, key):
            keys = jax.random.split(key, 1024)
            actions = jax.random.randint(key, (1024,), 0, 2)
            return step(keys, states, actions, parameters)[1], None

        return jax.lax.scan(one, states, jax.random.split(key, 200))[0]

    keys = jax.random.split(jax.random.key(0), 1024)
    state = [jax.vmap(environment.reset, (0, None))(keys, parameters)[1]]

    def advance():
        state[0] = jax.block_until_ready(many(state[0], jax.random.key(1)))
        return 200 * 1024

    return counted(advance, seconds)


def bsuite_agent(seconds: float):
    """bsuite's bootstrapped DQN in JAX, 20 members, on its Deep Sea of size 20."""
    from bsuite.baselines.jax import boot_dqn
    from bsuite.environments.deep_sea import DeepSea

    environment = DeepSea(20, mapping_seed=42)
    agent = boot_dqn.default_agent(environment.observation_spec(), environment.action_spec(), seed=0)

    def advance():
        steps = 0
        for _ in range(10):
            step = environment.reset()
            while not step.last():
                action = agent.select_action(step)
                following = environment.step(action)
                agent.update(step, action, following)
                step, steps = following, steps + 1
        return steps

    return counted(advance, seconds)


PEERS = {
    "environment": [("bsuite", bsuite_environment), ("gymnax", gymnax_environment)],
    "agent": [("bsuite", bsuite_agent)],
}

if __name__ == "__main__":
    name, limit = sys.argv[1], float(sys.argv[2])
    what = {library: f"{measure.__doc__.split(',')[0]} ({version(library)})" for library, measure in PEERS[name]}
    print(json.dumps([(what[library], *measure(limit)) for library, measure in PEERS[name]]))
