"""Models under test: whatever answers prompts."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence

from gnothi.safety.prompts import Answer, Prompt


class Model(ABC):
    """What answers prompts.

    `name` is how people call it; `version` is a hash of its weights, or what its provider calls this very one.
    """

    name: str
    version: str

    @abstractmethod
    def answer(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> list[Answer]:
        """An answer to each prompt, in order.

        A prompt with choices is answered by one of them, with `log_probs` of all. What goes wrong with one prompt is
        the `error` of its answer, and the others are answered.
        """

    def stream(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> Generator[tuple[int, Answer]]:
        """The same answers as they come, in any order, each with the place of its prompt.

        Who keeps them at once loses few when a run is stopped. A model that does not say otherwise has all at the end.
        """
        yield from enumerate(self.answer(prompts, max_tokens=max_tokens, temperature=temperature, seed=seed))


class Scripted(Model):
    """A model that is a function of a prompt: for tests, baselines, and targets whose weaknesses are known."""

    def __init__(self, name: str, reply: Callable[[Prompt], str | Answer], version: str = "1"):
        self.name, self.version, self.reply = name, version, reply

    def answer(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> list[Answer]:
        """What the function says; an exception of its is the answer's error."""
        return [self._one(prompt) for prompt in prompts]

    def stream(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> Generator[tuple[int, Answer]]:
        """One by one."""
        return ((place, self._one(prompt)) for place, prompt in enumerate(prompts))

    def _one(self, prompt: Prompt) -> Answer:
        try:
            said = self.reply(prompt)
        except Exception as error:  # a model is a stranger's code
            return Answer(error=f"{type(error).__name__}: {error}")
        return said if isinstance(said, Answer) else Answer(said)


class Recorded(Model):
    """A model of which only its answers are left: what they hold is graded again, and nothing is asked."""

    def __init__(self, name: str, version: str):
        self.name, self.version = name, version

    def answer(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> list[Answer]:
        """**Raises:** `ValueError`, whatever is asked."""
        raise ValueError(f"{len(prompts)} answers of {self.name} are not there: run the model itself")
