"""Which device holds what, by rule; and that eight devices train a decoder as one does."""

import json
import os
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest
from jax.sharding import AbstractMesh
from jax.sharding import PartitionSpec as P

from gnothi.nn.transformer import DecoderConfig, Encoder, EncoderConfig, decoder, encoder, unstacked
from gnothi.nn.transformer.sharding import batch_sharding, shardings

KEY = jax.random.key(0)
MESH = AbstractMesh((2, 2, 4), ("data", "fsdp", "tensor"))
CONFIG = DecoderConfig(64, width=32, hidden=48, num_layers=2, num_heads=4, num_kv_heads=2, bias=True, tied=False)


def shapes(config=CONFIG):
    return eqx.filter_eval_shape(lambda: decoder(config, key=KEY))


def specs(network, mesh=MESH, **options):
    return jax.tree.map(lambda place: place.spec, shardings(network, mesh, **options))


def test_stacked_layers_of_a_decoder():
    found = specs(shapes())
    assert found.tokens.weight == P("tensor", "fsdp")
    assert found.head.weight == P("fsdp", "tensor")
    assert found.norm.scale == P(None)
    layer = found.layers
    assert layer.attention.query.weight == P(None, "fsdp", "tensor")
    assert layer.attention.query.bias == P(None, "tensor")
    assert layer.attention.output.weight == P(None, "tensor", "fsdp")
    assert layer.feed_forward.down.weight == P(None, "tensor", "fsdp")
    assert layer.attention_norm.scale == P(None, None)


def test_layers_one_by_one_are_placed_as_stacked_ones():
    stacked = specs(shapes())
    single = specs(eqx.filter_eval_shape(lambda: unstacked(decoder(CONFIG, key=KEY))))
    for layer in single.layers:
        for one, many in zip(jax.tree.leaves(layer), jax.tree.leaves(stacked.layers), strict=True):
            assert (None, *one) == tuple(many)


def test_an_encoder_of_arrays():
    config = EncoderConfig(64, width=32, hidden=48, num_layers=2, num_heads=4, max_length=10)
    found = specs(encoder(config, key=KEY))
    assert isinstance(found, Encoder)
    assert found.positions.weight == P(None, "fsdp")  # four devices cannot share out 10 positions
    assert found.layers.feed_forward.up.bias == P(None, "tensor")
    assert found.layers.feed_forward.down.bias == P(None, None)  # added once, to the sum
    assert found.layers.attention_norm.shift == P(None, None)


def test_axes_that_a_mesh_lacks_are_skipped():
    found = specs(shapes(), AbstractMesh((4,), ("tensor",)))
    assert found.layers.attention.query.weight == P(None, None, "tensor")
    assert specs(shapes(), AbstractMesh((4,), ("fsdp",))).tokens.weight == P(None, "fsdp")
    data = jax.tree.leaves(shardings(shapes(), AbstractMesh((4,), ("data",))))
    assert len(data) > 10 and all(place.is_fully_replicated for place in data)
    assert specs(shapes(), gathered=True).head.weight == P(None, "tensor")


def test_what_an_axis_does_not_divide_is_whole():
    found = specs(shapes(DecoderConfig(30, width=32, hidden=50, num_layers=2, num_heads=4)))
    assert found.tokens.weight == P(None, "fsdp")
    assert found.layers.feed_forward.up.weight == P(None, "fsdp", None)
    assert found.layers.feed_forward.down.weight == P(None, None, "fsdp")


def test_a_batch_goes_over_data_and_fsdp():
    assert batch_sharding(MESH).spec == P(("data", "fsdp"))
    assert batch_sharding(AbstractMesh((2, 4), ("data", "tensor"))).spec == P(("data",))
    assert batch_sharding(AbstractMesh((4,), ("tensor",))).spec == P(None)
    assert batch_sharding(MESH).shard_shape((8, 5)) == (2, 5)


