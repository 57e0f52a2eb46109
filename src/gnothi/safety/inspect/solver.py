"""What a task of ours does with a sample: it asks the model."""

from inspect_ai.model import GenerateConfig, ModelOutput, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from gnothi.safety.inspect.asking import ask_model, version_of, words_of
from gnothi.safety.inspect.rows import covered, plain_answer, prompt_of
from gnothi.safety.inspect.unrecorded import unrecorded
from gnothi.safety.prompts import Answer

STORED = "gnothi_answer"  # where a sample's answer stands in its store
VERSION = "gnothi_version"  # and of which version of the model it is


@solver(name="asks")
def asks(show: bool = False, seed: int | None = None) -> Solver:
    """Asks the model what the sample's prompt asks, and keeps the answer in the sample's store.

    A provider's failure is kept there too, and then raised: the sample counts as not answered, and is asked again by
    `inspect eval-retry`. Of a harmful prompt, and of what is answered, the log holds nothing that can be read, unless
    `show`. Where a `seed` is given, each epoch has one of its own.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        prompt = prompt_of(state.metadata["prompt"], state.messages)
        hidden = prompt.harmful and not show
        config = GenerateConfig() if seed is None else GenerateConfig(seed=seed + state.epoch - 1)
        model = get_model()
        try:
            with unrecorded(hidden, covered(prompt)):
                answer, output = await ask_model(model, prompt, config)
        except Exception as error:
            words = words_of(error)
            state.store.set(STORED, plain_answer(Answer(error=words), sealed=hidden))
            if hidden:  # what a provider says of a prompt may quote it
                kind = words.partition(":")[0]
                raise RuntimeError(f"the model did not answer {covered(prompt)}: {kind}") from None
            raise
        state.store.set(STORED, plain_answer(answer, sealed=hidden))
        state.store.set(VERSION, version_of(output))
        if hidden:
            stop, usage = output.stop_reason if output.choices else "unknown", output.usage
            output = ModelOutput.from_content(output.model, covered(prompt, answer.text), stop)
            output.usage = usage
        state.output = output
        if output.choices:
            state.messages.append(output.message)
        return state

    return solve
