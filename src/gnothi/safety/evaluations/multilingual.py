"""Accuracy by language: the same questions in each, and how much is lost against English.

The o1 System Card (table 17) asks MMLU, translated by people into 14 languages, which is not packaged: our own are
plain questions in eight languages (`questions.parallel_questions`). Where the reader has MMLU's translations, or files
like them, these are asked: a file a language, English among them, with the same questions in the same order.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gnothi.metrics.intervals import Estimate
from gnothi.metrics.rates import Units, difference, rate
from gnothi.safety.evaluation import Ends, Evaluation, Fitted, Metric, Published, share, stretched, units_of
from gnothi.safety.graders.exact import ChoiceGrader
from gnothi.safety.prompts import Graded, Outcome, Prompt
from gnothi.safety.questions.choice_files import read_choices
from gnothi.safety.questions.lettered import INSTRUCTION, ChoiceQuestion, lettered_prompt
from gnothi.safety.questions.parallel_questions import LANGUAGES, instruction, parallel_questions
from gnothi.safety.questions.published_files import find_folder

ENGLISH = "English"
FOLDERS = ("mmmlu", "multilingual")
GAP: Ends = (-1.0, 1.0)


def _prompts(size: int, data_dir: Path | None) -> list[Prompt]:
    folder = find_folder(data_dir, FOLDERS, "*.csv") or find_folder(data_dir, FOLDERS, "*.jsonl")
    if folder is not None:
        return _from_files(folder, size)
    return [
        _prompt(ChoiceQuestion(question.name, question.kind, *question.written(language), question.right, language))
        for question in parallel_questions()[:size]
        for language in LANGUAGES
    ]


def _from_files(folder: Path, size: int) -> list[Prompt]:
    """`size` questions of each language, from all over its files: those of one number are one question, translated."""
    languages: dict[str, list[ChoiceQuestion]] = {}
    for path in sorted([*folder.rglob("*.csv"), *folder.rglob("*.jsonl")]):
        for question in read_choices(path):
            languages.setdefault(question.language, []).append(question)
    if ENGLISH not in languages:
        raise ValueError(f"{folder} has {', '.join(languages)} but no English: add a file like mmlu_EN-US.csv")
    counts = {language: len(questions) for language, questions in languages.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"{folder} must have the same questions in every language, in the same order; it has {counts}")
    chosen = np.linspace(0, counts[ENGLISH] - 1, min(size, counts[ENGLISH])).round().astype(int)
    return [
        _prompt(questions[number]._replace(name=f"question-{number + 1}"))
        for number in chosen
        for questions in languages.values()
    ]


def _prompt(question: ChoiceQuestion) -> Prompt:
    """A question whose cluster is what it is called in all languages."""
    return lettered_prompt(
        question._replace(name=f"{question.name}-{question.language}", category=question.language),
        question.name,
        instruction=instruction(question.language) if question.language in LANGUAGES else INSTRUCTION,
        facts={"language": question.language, "kind": question.category},
    )


def language_gaps(rows: Sequence[Graded]) -> dict[str, Estimate]:
    """How much more accurate answers in each language are than those in English, on the same questions.

    **Raises:** `ValueError` if there are no answers in English.
    """
    languages = dict.fromkeys(row.prompt.facts["language"] for row in rows)
    if ENGLISH not in languages:
        raise ValueError(f"there are no answers in English to compare with, but in {', '.join(languages)}")
    units = {language: _of_questions(rows, language) for language in languages}
    return {language: difference(found, units[ENGLISH]) for language, found in units.items() if language != ENGLISH}


def lost_in_translation(rows: Sequence[Graded]) -> list[Fitted]:
    """How much more accurate answers are in other languages than in English, and in each; nothing without English."""
    english = _of_questions(rows, ENGLISH)
    right = dict(zip(english.names, english.values, strict=True))
    both = [row for row in rows if row.prompt.facts["language"] != ENGLISH and _question(row) in right]
    if not both:
        return []
    gaps = [float(row.grade.outcome is Outcome.CORRECT) - right[_question(row)] for row in both]
    units = units_of(both, (1 + np.array(gaps, float)) / 2)
    about = (
        "accuracy in other languages less that in English, on the same questions; 0 is no gap, and below 0 something "
        "is lost by asking in another language"
    )
    estimate = stretched(rate(units), GAP)
    return [Fitted("language_gap", estimate, "", about, GAP, language_gaps(rows), units=units)]


def _question(row: Graded) -> str:
    return f"{row.prompt.cluster}#{row.sample}"


def _of_questions(rows: Sequence[Graded], language: str) -> Units:
    """Units of one language, named by question."""
    some = [row for row in rows if row.prompt.facts["language"] == language]
    names = tuple(map(_question, some))
    clusters = tuple(row.prompt.cluster for row in some)
    values = np.array([row.grade.outcome is Outcome.CORRECT for row in some], float)
    return Units(names, values, np.ones(len(some)), clusters, clusters)


def _accuracy(language: str) -> Metric:
    def of(row: Graded) -> bool:
        return row.prompt.facts["language"] == language

    about = f"the share of questions in {language} that are answered rightly"
    return share(f"accuracy_{language.lower()}", [Outcome.CORRECT], about, of=of)


_METRICS = (
    share(
        "accuracy_translated",
        [Outcome.CORRECT],
        "the share of questions in other languages than English that are answered rightly",
        of=lambda row: row.prompt.facts["language"] != ENGLISH,
    ),
    *map(_accuracy, LANGUAGES),
)

_MODELS = ("o1", "o1-preview", "GPT-4o", "o1-mini", "GPT-4o-mini")
_TABLE_17 = {
    "English": (0.9230, 0.9080, 0.8870, 0.8520, 0.8200),
    "French": (0.8932, 0.8861, 0.8437, 0.8212, 0.7659),
    "German": (0.8904, 0.8573, 0.8292, 0.8122, 0.7431),
    "Spanish": (0.8992, 0.8893, 0.8493, 0.8303, 0.7737),
    "Italian": (0.8970, 0.8872, 0.8435, 0.8222, 0.7640),
    "Portuguese": (0.8952, 0.8859, 0.8427, 0.8243, 0.7677),
    "Indonesian": (0.8861, 0.8821, 0.8344, 0.8174, 0.7452),
    "Chinese": (0.8892, 0.8800, 0.8335, 0.8180, 0.7305),
}

EVALUATIONS = (
    Evaluation(
        name="multilingual",
        title="Plain questions in eight languages",
        about="Arithmetic, order, days, colours, opposites, capitals and the like, the same questions with the same "
        "options in English, French, German, Spanish, Italian, Portuguese, Indonesian and Chinese (MMLU's "
        "translations, where the reader has them). The answer is the letter that the model finds likeliest; guessing "
        "is right in one of four. A cluster is a question in all its languages.",
        prompts=_prompts,
        grader=ChoiceGrader,
        metrics=_METRICS,
        sizes={"smoke": 2, "laptop": 52, "paper": 14_042},
        max_tokens=8,
        fitted=lost_in_translation,
        published=tuple(
            Published(f"accuracy_{language.lower()}", model, value, "o1 System Card, table 17 (MMLU, 0-shot)")
            for language, values in _TABLE_17.items()
            for model, value in zip(_MODELS, values, strict=True)
        ),
    ),
)
