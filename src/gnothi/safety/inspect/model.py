"""Any model of Inspect's providers as a model under test, or as a judge."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.model import Model as InspectsModel

from gnothi.safety.inspect.asking import TRIES, ask_model, words_of
from gnothi.safety.models import Model
from gnothi.safety.prompts import Answer, Prompt

Result = TypeVar("Result")
Tell = Callable[[int, Answer], None]  # what to call with the place of a prompt, and the answer to it

AT_ONCE = 10  # questions that are under way together


class InspectModel(Model):
    """A model of one of Inspect's providers: `InspectModel("openai/gpt-4o")`.

    Within a run of Inspect's its calls are part of that run; without one they are made here, and nothing is logged.
    `version` is the name, which may come to mean another model; `served_as` is what the provider calls those that
    answered so far.

    **Arguments:** `name`, as after `--model` of `inspect eval`, or a model of Inspect's; `at_once`, how many questions
    are under way together; `arguments`, what `inspect_ai.model.get_model` takes (`base_url`, `api_key`, ...).
    """

    def __init__(self, name: str | InspectsModel, *, at_once: int = AT_ONCE, **arguments: Any):
        self.name = self.version = str(name)
        self.asked, self.at_once, self.arguments = name, at_once, arguments
        self.served_as: set[str] = set()

    def answer(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> list[Answer]:
        """An answer to each prompt; what a provider says when it fails is the answer's error."""
        answers = [Answer(error="it was not asked")] * len(prompts)
        config = self._config(max_tokens, temperature, seed)
        wait_for(partial(self._answer, list(prompts), config, in_worker(), answers.__setitem__))
        return answers

    def stream(
        self, prompts: Sequence[Prompt], *, max_tokens: int = 64, temperature: float = 0.0, seed: int = 0
    ) -> Generator[tuple[int, Answer]]:
        """The same as they come; who listens no more ends the calls that are under way."""
        if in_worker():
            yield from super().stream(prompts, max_tokens=max_tokens, temperature=temperature, seed=seed)
        else:
            config = self._config(max_tokens, temperature, seed)
            yield from told_by(lambda tell: self._answer(list(prompts), config, False, tell))

    def _config(self, max_tokens: int, temperature: float, seed: int) -> GenerateConfig:
        return GenerateConfig(
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed if temperature else None,
            max_connections=self.at_once,
            max_retries=TRIES - 1,
        )

    async def _answer(self, prompts: list[Prompt], config: GenerateConfig, shared: bool, tell: Tell) -> None:
        # A client belongs to the loop in which it first spoke. One that runs on keeps it; a loop of our own does not.
        model = get_model(self.asked, memoize=shared, **self.arguments)

        async def one(place: int) -> None:
            try:
                answer, output = await ask_model(model, prompts[place], config)
                self.served_as.add(output.model)
            except Exception as error:  # whatever a provider raises
                answer = Answer(error=words_of(error))
            tell(place, answer)

        ours = not shared and isinstance(self.asked, str)
        async with model if ours else nullcontext(), anyio.create_task_group() as tasks:
            for place in range(len(prompts)):
                tasks.start_soon(one, place)


def in_worker() -> bool:
    """Whether this is a worker thread of a loop that runs."""
    try:
        anyio.from_thread.check_cancelled()
    except RuntimeError:
        return False
    return True


def wait_for(call: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Waits for what is to be awaited, wherever this is called: in a worker thread of a loop, within one, or without.

    **Raises:** what the call raises.
    """
    if in_worker():
        return anyio.from_thread.run(call)
    with ThreadPoolExecutor(1) as thread:  # a thread of its own has no loop that runs already
        return thread.submit(anyio.run, call).result()


def told_by(call: Callable[[Tell], Coroutine[Any, Any, None]]) -> Generator[tuple[int, Answer]]:
    """What a call tells while it goes on in a loop and a thread of its own; it is cancelled if nobody listens any more.

    **Raises:** what the call raises.
    """
    told: SimpleQueue[tuple[int, Answer] | None] = SimpleQueue()
    stop: list[Callable[[], object]] = []

    async def going() -> None:
        with anyio.CancelScope() as scope:
            stop.append(partial(asyncio.get_running_loop().call_soon_threadsafe, scope.cancel))
            await call(lambda place, answer: told.put((place, answer)))

    def go() -> None:
        try:
            anyio.run(going)
        finally:
            told.put(None)

    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(go)
        try:
            while (one := told.get()) is not None:
                yield one
            future.result()
        finally:
            if stop and not future.done():
                with suppress(RuntimeError):  # the loop may just have ended
                    stop[0]()
