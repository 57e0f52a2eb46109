"""A second real language model, of another quality: the packaged one without some of its middle layers.

Neighbouring layers of a transformer do nearly the same, so that without a few it still writes, and worse (Gromov et al.
2024, "The Unreasonable Ineffectiveness of the Deeper Layers"). It is saved as Hugging Face lays models out, and read as
anybody's own model is.
"""

import json
import re
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from gnothi.language.gguf_file import read_gguf
from gnothi.language.packaged import PACKAGED
from gnothi.language.tokens import tokenizer_of_gguf

LAYER = re.compile(r"(.*layers\.)(\d+)(\..*)")


def save_thinned(folder: Path, left_out: range) -> Path:
    """Writes SmolLM2-135M without the layers `left_out` into a folder, in 16 bits."""
    config, tensors, about = read_gguf(PACKAGED["smollm2-135m"].find())
    kept = [number for number in range(config["num_hidden_layers"]) if number not in left_out]
    place = {number: new for new, number in enumerate(kept)}
    thinned: dict[str, np.ndarray] = {}
    for name, tensor in tensors.items():
        found = LAYER.fullmatch(name)
        if found is None:
            thinned[name] = tensor.astype(np.float16)
        elif int(found[2]) in place:
            thinned[f"{found[1]}{place[int(found[2])]}{found[3]}"] = tensor.astype(np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(thinned, folder / "model.safetensors")
    ends = int(about["tokenizer.ggml.eos_token_id"])
    told = {**config, "num_hidden_layers": len(kept), "eos_token_id": ends, "tie_word_embeddings": True}
    (folder / "config.json").write_text(json.dumps(told))
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": about["tokenizer.chat_template"]}))
    tokenizer_of_gguf(about).inner.save(str(folder / "tokenizer.json"))
    return folder
