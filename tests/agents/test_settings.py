"""Names that change settings."""

import pytest

from gnothi.agents.settings import changed, look_up

NOW = {"size": 10, "scale": 0.3, "noisy": False, "kind": "plain", "hidden": (50,), "anything": None}


def test_values_are_of_the_type_of_what_they_change():
    assert changed("x", "size=3,noisy=True,kind=gold", NOW) == {"size": 3, "noisy": True, "kind": "gold"}
    assert changed("x", "scale=1,hidden=(5,5),anything=2", NOW) == {"scale": 1.0, "hidden": (5, 5), "anything": 2}
    assert type(changed("x", "scale=1", NOW)["scale"]) is float


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("", "x: is not like x:field=value,field=value"),
        ("3", "x:3 is not like"),
        ("size=1+1j+f()", "is not like"),
        ("colour=3", "x has no setting 'colour'. There are: size, scale, "),
        ("size=3.0", "x: size must be of type int, as 10 is, got 3.0"),
        ("noisy=1", "x: noisy must be of type bool, as False is, got 1"),
    ],
)
def test_what_is_wrong_is_said(settings, message):
    with pytest.raises(ValueError) as error:
        changed("x", settings, NOW)
    assert message in str(error.value)


def test_the_nearest_name_is_suggested():
    assert look_up("animal", "cat", {"cat": 1}) == 1
    with pytest.raises(ValueError, match=r"'cta'\. Did you mean 'cat'\? There are: cat, horse"):
        look_up("animal", "cta", {"cat": 1, "horse": 2})
