"""The film of a bandit: what each frame holds, and that the page plays by itself."""

import numpy as np

from gnothi.cards.film import film_frames, film_rows, film_strip, write_film

POSITIONS, MEANS = np.array([1.0, -1.0, 0.0]), np.array([0.9, 0.1, 0.5])
DRAWS = np.arange(5 * 2 * 3, dtype=float).reshape(5, 2, 3) / 30
TAKEN = np.array([0, 0, 1, 2, 0])
ROWS = film_rows(POSITIONS, MEANS, DRAWS, TAKEN, [0, 3])


def test_frames_begin_with_none_and_end_with_all_but_one():
    frames = film_frames(300, 20)
    assert frames[0] == 0 and frames[-1] == 299 and len(frames) <= 20
    assert frames == sorted(set(frames)) and film_frames(1, 5) == [0]


def test_a_frame_holds_every_sample_in_the_order_of_the_line():
    of_step = [row for row in ROWS["draws"] if row["frame"] == 3 and row["sample"] == 1]
    assert [row["x"] for row in of_step] == [-1, 0, 1]
    np.testing.assert_allclose([row["value"] for row in of_step], DRAWS[3, 1, [1, 2, 0]], atol=1e-4)
    assert [row["value"] for row in ROWS["truth"]] == [0.1, 0.5, 0.9]


def test_a_frame_counts_what_was_taken_before_it():
    assert [row for row in ROWS["taken"] if row["frame"] == 0] == []
    assert {(row["x"], row["times"]) for row in ROWS["taken"]} == {(1, 2), (-1, 1)}


def test_the_page_plays_and_the_strip_has_a_panel_a_frame(tmp_path):
    write_film(ROWS, tmp_path / "film.html")
    page = (tmp_path / "film.html").read_text()
    assert '"timer"' in page and "(now + 1) % 2" in page and "http" not in page.split("<script")[0]
    assert len(film_strip(ROWS, [0, 3]).hconcat) == 2
