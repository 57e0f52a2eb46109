"""Weights of files: names as Hugging Face has them, and the networks that they make.

BERT and its like become an `Encoder`; Llama, SmolLM2, Mistral, Qwen 2 and 3 a `Decoder`. A GGUF file (llama.cpp) is
read through the `gguf` package: its numbers are unpacked to float32, its names translated, and the rows of queries and
keys put back into Hugging Face's order.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gnothi.nn.transformer import (
    Attention,
    Decoder,
    DecoderLayer,
    Embedding,
    Encoder,
    EncoderLayer,
    FeedForward,
    GatedFeedForward,
    LayerNorm,
    Linear,
    RMSNorm,
)

Tensors = Mapping[str, np.ndarray]
ENCODERS = ("bert",)
DECODERS = ("llama", "mistral", "qwen2", "qwen3", "smollm")  # their `model_type`


def read_safetensors(folder: Path) -> dict[str, np.ndarray]:
    """All tensors of a folder's `.safetensors` files, in float32.

    **Raises:** `FileNotFoundError` if there is no such file; `ValueError` if one cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    paths = [folder] if folder.is_file() else sorted(folder.glob("*.safetensors"))
    if not paths:
        raise FileNotFoundError(f"{folder} has no .safetensors file")
    tensors: dict[str, np.ndarray] = {}
    for path in paths:
        try:
            with safe_open(path, "flax") as file:  # which has bfloat16, as NumPy has not
                for name in file.keys():  # noqa: SIM118 (it is no mapping)
                    tensors[name] = np.asarray(file.get_tensor(name).astype(jnp.float32))
        except SafetensorError as error:
            raise ValueError(f"{path} cannot be read as safetensors: {error}") from error
    return tensors


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json` of a folder.

    **Raises:** `FileNotFoundError` if there is none; `ValueError` if it is no JSON object.
    """
    path = folder / "config.json"
    if not path.exists():
        raise FileNotFoundError(f"{folder} has no config.json: is it a folder of a model as Hugging Face has them?")
    try:
        found = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} must hold an object, got a {type(found).__name__}")
    return found


def make_encoder(config: Mapping[str, Any], tensors: Tensors) -> Encoder:
    """BERT of a configuration and tensors, whatever prefix their names have.

    **Raises:** `ValueError` if a tensor is missing, or the activation or the positions are none that we have.
    """
    for field, wanted in (("hidden_act", "gelu"), ("position_embedding_type", "absolute")):
        if config.get(field, wanted) != wanted:
            raise ValueError(f"only encoders with {field} = {wanted!r} are read, got {config[field]!r}")
    take = _taker(tensors, "embeddings.word_embeddings.weight")
    epsilon, heads = float(config["layer_norm_eps"]), int(config["num_attention_heads"])

    def norm(name: str) -> LayerNorm:
        return LayerNorm(take(f"{name}.weight"), take(f"{name}.bias"), epsilon)

    def linear(name: str, split: Any = "outputs") -> Linear:
        return Linear(take(f"{name}.weight").T, take(f"{name}.bias"), split)

    def layer(number: int) -> EncoderLayer:
        name = f"encoder.layer.{number}"
        attention = Attention(
            query=linear(f"{name}.attention.self.query"),
            key=linear(f"{name}.attention.self.key"),
            value=linear(f"{name}.attention.self.value"),
            output=linear(f"{name}.attention.output.dense", "inputs"),
            query_norm=None,
            key_norm=None,
            num_heads=heads,
            num_kv_heads=heads,
        )
        feed_forward = FeedForward(linear(f"{name}.intermediate.dense"), linear(f"{name}.output.dense", "inputs"))
        return EncoderLayer(
            attention, norm(f"{name}.attention.output.LayerNorm"), feed_forward, norm(f"{name}.output.LayerNorm")
        )

    words, positions, types = (
        Embedding(take(f"embeddings.{part}.weight"))
        for part in ("word_embeddings", "position_embeddings", "token_type_embeddings")
    )
    layers = _stack([layer(number) for number in range(int(config["num_hidden_layers"]))])
    return Encoder(words, positions, types, norm("embeddings.LayerNorm"), layers)


def make_decoder(config: Mapping[str, Any], tensors: Tensors) -> Decoder:
    """Llama, or one of its like, of a configuration and tensors.

    **Raises:** `ValueError` if a tensor is missing, or positions are scaled in a way that we do not have.
    """
    rotary = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if (rotary.get("rope_type") or rotary.get("type") or "default") != "default":
        raise ValueError(f"only plain rotary positions are read, got {dict(rotary)}")
    if config.get("hidden_act", "silu") != "silu":
        raise ValueError(f"only decoders with hidden_act = 'silu' are read, got {config['hidden_act']!r}")
    take = _taker(tensors, "embed_tokens.weight")
    epsilon, heads = float(config["rms_norm_eps"]), int(config["num_attention_heads"])
    kv_heads = int(config.get("num_key_value_heads") or heads)

    def norm(name: str) -> RMSNorm | None:
        return RMSNorm(take(f"{name}.weight"), epsilon) if take.has(f"{name}.weight") else None

    def needed(name: str) -> RMSNorm:
        return RMSNorm(take(f"{name}.weight"), epsilon)

    def linear(name: str, split: Any = "outputs") -> Linear:
        return Linear(take(f"{name}.weight").T, take(f"{name}.bias") if take.has(f"{name}.bias") else None, split)

    def layer(number: int) -> DecoderLayer:
        name = f"layers.{number}"
        attention = Attention(
            query=linear(f"{name}.self_attn.q_proj"),
            key=linear(f"{name}.self_attn.k_proj"),
            value=linear(f"{name}.self_attn.v_proj"),
            output=linear(f"{name}.self_attn.o_proj", "inputs"),
            query_norm=norm(f"{name}.self_attn.q_norm"),
            key_norm=norm(f"{name}.self_attn.k_norm"),
            num_heads=heads,
            num_kv_heads=kv_heads,
        )
        gate, up = (linear(f"{name}.mlp.{part}_proj") for part in ("gate", "up"))
        return DecoderLayer(
            needed(f"{name}.input_layernorm"),
            attention,
            needed(f"{name}.post_attention_layernorm"),
            GatedFeedForward(gate, up, linear(f"{name}.mlp.down_proj", "inputs")),
        )

    head = None
    if not config.get("tie_word_embeddings", "lm_head.weight" not in tensors):
        head = Linear(_taker(tensors, "lm_head.weight")("lm_head.weight").T, None)
    layers = _stack([layer(number) for number in range(int(config["num_hidden_layers"]))])
    window = config.get("sliding_window") if config.get("use_sliding_window", True) else None
    base = float(rotary.get("rope_theta") or config.get("rope_theta") or 10_000.0)
    return Decoder(Embedding(take("embed_tokens.weight")), layers, needed("norm"), head, base, window)


class _Taker:
    """Takes tensors by the names that follow a common prefix."""

    def __init__(self, tensors: Tensors, prefix: str):
        self.tensors, self.prefix = tensors, prefix

    def __call__(self, name: str) -> jax.Array:
        try:
            return jnp.asarray(self.tensors[self.prefix + name])
        except KeyError:
            raise ValueError(f"the weights have no tensor {self.prefix + name!r}") from None

    def has(self, name: str) -> bool:
        return self.prefix + name in self.tensors


def _taker(tensors: Tensors, first: str) -> _Taker:
    found = [name.removesuffix(first) for name in tensors if name.endswith(first)]
    if not found:
        raise ValueError(f"the weights have no tensor {first!r}: is this a model of the family that config.json says?")
    return _Taker(tensors, min(found, key=len))


def _stack(layers: list[Any]) -> Any:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *layers)
