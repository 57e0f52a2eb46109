"""GGUF, the file of llama.cpp: weights, configuration, tokenizer and chat template in one.

Read through the `gguf` package. Numbers are unpacked to float32. In files of Llama the rows of queries and keys are in
another order, so that neighbours turn together: they are put back (Hugging Face's order has halves turn together).
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ARCHITECTURES = {"llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}  # to `model_type`
REORDERED = ("llama",)
NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
OUTER = {"token_embd": "embed_tokens", "output_norm": "norm"}


class Gguf(NamedTuple):
    """What a file holds: `config` and `tensors` as of a folder of Hugging Face; `about`, all its own fields."""

    config: dict[str, Any]
    tensors: dict[str, np.ndarray]
    about: dict[str, Any]


def read_gguf(path: Path) -> Gguf:
    """Reads a file whole.

    **Raises:** `ImportError` with what to install if there is no `gguf`; `ValueError` if the file cannot be read, or
    is of an architecture that we do not have.
    """
    try:
        import gguf
    except ImportError as error:
        raise ImportError("GGUF files need the package gguf: pip install 'gnothi[language]'") from error
    try:
        reader = gguf.GGUFReader(path)
        about = {name: field.contents() for name, field in reader.fields.items()}
    except (ValueError, IndexError, KeyError) as error:
        raise ValueError(f"{path} cannot be read as GGUF: {error}") from error
    kind = about.get("general.architecture")
    if kind not in ARCHITECTURES:
        raise ValueError(f"{path} is of architecture {kind!r}: only {', '.join(ARCHITECTURES)} are read")
    config = _config(kind, about)
    tensors = {}
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)
        name = _name(tensor.name)
        if kind in REORDERED and name.endswith(("q_proj.weight", "k_proj.weight", "q_proj.bias", "k_proj.bias")):
            heads = config["num_key_value_heads" if "k_proj" in name else "num_attention_heads"]
            values = halves(values, heads)
        tensors[name] = values
    config["tie_word_embeddings"] = "lm_head.weight" not in tensors
    return Gguf(config, tensors, about)


def halves(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rows of queries or keys, from the order in which neighbours turn together to that in which halves do.

    >>> halves(np.arange(8), 2).tolist()  # two heads of four rows
    [0, 2, 1, 3, 4, 6, 5, 7]
    """
    pairs = rows.reshape(heads, -1, 2, *rows.shape[1:])
    return np.swapaxes(pairs, 1, 2).reshape(rows.shape)


def _name(name: str) -> str:
    stem, _, kind = name.rpartition(".")
    if stem == "output":
        return f"lm_head.{kind}"
    if stem in OUTER:
        return f"model.{OUTER[stem]}.{kind}"
    parts = stem.split(".")
    if len(parts) == 3 and parts[0] == "blk" and parts[2] in NAMES:
        return f"model.layers.{parts[1]}.{NAMES[parts[2]]}.{kind}"
    return name  # nothing that these architectures read


def _config(kind: str, about: dict[str, Any]) -> dict[str, Any]:
    def field(name: str, default: Any = None) -> Any:
        value = about.get(f"{kind}.{name}", default)
        if value is None:
            raise ValueError(f"the GGUF file has no field {kind}.{name}")
        return value

    heads = field("attention.head_count")
    return {
        "model_type": ARCHITECTURES[kind],
        "hidden_size": field("embedding_length"),
        "intermediate_size": field("feed_forward_length"),
        "num_hidden_layers": field("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": field("attention.head_count_kv", heads),
        "rms_norm_eps": field("attention.layer_norm_rms_epsilon"),
        "rope_theta": field("rope.freq_base", 10_000.0),
        "max_position_embeddings": field("context_length"),
    }
