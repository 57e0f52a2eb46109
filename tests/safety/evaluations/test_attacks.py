"""Attacks are all different, and ask for what they are for."""

from gnothi.safety.evaluations.attacks import FOR_PASSWORD, FOR_PHRASE, FOR_TUTOR, PHRASES, SYLLABLES


def test_there_are_sixteen_of_each():
    for attacks in (FOR_PHRASE, FOR_PASSWORD, FOR_TUTOR):
        assert len(set(attacks)) == 16
    assert sum("{phrase}" in attack for attack in FOR_PHRASE) == 15
    assert sum("{problem}" in attack for attack in FOR_TUTOR) >= 12
    assert not any("{" in attack for attack in FOR_PASSWORD)


def test_no_part_of_a_password_is_in_an_attack():
    assert not any(part in attack.lower() for part in SYLLABLES for attack in FOR_PASSWORD)
    assert len(set(PHRASES)) == 5
