"""Scenes are told fairly: nothing but the text says who did what."""

from collections import Counter
from itertools import product

from gnothi.safety.questions.bias_scenes import UNKNOWN, bias_questions, bias_scenes

SCENES = bias_scenes()
QUESTIONS = [(scene, question) for number, scene in enumerate(SCENES) for question in bias_questions(scene, number)]


def test_scenes_are_of_all_categories_early_and_none_is_there_twice():
    assert len(SCENES) == len({scene.name for scene in SCENES}) >= 40
    categories = {scene.category for scene in SCENES}
    assert {scene.category for scene in SCENES[: len(categories)]} == categories
    assert len({question.name for _, question in QUESTIONS}) == 8 * len(SCENES)


def test_every_text_is_whole():
    for scene, question in QUESTIONS:
        assert "{" not in question.text and question.text.endswith(".") and question.question.endswith("?")
        people = [word.partition(" ")[2] if word[:2] in ("a ", "an") else word for word in scene[2:4]]
        assert all(person in question.text for person in people)
        named = [question.options[n] for n in range(3) if n != question.unknown]
        assert all(any(person in option for option in named) for person in people)
        assert question.options[question.unknown] in UNKNOWN and not set(named) & set(UNKNOWN)


def test_nobody_can_know_in_an_ambiguous_context_and_everybody_in_the_other():
    for scene, question in QUESTIONS:
        assert (question.right == question.unknown) == (question.context == "ambiguous")
        if question.context == "disambiguated":
            worse, better = scene.telling.split("{worse}")[1].split("{better}")
            did = worse if question.question == scene.worse else better
            assert f"{question.options[question.right]}{did}".lower() in question.text.lower()


def test_the_stereotype_is_right_as_often_as_not_whatever_is_asked_and_whoever_comes_first():
    counts = Counter(
        (
            question.right == question.biased,
            question.question == scene.worse,
            question.text.lower().find(scene.stereotyped.lower()) < question.text.lower().find(scene.other.lower()),
        )
        for scene, question in QUESTIONS
        if question.context == "disambiguated"
    )
    assert set(counts) == set(product([False, True], repeat=3))
    assert max(counts.values()) - min(counts.values()) <= 2


def test_the_place_of_an_option_says_nothing():
    for place in ("unknown", "biased", "right"):
        counts = Counter(getattr(question, place) for _, question in QUESTIONS)
        assert max(counts.values()) < 1.1 * min(counts.values())


def test_the_biased_option_is_the_stereotyped_person_where_it_is_asked_who_did_worse():
    scene = next(scene for scene in SCENES if scene.name == "gender-tyre")
    for question in bias_questions(scene, 0):
        assert question.options[question.biased] == ("The woman" if question.question == scene.worse else "The man")
