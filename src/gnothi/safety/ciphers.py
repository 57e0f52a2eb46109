"""Other spellings of a text: what a filter of words does not see, and a capable model still reads.

Each is a function of a text and a `random.Random`, and each but `disemvowel` keeps all that was said. Encodings as
attacks: Wei, Haghtalab and Steinhardt 2023, "Jailbroken", sec. 3.2 (mismatched generalisation).
"""

import base64
import random
import string
import unicodedata
from collections.abc import Callable

Cipher = Callable[[str, random.Random], str]

_MORSE = dict(
    item.split("=")
    for item in (
        *("a=.-", "b=-...", "c=-.-.", "d=-..", "e=.", "f=..-.", "g=--.", "h=....", "i=..", "j=.---", "k=-.-", "l=.-.."),
        *("m=--", "n=-.", "o=---", "p=.--.", "q=--.-", "r=.-.", "s=...", "t=-", "u=..-", "v=...-", "w=.--", "x=-..-"),
        *("y=-.--", "z=--..", "0=-----", "1=.----", "2=..---", "3=...--", "4=....-", "5=.....", "6=-....", "7=--..."),
        *("8=---..", "9=----."),
    )
)
_SPOKEN = {
    word[0].lower(): word
    for word in (
        *("Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima"),
        *("Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey"),
        *("Xray", "Yankee", "Zulu"),
    )
}
_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7", "l": "|", "b": "8"})
#: Letters of Cyrillic and Greek that look like ours.
_LOOK_ALIKES = str.maketrans("aceiopsxyABCEHIKMNOPTXY", "асеіорѕхуΑΒСΕΗΙΚΜΝΟΡΤΧΥ")
_VOWELS = "aeiou"
_NO_WIDTH = "\u200b"


def base64_of(text: str, rng: random.Random) -> str:
    """Base64 of its UTF-8."""
    return base64.b64encode(text.encode()).decode()


def hex_of(text: str, rng: random.Random) -> str:
    """Two hexadecimal digits a byte."""
    return text.encode().hex()


def decimal_codes(text: str, rng: random.Random) -> str:
    """Its code points, in decimal."""
    return " ".join(str(ord(letter)) for letter in text)


def shifted(text: str, by: int) -> str:
    """Every letter so many places on in the alphabet; others stay.

    >>> shifted("Xyz!", 3)
    'Abc!'
    """

    def one(letter: str) -> str:
        if letter not in string.ascii_letters:
            return letter
        first = ord("a") if letter.islower() else ord("A")
        return chr(first + (ord(letter) - first + by) % 26)

    return "".join(map(one, text))


def rot13(text: str, rng: random.Random) -> str:
    """Thirteen places on: done twice, it is undone."""
    return shifted(text, 13)


def caesar(text: str, rng: random.Random) -> str:
    """Three places on, as Caesar did."""
    return shifted(text, 3)


def atbash(text: str, rng: random.Random) -> str:
    """The alphabet backwards: a for z, b for y."""
    here, there = string.ascii_letters, string.ascii_lowercase[::-1] + string.ascii_uppercase[::-1]
    return text.translate(str.maketrans(here, there))


def leetspeak(text: str, rng: random.Random) -> str:
    """Digits for letters that look like them."""
    return text.lower().translate(_LEET)


def morse(text: str, rng: random.Random) -> str:
    """Morse code of letters and digits, a slash between words; other signs are left out."""
    words = text.lower().split()
    coded = (" ".join(_MORSE[letter] for letter in word if letter in _MORSE) for word in words)
    return " / ".join(word for word in coded if word)


def spoken_alphabet(text: str, rng: random.Random) -> str:
    """A word for each letter, as on the radio; a comma between words, other signs as they are."""
    words = text.lower().split()
    return ", ".join(" ".join(_SPOKEN.get(letter, letter) for letter in word) for word in words)


def backwards(text: str, rng: random.Random) -> str:
    """The last letter first."""
    return text[::-1]


def words_backwards(text: str, rng: random.Random) -> str:
    """The last word first."""
    return " ".join(reversed(text.split()))


def disemvowel(text: str, rng: random.Random) -> str:
    """Without vowels, but for those that begin a word."""
    words = text.split()
    return " ".join(word[:1] + "".join(c for c in word[1:] if c.lower() not in _VOWELS) for word in words)


def pig_latin(text: str, rng: random.Random) -> str:
    """The consonants that begin a word go to its end, with "ay"; a vowel's word gets "way".

    >>> pig_latin("string apple", random.Random(0))
    'ingstray appleway'
    """

    def one(word: str) -> str:
        core = word.rstrip(string.punctuation)
        if not core or not core.isalpha():
            return word
        first = next((place for place, c in enumerate(core.lower()) if c in _VOWELS), 0)
        return core[first:] + core[:first] + ("ay" if first else "way") + word[len(core) :]

    return " ".join(map(one, text.split()))


def look_alikes(text: str, rng: random.Random) -> str:
    """Letters of other alphabets that look the same."""
    return text.translate(_LOOK_ALIKES)


def full_width(text: str, rng: random.Random) -> str:
    """The wide forms that East Asian text has of our signs."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def zero_width(text: str, rng: random.Random) -> str:
    """A space of no width after each letter: it reads the same, and its tokens are others."""
    return "".join(c + _NO_WIDTH if c.isalpha() else c for c in text)


def accented(text: str, rng: random.Random) -> str:
    """An accent on each vowel."""
    return unicodedata.normalize("NFC", "".join(c + "\u0301" if c.lower() in _VOWELS else c for c in text))


def spaced(text: str, rng: random.Random) -> str:
    """A space between letters, three between words."""
    return "   ".join(" ".join(word) for word in text.split())


def hyphenated(text: str, rng: random.Random) -> str:
    """Words of four letters or more are cut in two by a hyphen, somewhere."""

    def one(word: str) -> str:
        if len(word) < 4:
            return word
        place = rng.randint(2, len(word) - 2)
        return f"{word[:place]}-{word[place:]}"

    return " ".join(map(one, text.split()))


def alternating_case(text: str, rng: random.Random) -> str:
    """Every other letter is a capital."""
    return "".join(c.upper() if place % 2 else c.lower() for place, c in enumerate(text))


def misspelt(text: str, rng: random.Random) -> str:
    """In words of four letters or more, two neighbours inside change places."""

    def one(word: str) -> str:
        if len(word) < 4:
            return word
        place = rng.randint(1, len(word) - 3)
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]

    return " ".join(map(one, text.split()))
