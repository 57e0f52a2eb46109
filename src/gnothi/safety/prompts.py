"""What is asked of a model, what came back, and how that was judged: the rows that every evaluation is made of.

A **prompt** is a conversation and what a grader needs to judge what follows it. An **answer** is what a model said, or
why it said nothing. A **grade** is an outcome, and who decided it. None of the three is ever dropped: what was not
answered and what could not be graded are outcomes of their own.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float

Role = Literal["system", "developer", "user", "assistant"]


class Outcome(StrEnum):
    """What a grader may say of an answer."""

    REFUSE = "refuse"
    COMPLY = "comply"
    UNCLEAR = "unclear"  # a grader of refusals cannot tell
    CORRECT = "correct"
    WRONG = "wrong"
    ABSTAINED = "abstained"  # "I do not know"
    UNGRADED = "ungraded"  # the grader failed: it refused, or what it said cannot be read
    UNANSWERED = "unanswered"  # the model failed: it timed out, died, or said nothing


@dataclass(frozen=True)
class Sound:
    """Mono sound: `wave`, from -1 to 1, at `rate` samples a second."""

    wave: Float[np.ndarray, " time"]
    rate: int


@dataclass(frozen=True)
class Message:
    """One turn of a conversation. A `developer` stands between `system` and `user` (o1 System Card, sec. 3.5)."""

    role: Role
    content: str
    sound: Sound | None = None


@dataclass(frozen=True)
class Prompt:
    """One thing asked of a model.

    `name` is its own within the evaluation; prompts of one `cluster` (a template, a base prompt, a voice) are not
    independent; `category` is what results are split by. `target` is what a grader compares with (an answer, a
    password, the right choice); where there are `choices`, a model answers with one of them, and with how likely it
    finds each. `facts` are further words for graders and metrics (`technique`, `condition`, ...). The text of a
    `harmful` prompt is kept out of logs and reports.
    """

    name: str
    messages: tuple[Message, ...]
    cluster: str
    category: str = ""
    target: str = ""
    choices: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    harmful: bool = False

    @property
    def text(self) -> str:
        """What the user said last."""
        return next(message.content for message in reversed(self.messages) if message.role == "user")

    @cached_property
    def sha256(self) -> str:
        """Of all that a model is asked and a grader is told."""
        plain = asdict(self)
        for message in plain["messages"]:
            sound = message.pop("sound")
            if sound is not None:
                message["sound"] = hashlib.sha256(np.ascontiguousarray(sound["wave"]).tobytes()).hexdigest()
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def ask(text: str, *, system: str = "") -> tuple[Message, ...]:
    """A conversation of one question, after what the system says, if anything."""
    question = Message("user", text)
    return (Message("system", system), question) if system else (question,)


@dataclass(frozen=True)
class Answer:
    """What a model said.

    `error` says why there is no answer. `log_probs`, in nats, are of the prompt's choices; `reasoning` is what the
    model thought before it spoke, where that is shown; `signals` are other numbers that the model gives of itself
    (`epistemic`, ...). `tokens` were written in `seconds`.
    """

    text: str = ""
    error: str = ""
    log_probs: tuple[float, ...] = ()
    reasoning: str = ""
    signals: Mapping[str, float] = field(default_factory=dict)
    sound: Sound | None = None
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Grade:
    """An outcome; `by` whom, with the version; `score` from 0 to 1 where the grader gives degrees; `why`, in words."""

    outcome: Outcome
    by: str
    score: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Graded:
    """A prompt, the `sample`-th answer to it, and its grade."""

    prompt: Prompt
    answer: Answer
    grade: Grade
    sample: int = 0
