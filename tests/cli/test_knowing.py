"""`gnothi safety knowing`, as somebody meets it who wonders whether a model knows what it does not know."""

import pytest

from gnothi.cards.card_file import read_card
from gnothi.cli.card import Regrade
from gnothi.cli.knowing import Knowing


@pytest.mark.slow
def test_it_prints_the_table_and_writes_a_card(tmp_path, capsys):
    Knowing(out=tmp_path / "card", people=10, members=2, steps=20).run()
    said = capsys.readouterr().out
    assert "Training: 2/2" in said and "told often" in said and "held back" in said
    assert str(tmp_path / "card" / "card.html") in said
    card = read_card(tmp_path / "card")
    assert card["subject"]["name"] == "knowing-model" and card["subject"]["about"]["members"] == 2
    assert [one["name"] for one in card["evaluations"]] == ["known_coverage", "known_coverage_held_back"]
    with pytest.raises(ValueError, match=r"trained for it: `.*` makes it anew"):
        Regrade(tmp_path / "card").run()


def test_numbers_out_of_range_are_named(tmp_path):
    with pytest.raises(ValueError, match="num_people must be 5 or more"):
        Knowing(out=tmp_path, people=2).run()
