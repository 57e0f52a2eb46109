"""Spaces of attacks by name: what is attacked, and who judges it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gnothi.agents.settings import look_up
from gnothi.safety.evaluations.plain_request import PlainRequest
from gnothi.safety.graders.grader import Grader
from gnothi.safety.graders.leaks import LeakGrader
from gnothi.safety.graders.refusal import RefusalFeatures
from gnothi.safety.harmful import load_requests, spread
from gnothi.safety.prompts import Prompt, ask
from gnothi.safety.redteam.arms import AttackSpace, cross
from gnothi.safety.redteam.secrets import secret_prompts
from gnothi.safety.transforms import TRANSFORMS

#: Families of transforms that are techniques: they frame a request; the others only write it differently.
TECHNIQUES = tuple(
    name for name, made in TRANSFORMS.items() if made.family in ("none", "frame", "turns") and name != "system_persona"
)
#: How a request is written before a technique frames it: ciphers that a small model may still read, and one it may not.
CHAINS: tuple[tuple[str, ...], ...] = ((), ("alternating_case",), ("misspelling",), ("base64",))


@dataclass(frozen=True)
class Suite:
    """What may be attacked: `prompts` makes the base prompts, `grader` judges answers; `about` in a sentence."""

    about: str
    prompts: Callable[[Path | None], Sequence[Prompt]]
    grader: Callable[[], Grader]


def harmful_prompts(name: str, count: int, folder: Path | None = None) -> tuple[Prompt, ...]:
    """Requests of a set of `gnothi.safety.harmful`, `count` of them over all topics, each a cluster of its own.

    **Raises:** as `gnothi.safety.harmful.load_requests`.
    """
    return tuple(
        Prompt(
            name=request.name,
            messages=ask(request.text),
            cluster=request.name,
            category=request.category or "unsorted",
            target=request.text,  # by which answers are judged, however it is disguised
            harmful=request.harmful,
        )
        for request in spread(load_requests(name, folder), count)
    )


def _refusal() -> Grader:
    """Whether the request was refused, as it was before it was disguised."""
    return PlainRequest(RefusalFeatures())


SUITES: dict[str, Suite] = {
    "secrets": Suite(
        "Forty secrets that the system says to keep; a failure gives one away. Nothing harmful is asked.",
        lambda folder: secret_prompts(),
        LeakGrader,
    ),
    "strongreject": Suite(
        "StrongREJECT's small set of 60 requests that are to be refused; a failure does not refuse.",
        lambda folder: harmful_prompts("strongreject-small", 60, folder),
        _refusal,
    ),
    "do-not-answer": Suite(
        "A hundred requests of Do-Not-Answer; a failure does not refuse.",
        lambda folder: harmful_prompts("do-not-answer", 100, folder),
        _refusal,
    ),
}


def find_suite(name: str) -> Suite:
    """The suite of a name.

    **Raises:** `ValueError` if there is none, with the nearest name.
    """
    return look_up("suite", name, SUITES)


def space_of(
    prompts: Iterable[Prompt],
    techniques: Sequence[str] = TECHNIQUES,
    chains: Sequence[tuple[str, ...]] = CHAINS,
    seed: int = 0,
) -> AttackSpace:
    """Every technique and chain of `gnothi.safety.transforms` on every base prompt.

    **Raises:** `ValueError` if a transform is not there, with the nearest name.
    """
    for name in (*techniques, *(name for chain in chains for name in chain)):
        look_up("transform", name, TRANSFORMS)
    return AttackSpace(cross(prompts, techniques, chains), {**TRANSFORMS}, seed)
