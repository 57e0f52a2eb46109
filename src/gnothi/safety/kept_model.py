"""A model whose answers stay: what it was asked once, it is not asked again."""

from collections.abc import Callable, Sequence
from pathlib import Path

from gnothi.safety.answers import AnswerFile, ask_and_keep
from gnothi.safety.models import Model
from gnothi.safety.prompts import Answer, Prompt

AT_ONCE = 32  # prompts that the model is shown together: it may answer them all at the end


class KeptModel(Model):
    """A model with a file of its answers: a judge that is stopped after an hour goes on from there.

    What it failed to answer is asked again. Answers to harmful prompts are sealed in the file.

    **Arguments:** `model`; `path`, of the file; `progress`, to be told what is done and how much there is.
    """

    def __init__(self, model: Model, path: Path, progress: Callable[[str, int, int], None] | None = None):
        self.model, self.path, self.progress = model, path, progress
        self.name, self.version = model.name, model.version

    def answer(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> list[Answer]:
        """An answer to each prompt.

        **Raises:** `ValueError` if the file is of another model, or of answers of another length.
        """
        about = {
            "model": self.name,
            "version": self.version,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": seed,
        }
        file = AnswerFile(self.path, about)
        wanted = {prompt.sha256: prompt for prompt in prompts}
        left = [prompt for key, prompt in wanted.items() if file.answers.get((key, 0), Answer(error="new")).error]
        left.sort(key=lambda prompt: len(prompt.text))  # those of like length are read together
        done = len(wanted) - len(left)

        def tell(kept: int) -> None:
            if self.progress is not None:
                self.progress(f"answers of {self.name}", done + kept, len(wanted))

        ask_and_keep(
            *(self.model, file, [(prompt, 0) for prompt in left], tell),
            at_once=AT_ONCE,
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed,
        )
        return [file.answers[prompt.sha256, 0] for prompt in prompts]