def test_arrays_of_no_known_part_are_whole():
    assert shardings((jnp.ones((8, 8)),), MESH)[0].is_fully_replicated


def on_devices(count, code):
    """Runs a program on simulated devices, in a process of its own, and reads what it prints last."""
    flags = f"--xla_force_host_platform_device_count={count}"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


TRAIN = """
import json, jax
from gnothi.learning.next_token import train_next_token
from gnothi.nn.transformer import DecoderConfig, decoder
config = DecoderConfig(64, width=32, hidden=64, num_layers=2, num_heads=8, num_kv_heads=4, tied=TIED)
net = decoder(config, key=jax.random.key(0))
tokens = jax.random.randint(jax.random.key(1), (16, 12), 0, 64)
lengths = jax.random.randint(jax.random.key(2), (16,), 2, 13)
found = {}
for axes in ((), ("fsdp", "tensor"), ("data", "tensor")):
    mesh = jax.make_mesh((2, 4), axes) if axes else None
    trained, losses = train_next_token(
        net, tokens, lengths, steps=40, key=jax.random.key(3), batch_size=8, decay=0.1, remat=True, mesh=mesh
    )
    weights = trained.tokens.weight, trained.layers.feed_forward.down.weight, trained.layers.attention.query.weight
    found["-".join(axes)] = {
        "losses": losses.tolist(),
        "shards": [w.addressable_shards[0].data.shape for w in weights],
        "devices": len(weights[0].sharding.device_set),
    }
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.parametrize("tied", [True, False])
def test_eight_devices_train_as_one_does(tied):
    found = on_devices(8, TRAIN.replace("TIED", str(tied)))
    one = found[""]
    assert one["devices"] == 1 and one["losses"][-1] < 0.95 * one["losses"][0]
    shards = {
        "": [[64, 32], [2, 64, 32], [2, 32, 32]],
        "fsdp-tensor": [[16, 16], [2, 16, 16], [2, 16, 8]],
        "data-tensor": [[16, 32], [2, 16, 32], [2, 32, 8]],
    }
    for name, run in found.items():
        assert run["shards"] == shards[name]
        assert run["devices"] == (8 if name else 1)
        # Sums in another order, in float32; Adam divides by small numbers, which lets them grow.
        assert run["losses"] == pytest.approx(one["losses"], rel=1e-4)


COMPILE = """
import json, jax
from gnothi.learning.next_token import compile_step
from gnothi.nn.transformer import DecoderConfig
sizes = dict(vocabulary_size=1024, width=256, hidden=1024, num_heads=16, num_kv_heads=8, tied=False)
found = []
for layers, shape in ((4, (8, 8)), (12, (8, 8)), (4, (64, 1))):
    mesh = jax.make_mesh(shape, ("fsdp", "tensor"))
    found.append(compile_step(DecoderConfig(**sizes, num_layers=layers), mesh, 64, 256))
print(json.dumps(found))
"""


@pytest.mark.slow
def test_a_step_is_compiled_for_64_devices_without_weights():
    few, many, _ = found = on_devices(64, COMPILE)
    layer = 256 * 256 * 3 + 3 * 256 * 1024  # weights of a layer: 16 heads, half as many of keys and of values
    for (parameters, optimiser, _, batch), layers in zip(found, (4, 12, 4), strict=True):
        split = 4 * (layers * layer + 2 * 1024 * 256) // 64
        norms = 4 * 256 * (2 * layers + 1)  # on each device
        assert parameters == split + norms
        assert optimiser == 2 * parameters + 4
        assert batch in (64 // 8 * (256 + 1) * 4, 256 * 4 + 4)
    # What a layer leaves for the gradient is its input, of 8 sequences and an eighth of the positions, in two bytes
    # (four where a CPU computes in float32); and its weights rounded, gathered for none but the layer that is due.
    kept = 8 * (256 // 8) * 256 * 4 + 3 * 4 * layer // 64
    assert (many[2] - few[2]) / 8 < 1.5 * kept
