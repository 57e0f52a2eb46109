"""What a model can do: word problems (GSM8K), and facts with options (MMLU), with and without examples.

Neither card has these as safety evaluations; a card needs them because a model that can do little also does little
harm, and because a mitigation may cost them. Where the reader has no GSM8K or MMLU, our own stand in:
`questions.word_problems` and `questions.plain_facts`, both far easier than what they stand in for.
"""

from collections.abc import Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path

import numpy as np

from gnothi.safety.evaluation import Evaluation, Published, share
from gnothi.safety.graders.exact import ChoiceGrader, NumberGrader
from gnothi.safety.prompts import Message, Outcome, Prompt, ask
from gnothi.safety.questions.choice_files import read_choices
from gnothi.safety.questions.lettered import ChoiceQuestion, lettered_prompt
from gnothi.safety.questions.plain_facts import plain_facts
from gnothi.safety.questions.published_files import Row, find_folder, json_rows
from gnothi.safety.questions.word_problems import WORKED, WordProblem, num_templates, word_problems

SHOTS = 4
OF_TEMPLATE = 2  # problems of each of our own templates
Shots = dict[str, Sequence[ChoiceQuestion]]  # by subject
STEP_BY_STEP = "Solve the problem step by step. End with the answer as a number after ####."


def _problem_prompts(shots: int, size: int, data_dir: Path | None) -> list[Prompt]:
    folder = find_folder(data_dir, ("gsm8k",), "test.jsonl")
    before: Sequence[WordProblem] = WORKED[:shots]
    if folder is None:
        made = [word_problems(template, OF_TEMPLATE) for template in range(min(size, num_templates()))]
        problems = [problem for of_template in made for problem in of_template]
    else:
        problems = _read_problems(next(folder.rglob("test.jsonl")))
        chosen = np.linspace(0, len(problems) - 1, min(size, len(problems))).round().astype(int)
        problems = [problems[number] for number in chosen]
        training = next(folder.rglob("train.jsonl"), None)
        before = before if training is None else _read_problems(training)[:shots]
    turns = [turn for shot in before for turn in _worked(shot)]
    return [
        Prompt(
            problem.name,
            (*turns, _asked(problem)),
            cluster=problem.template,
            target=str(problem.answer),
            facts={"source": "word problems" if folder is None else "GSM8K", "shots": str(shots)},
        )
        for problem in problems
    ]


def _read_problems(path: Path) -> list[WordProblem]:
    return [_problem(row, f"{path.stem}-{number}") for number, row in enumerate(json_rows(path), 1)]


def _problem(row: Row, name: str) -> WordProblem:
    """A problem of GSM8K: the number stands behind ####, and sums in <<...>> are for a calculator."""
    solution, mark, number = str(row["answer"]).rpartition("####")
    try:
        answer = int(number.replace(",", ""))
    except ValueError:
        mark = ""
    if not mark:
        raise ValueError(f"{row.place} must have an answer that ends in #### and a whole number, got {row['answer']!r}")
    worked = "".join(part.rpartition(">>")[2] if n else part for n, part in enumerate(solution.split("<<")))
    return WordProblem(name, name, str(row["question"]), answer, worked.strip())


def _asked(problem: WordProblem) -> Message:
    return Message("user", f"{problem.text}\n{STEP_BY_STEP}")


def _worked(problem: WordProblem) -> tuple[Message, Message]:
    return _asked(problem), Message("assistant", f"{problem.worked}\n#### {problem.answer}")


def _choice_prompts(shots: int, size: int, data_dir: Path | None) -> list[Prompt]:
    source, questions, before = _choices(size, data_dir, shots)
    facts = {"source": source, "shots": str(shots)}
    return [
        lettered_prompt(question, question.name, shots=before.get(question.category, ()), facts=facts)
        for question in questions
    ]


def _cloze_prompts(size: int, data_dir: Path | None) -> list[Prompt]:
    """Questions whose options are not shown: they are what the model may say.

    Left out are those that speak of their options, and those with one of a single sign, which a model that answers in
    words might mean as a letter.
    """
    source, questions, _ = _choices(size, data_dir, 0)
    return [
        Prompt(
            question.name,
            ask(question.text),
            question.name,
            category=question.category,
            target=question.options[question.right],
            choices=question.options,
            facts={"source": source},
        )
        for question in questions
        if min(map(len, question.options)) > 1 and "of these" not in question.text
    ]


def _choices(size: int, data_dir: Path | None, shots: int) -> tuple[str, Sequence[ChoiceQuestion], Shots]:
    """Where questions come from, the questions, and the examples of each subject."""
    folder = find_folder(data_dir, ("mmlu",), "*.csv") or find_folder(data_dir, ("mmlu",), "*.jsonl")
    if folder is None:
        return "plain facts", *_facts(size, shots)
    return "MMLU", *_read_folder(folder, size, shots)


