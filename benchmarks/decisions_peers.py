"""What others do in the benchmark of decisions: run in an environment of their own, one measurement a process.

    python decisions_peers.py NAME SECONDS

Prints one line of JSON: `steps` made in about SECONDS of CPU time after a warm-up, and the seconds they took.
"""

import json
import sys
import time
import warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")


def counted(advance, seconds: float) -> dict[str, float]:
    """Calls `advance`, which makes some steps and returns how many, for some seconds."""
    advance()
    steps, cpu, wall = 0, time.process_time(), time.perf_counter()
    while time.process_time() - cpu < seconds:
        steps += advance()
    return {"steps": steps, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}


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
    found = [
        {"library": library, "version": version(library), "what": measure.__doc__.split(",")[0], **measure(limit)}
        for library, measure in PEERS[name]
    ]
    print(json.dumps(found))
