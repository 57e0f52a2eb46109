"""Labelling one text after another: what is asked, what a click does, and where things stand. No HTTP in here."""

from collections.abc import Mapping
from dataclasses import dataclass

from gnothi.language import Rounds
from gnothi.serve.page_server import NotAsked


@dataclass(frozen=True)
class LabelStatus:
    """Where the labelling stands.

    `row`, from 1, and `text` of what is asked, `None` and `""` if nothing is; `classes`, in the order of their buttons,
    and whether there may be `new_classes`; `labelled` of `goal` texts, and of this round `done` of `asked`; `counts` of
    each class, the most frequent first; `undoable`, whether there is a label to take back; `ended`, why nothing is
    asked; the files of labels `kept`, and of what the model `predicted`, `""` as long as there is none.
    """

    row: int | None
    text: str
    classes: list[str]
    new_classes: bool
    labelled: int
    goal: int
    done: int
    asked: int
    counts: dict[str, int]
    undoable: bool
    ended: str
    kept: str
    predicted: str


class LabelSession:
    """One person labelling: `status` says what is asked; `answer`, `skip` and `undo` change it.

    Every label is on disk before its call returns. The call that ends a round makes the model learn, and asks anew: it
    takes as long as that takes. One thread at a time.

    Questions that went out by CSV are taken over: those answered count, and if none is, they are the first round. The
    file is gone afterwards, so that a call without the page asks anew.

    **Arguments:** `rounds` of the pool.

    **Raises:** as of `Rounds.read_answers` and `Rounds.learn`.
    """

    def __init__(self, rounds: Rounds):
        self._rounds = rounds
        self._queue: list[int] = []  # rows of this round that are still to be labelled; the first is what is asked
        self._done = 0  # labels of this round
        self._skipped: set[int] = set()
        self._carried: list[int] = []  # skipped as the last of a round, so they come at the end of the next
        self._due = False  # the round has ended, and the next has not begun
        self._buttons: list[str] = []  # classes; new ones come last, so that no other changes its key
        self._predicted = False
        waiting = rounds.unanswered()
        rounds.read_answers(needed=False)
        self._next_round(waiting)
        rounds.forget_questions()

    def status(self) -> LabelStatus:
        """Where things stand; if the round has ended, the next one begins first."""
        rounds = self._rounds
        if self._due:
            self._next_round()
        classes = rounds.classes
        self._buttons = [name for name in self._buttons if name in classes]
        self._buttons += [name for name in classes if name not in self._buttons]
        row = self._queue[0] if self._queue else None
        return LabelStatus(
            row=None if row is None else row + 1,
            text="" if row is None else rounds.pool.texts[row],
            classes=list(self._buttons),
            new_classes=not rounds.settings.classes,
            labelled=len(rounds.labels),
            goal=rounds.goal,
            done=self._done,
            asked=self._done + len(self._queue),
            counts=rounds.counts,
            undoable=rounds.last is not None,
            ended=rounds.ended,
            kept=str(rounds.kept.absolute()),
            predicted=str(rounds.predicted.absolute()) if self._predicted else "",
        )

    def answer(self, row: int, label: str, *, new: bool = False) -> LabelStatus:
        """Labels the text that is asked; `new` says that the label may be a class that there was not before.

        **Raises:** `NotAsked` if that is another row; `ValueError` if there is no such class, and as of `Rounds.label`.
        Nothing has changed then.
        """
        place = self._place(row)
        label = label.strip()
        if not new and label not in (classes := self._rounds.classes):
            raise ValueError(f"there is no class {label!r}: classes are {', '.join(classes) or 'none yet'}")
        self._rounds.label(place, label)
        self._queue.remove(place)
        self._skipped.discard(place)
        self._done += 1
        self._due = not self._queue
        return self.status()

    def skip(self, row: int) -> LabelStatus:
        """Puts the text off: to the end of the round, the second time until the model has nothing else to ask.

        **Raises:** `NotAsked` if another row is asked.
        """
        place = self._place(row)
        self._queue.remove(place)
        if place not in self._skipped:
            self._skipped.add(place)
            (self._queue or self._carried).append(place)
        self._due = not self._queue
        return self.status()

    def undo(self) -> LabelStatus:
        """Takes the last label back, one of an earlier call too, and asks its text again.

        **Raises:** `ValueError` if there is no label that was given here or came back by CSV.
        """
        place = self._rounds.last
        if place is None:
            raise ValueError("there is no label to take back")
        self._rounds.unlabel(place)
        self._queue.insert(0, place)
        self._done, self._due = max(0, self._done - 1), False
        return self.status()

    def chances(self) -> Mapping[str, float]:
        """What the model, as it was when this round began, thinks of the text that is asked: each class's probability.

        Empty if nothing is asked, or the model has not seen two classes yet.
        """
        return self._rounds.chances(self._queue[0]) if self._queue else {}

    def _place(self, row: int) -> int:
        if not self._queue or row != self._queue[0] + 1:
            raise NotAsked(f"row {row} is not the one being asked")
        return row - 1

    def _next_round(self, waiting: list[int] | None = None) -> None:
        """Learns, and asks: `waiting` if there are any."""
        rounds = self._rounds
        rounds.learn()
        self._predicted = rounds.write_predicted()
        self._queue = (waiting or [])[: rounds.left]
        if not self._queue:
            self._queue = [*rounds.ask(without=self._skipped), *self._carried][: rounds.left]
        if not self._queue and rounds.left:  # nothing else is there to ask
            self._skipped.clear()
            self._queue = rounds.ask()
        self._carried, self._done, self._due = [], 0, False
