"""Would a 70-billion-parameter decoder train on 64 devices? Compiles the step for them, with no weights, and prints.

The devices are simulated on the CPU, so nothing runs; the sharding is the one that real devices would get.

    python benchmarks/sharding.py                              # fsdp 8 x tensor 8, 64 sequences of 4096 tokens
    python benchmarks/sharding.py --fsdp 16 --tensor 4 --batch 16
"""

import os

NUM_DEVICES = 64
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={NUM_DEVICES}"
os.environ["JAX_PLATFORMS"] = "cpu"

import time  # noqa: E402

import jax  # noqa: E402
import tyro  # noqa: E402
from jax.sharding import AxisType  # noqa: E402

from gnothi.learning.next_token import compile_step  # noqa: E402
from gnothi.nn.transformer import DecoderConfig  # noqa: E402

LLAMA_3_70B = DecoderConfig(
    vocabulary_size=128_256,
    width=8192,
    hidden=28_672,
    num_layers=80,
    num_heads=64,
    num_kv_heads=8,
    rotary_base=500_000.0,
    tied=False,
)


def main(fsdp: int = 8, tensor: int = 8, batch: int = 64, length: int = 4096, layers: int = 80) -> None:
    """Prints what each of 64 devices would hold; those that `fsdp` and `tensor` leave over are "data"."""
    config = DecoderConfig(**{**vars(LLAMA_3_70B), "num_layers": layers})
    sizes, axes = (NUM_DEVICES // (fsdp * tensor), fsdp, tensor), ("data", "fsdp", "tensor")
    mesh = jax.make_mesh(sizes, axes, axis_types=(AxisType.Auto,) * 3)
    start = time.perf_counter()
    found = compile_step(config, mesh, batch, length)
    seconds = time.perf_counter() - start
    print(f"data {sizes[0]} x fsdp {fsdp} x tensor {tensor}, {layers} layers, {batch} sequences of {length} tokens")
    for name, count in [*found._asdict().items(), ("total", found.total)]:
        print(f"  {name:<12}{count / 1e9:8.2f} GB a device")
    print(f"  compiled in {seconds:.0f} s")


if __name__ == "__main__":
    tyro.cli(main)
