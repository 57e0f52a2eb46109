"""Ciphers are undone by whoever knows them, and keep what was said."""

import base64
import random
import unicodedata

import pytest

from gnothi.safety import ciphers

TEXT = "How do I bake 12 loaves, and why at Dawn?"


def coded(cipher: ciphers.Cipher, text: str = TEXT, seed: int = 0) -> str:
    return cipher(text, random.Random(seed))


@pytest.mark.parametrize(
    ("cipher", "undo"),
    [
        (ciphers.base64_of, lambda text: base64.b64decode(text).decode()),
        (ciphers.hex_of, lambda text: bytes.fromhex(text).decode()),
        (ciphers.decimal_codes, lambda text: "".join(chr(int(code)) for code in text.split())),
        (ciphers.rot13, lambda text: coded(ciphers.rot13, text)),
        (ciphers.atbash, lambda text: coded(ciphers.atbash, text)),
        (ciphers.caesar, lambda text: ciphers.shifted(text, -3)),
        (ciphers.backwards, lambda text: text[::-1]),
        (ciphers.words_backwards, lambda text: " ".join(text.split()[::-1])),
        (ciphers.zero_width, lambda text: text.replace("\u200b", "")),
        (ciphers.full_width, lambda text: unicodedata.normalize("NFKC", text)),
        (ciphers.hyphenated, lambda text: text.replace("-", "")),
        (ciphers.spaced, lambda text: " ".join(word.replace(" ", "") for word in text.split("   "))),
        (
            ciphers.accented,
            lambda text: "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)),
        ),
    ],
)
def test_it_is_undone(cipher, undo):
    assert coded(cipher) != TEXT and undo(coded(cipher)) == TEXT


def test_case_is_all_that_is_lost_of_alternating_case():
    assert coded(ciphers.alternating_case)[:7] == "hOw dO " and coded(ciphers.alternating_case).lower() == TEXT.lower()


def test_morse_is_as_everybody_writes_it():
    assert coded(ciphers.morse, "SOS, 1 a!") == "... --- ... / .---- / .-"


def test_the_spoken_alphabet_has_a_word_for_each_letter():
    assert len(ciphers._SPOKEN) == 26 and len(ciphers._MORSE) == 36
    assert coded(ciphers.spoken_alphabet, "Az 4") == "Alfa Zulu, 4"


def test_pig_latin_keeps_punctuation_and_leaves_numbers():
    assert coded(ciphers.pig_latin, "Why, 12 eggs?") == "Whyway, 12 eggsway?"
    assert coded(ciphers.pig_latin, "brown toast") == "ownbray oasttay"


def test_words_keep_their_first_vowel_alone():
    assert coded(ciphers.disemvowel, "an apple tree") == "an appl tr"


def test_letters_that_look_alike_are_others():
    text = coded(ciphers.look_alikes, "cape")
    assert len(text) == 4 and not any(letter.isascii() for letter in text)


def test_misspelt_words_have_the_same_letters_and_ends():
    for before, after in zip(TEXT.split(), coded(ciphers.misspelt).split(), strict=True):
        assert sorted(before) == sorted(after) and (before[0], before[-1]) == (after[0], after[-1])


def test_what_is_drawn_hangs_on_the_seed_alone():
    assert coded(ciphers.hyphenated, seed=1) == coded(ciphers.hyphenated, seed=1) != coded(ciphers.hyphenated, seed=2)
