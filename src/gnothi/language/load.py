"""`load`: real weights by name, from a folder or a file, or from a hub."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from gnothi.language.encode import TextEncoder
from gnothi.language.generate import LanguageModel
from gnothi.language.gguf_file import read_gguf
from gnothi.language.packaged import PACKAGED
from gnothi.language.tokens import read_tokenizer, tokenizer_of_gguf
from gnothi.language.weights import DECODERS, ENCODERS, make_decoder, make_encoder, read_config, read_safetensors
from gnothi.nn.transformer import halved, unstacked


def load(name: str | Path, *, half: bool = False) -> TextEncoder | LanguageModel:
    """A pretrained model.

    **Arguments:** `name`: `"minilm"` (sentence vectors) or `"smollm2-135m"` (a chat model), whose weights ship in
    packages; or a folder as Hugging Face has them, or a `.gguf` file; or `owner/name` on a hub, which needs
    `gnothi[hub]`; `half`, whether weights (but embeddings) are rounded to bfloat16. It is half the memory, and 1.4 to 2
    times as fast for batches on processors with units for it (AMX; on older ones it may be slower), but numbers are as
    good as 8 bits are: MiniLM's vectors have a cosine of .99998 with the exact ones, and now and then another token is
    the likeliest.

    **Raises:** `FileNotFoundError` if there is nothing of that name, with what to install; `ValueError` if what there
    is cannot be read, or is of a family that we do not have; `ImportError` if a package is missing.
    """
    model = _load(name)
    if not half:
        return model
    network: Any = halved(model.network)
    return replace(model, network=network)


def _load(name: str | Path) -> TextEncoder | LanguageModel:
    if str(name) in PACKAGED:
        path = PACKAGED[str(name)].find()
        return _of_gguf(path) if path.suffix == ".gguf" else _of_folder(path.parent)
    path = Path(name)
    if path.is_file() and path.suffix == ".gguf":
        return _of_gguf(path)
    if path.is_dir():
        return _of_folder(path)
    if path.exists():
        raise ValueError(f"{path} is neither a folder nor a .gguf file")
    if str(name).count("/") == 1 and not str(name).startswith((".", "~", "/")):
        return _of_folder(_from_hub(str(name)))
    raise FileNotFoundError(f"there is no model {str(name)!r}: give {', '.join(PACKAGED)}, a folder, or a .gguf file")


def _of_folder(folder: Path) -> TextEncoder | LanguageModel:
    config = read_config(folder)
    kind = config.get("model_type")
    if kind in ENCODERS:
        network = make_encoder(config, read_safetensors(folder))
        positions = len(network.positions.weight)
        sentence = folder / "sentence_bert_config.json"
        most = json.loads(sentence.read_text()).get("max_seq_length") if sentence.exists() else None
        return TextEncoder(network, read_tokenizer(folder), min(most or positions, positions))
    if kind in DECODERS:
        decoder = unstacked(make_decoder(config, read_safetensors(folder)))
        settings = folder / "tokenizer_config.json"
        template = json.loads(settings.read_text()).get("chat_template") if settings.exists() else None
        most = int(config.get("max_position_embeddings", 2048))
        return LanguageModel(decoder, read_tokenizer(folder), _ends(config, folder), template, most)
    raise ValueError(f"{folder} is of model_type {kind!r}: only {', '.join((*ENCODERS, *DECODERS))} are read")


def _ends(config: dict[str, Any], folder: Path) -> tuple[int, ...]:
    path = folder / "generation_config.json"
    found = json.loads(path.read_text()).get("eos_token_id") if path.exists() else None
    found = config.get("eos_token_id") if found is None else found
    return tuple(found) if isinstance(found, list) else () if found is None else (int(found),)


def _of_gguf(path: Path) -> LanguageModel:
    config, tensors, about = read_gguf(path)
    end = about.get("tokenizer.ggml.eos_token_id")
    return LanguageModel(
        unstacked(make_decoder(config, tensors)),
        tokenizer_of_gguf(about),
        () if end is None else (int(end),),
        about.get("tokenizer.chat_template"),
        int(config["max_position_embeddings"]),
    )


def _from_hub(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ImportError(f"to fetch {name} from a hub: pip install 'gnothi[hub]'") from error
    wanted = ["*.json", "*.safetensors"]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:  # whatever a network can do
        raise FileNotFoundError(f"{name} could not be fetched ({error}): give a folder, or a .gguf file") from error
