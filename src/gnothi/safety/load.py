"""`load_model`: a model under test by its name."""

import hashlib
from pathlib import Path

from gnothi.language import PACKAGED, LanguageModel, load
from gnothi.safety.models import Model
from gnothi.safety.own_model import OwnModel


def load_model(name: str) -> Model:
    """A model to put through evaluations.

    **Arguments:** `name`: what `gnothi.language.load` reads (`"smollm2-135m"`, a folder, a `.gguf` file), or
    `inspect/PROVIDER/MODEL` for any model of Inspect AI's providers (`inspect/openai/gpt-4o`), which needs
    `gnothi[inspect]`.

    **Raises:** `ValueError` if it writes no text; else as `gnothi.language.load`.
    """
    if name.startswith("inspect/"):
        from gnothi.safety.inspect import InspectModel

        return InspectModel(name.removeprefix("inspect/"))
    model = load(name)
    if not isinstance(model, LanguageModel):
        raise ValueError(f"{name} is an encoder: it makes vectors of texts and answers nothing")
    return OwnModel(Path(name).name, model, _version(name))


def _version(name: str) -> str:
    """The sha256 of a model's weights."""
    if name in PACKAGED:
        return PACKAGED[name].sha256
    path = Path(name)
    files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
    found = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            found.update(hashlib.file_digest(opened, "sha256").digest())
    return found.hexdigest() if files else f"hub:{name}"