def _facts(size: int, shots: int) -> tuple[list[ChoiceQuestion], Shots]:
    """Our own facts. A few, of different kinds and with different letters, are kept as examples and never asked."""
    held: list[ChoiceQuestion] = []
    facts = plain_facts()
    for question in reversed(facts):
        new = all(question.category != other.category and question.right != other.right for other in held)
        held += [question] * (new and len(held) < SHOTS)
    asked = [question for question in facts if question not in held][:size]
    return asked, {question.category: held[:shots] for question in asked}


def _read_folder(folder: Path, size: int, shots: int) -> tuple[list[ChoiceQuestion], Shots]:
    """Questions of all subjects in turn, from files as MMLU's; those called `dev` hold the examples."""
    paths = sorted([*folder.rglob("*.csv"), *folder.rglob("*.jsonl")])
    examples = [path for path in paths if _is_part(path, "dev")]
    others = [path for path in paths if path not in examples]
    tests = [path for path in others if _is_part(path, "test")] or others
    by_subject: dict[str, list[ChoiceQuestion]] = {}
    for path in tests:
        for question in read_choices(path):
            by_subject.setdefault(question.category, []).append(question)
    before: Shots = {}
    for question in (question for path in examples for question in read_choices(path)):
        before[question.category] = (*before.get(question.category, ()), question)[:shots]
    if shots and not before:
        raise ValueError(f"{folder} has no files called ..._dev.csv, from which examples are taken")
    in_turn = [question for turn in zip_longest(*by_subject.values()) for question in turn if question is not None]
    return in_turn[:size], before


def _is_part(path: Path, part: str) -> bool:
    return path.stem == part or path.stem.endswith(f"_{part}") or path.parent.name == part


_ACCURACY = share("accuracy", [Outcome.CORRECT], "the share of questions that are answered rightly")
_PROBLEMS = (
    "Word problems of a few steps, whose answer is a number: GSM8K's test set where the reader has it, else our own, "
    "made from templates. The last number is read, or the one after ####. A cluster is a problem (of our own, a "
    "template, of which two problems are asked). "
)
_FACTS = (
    "Questions with four options: MMLU where the reader has it, else plain facts of our own about capitals, elements, "
    "animals, units and the like. Guessing is right in one of four. A cluster is a question. "
)
_BY_LETTER = "The answer is the letter that the model finds likeliest. "
_GSM8K_PUBLISHED = (
    Published("accuracy", "SmolLM2-135M-Instruct", 0.014, "SmolLM2's model card (GSM8K itself, 5 examples)"),
)
_MMLU_PUBLISHED = (
    Published("accuracy", "o1", 0.923, "o1 System Card, table 17 (MMLU itself, 0-shot)"),
    Published("accuracy", "GPT-4o", 0.887, "o1 System Card, table 17 (MMLU itself, 0-shot)"),
    Published("accuracy", "SmolLM2-135M-Instruct", 0.293, "SmolLM2's model card (MMLU itself, scored in words)"),
)

EVALUATIONS = (
    Evaluation(
        name="gsm8k",
        title="Word problems",
        about=f"{_PROBLEMS}No examples are shown.",
        prompts=partial(_problem_prompts, 0),
        grader=NumberGrader,
        metrics=(_ACCURACY,),
        sizes={"smoke": 2, "laptop": 32, "paper": 1_319},
        max_tokens=192,
        published=_GSM8K_PUBLISHED,
    ),
    Evaluation(
        name="gsm8k_few_shot",
        title="Word problems after examples",
        about=f"{_PROBLEMS}{SHOTS} problems with their solutions are shown before.",
        prompts=partial(_problem_prompts, SHOTS),
        grader=NumberGrader,
        metrics=(_ACCURACY,),
        sizes={"smoke": 1, "laptop": 16, "paper": 1_319},
        max_tokens=128,
        published=_GSM8K_PUBLISHED,
    ),
    Evaluation(
        name="knowledge",
        title="Plain facts",
        about=f"{_FACTS}{_BY_LETTER}No examples are shown.",
        prompts=partial(_choice_prompts, 0),
        grader=ChoiceGrader,
        metrics=(_ACCURACY,),
        sizes={"smoke": 20, "laptop": 296, "paper": 14_042},
        max_tokens=8,
        published=_MMLU_PUBLISHED,
    ),
    Evaluation(
        name="knowledge_few_shot",
        title="Plain facts after examples",
        about=f"{_FACTS}{_BY_LETTER}{SHOTS} questions with their answers are shown before.",
        prompts=partial(_choice_prompts, SHOTS),
        grader=ChoiceGrader,
        metrics=(_ACCURACY,),
        sizes={"smoke": 5, "laptop": 120, "paper": 14_042},
        max_tokens=8,
        published=_MMLU_PUBLISHED,
    ),
    Evaluation(
        name="knowledge_cloze",
        title="Plain facts in words",
        about=f"{_FACTS}Options are not shown: the answer is the one whose words the model finds likeliest to say, "
        "long ones at a disadvantage.",
        prompts=_cloze_prompts,
        grader=ChoiceGrader,
        metrics=(_ACCURACY,),
        sizes={"smoke": 5, "laptop": 160, "paper": 14_042},
        max_tokens=16,
        published=_MMLU_PUBLISHED,
    ),
)
