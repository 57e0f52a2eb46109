"""The attacks of a campaign, put to another model too: pairs of answers for people to compare."""

from pathlib import Path

from gnothi.safety.answers import AnswerFile
from gnothi.safety.models import Model
from gnothi.safety.prompts import Answer, Prompt
from gnothi.safety.redteam.campaign import Campaign


def answers_beside(campaign: Campaign, other: Model, path: Path) -> list[tuple[Prompt, Answer, Answer]]:
    """Attacks to which one of two models gave way, as graded: what was asked, and what each answered.

    As the o1 System Card compares models (sec. 4.2.1): conversations of which at least one answer was thought unsafe.
    These attacks were chosen against the campaign's model alone, which a fair comparison makes up for by a campaign
    against the other.

    **Arguments:** `campaign`; `other` model, which is asked the same; `path`, where its answers are kept.

    **Returns:** pairs of which both have an answer; what the other model failed to answer is asked again next time.
    """
    settings = campaign.settings
    asked = {"max_tokens": settings.max_tokens, "temperature": settings.temperature}
    file = AnswerFile(path, {"evaluation": "red teaming", "model": other.name, "version": other.version, **asked})
    places = [query.place for query in campaign.queries if query.failed is not None]
    prompts = [campaign.space.prompt(place) for place in places]
    kept = file.answers
    left = [prompt for prompt in prompts if (prompt.sha256, 0) not in kept or kept[prompt.sha256, 0].error]
    for start in range(0, len(left), settings.batch):
        some = left[start : start + settings.batch]
        said = other.answer(some, max_tokens=settings.max_tokens, temperature=settings.temperature, seed=settings.seed)
        file.add((prompt, 0, answer) for prompt, answer in zip(some, said, strict=True))
    second = [file.answers[prompt.sha256, 0] for prompt in prompts]
    graded = campaign.grader.grade(prompts, second)
    failed = {query.place for query in campaign.queries if query.failed}
    pairs = []
    for place, prompt, answer, grade in zip(places, prompts, second, graded, strict=True):
        first = campaign.answer(place)
        if first is not None and not answer.error and (place in failed or grade.outcome in settings.failing):
            pairs.append((prompt, first, answer))
    return pairs
