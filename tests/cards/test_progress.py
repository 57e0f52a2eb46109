"""How far a run is, where there is no terminal to draw a bar in."""

from io import StringIO

from rich.console import Console

from gnothi.cards import progress_bars


def test_a_line_a_tenth(capsys):
    with progress_bars(Console(file=StringIO())) as show:
        for done in range(0, 1001):
            show("answers", done, 1000)
        show("grades", 3, 3)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [*(f"answers: {done}/1000" for done in range(0, 1001, 100)), "grades: 3/3"]
