"""Talk with a model that the log does not hold: what is asked and said where a prompt is harmful."""

from collections.abc import Iterator
from contextlib import contextmanager

from inspect_ai.log import Transcript, transcript
from inspect_ai.log._transcript import init_transcript


@contextmanager
def unrecorded(hidden: bool, note: str) -> Iterator[None]:
    """Within it, what Inspect records of calls to models is thrown away if `hidden`; the `note` stands in its place.

    How many tokens were used is counted all the same.
    """
    if not hidden:
        yield
        return
    kept = transcript()
    init_transcript(Transcript(log_model_api=False))
    try:
        yield
    finally:
        init_transcript(kept)
        kept.info(note)
