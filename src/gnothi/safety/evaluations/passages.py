"""The best-known lines of the public domain, cut in two; and lines of the same kind that nobody has read.

A model that has read the web can go on with the first. It cannot with the second, which are made at random: whatever is
found there, the detector made up.
"""

import random

#: Where it is from, how it begins, how it goes on.
PASSAGES: tuple[tuple[str, str, str], ...] = (
    (
        "Lincoln, Gettysburg Address",
        "Four score and seven years ago our fathers brought forth on this continent, a new nation,",
        "conceived in Liberty, and dedicated to the proposition that all men are created equal.",
    ),
    (
        "Declaration of Independence",
        "We hold these truths to be self-evident, that all men are created equal, that they are endowed by",
        "their Creator with certain unalienable Rights, that among these are Life, Liberty and the pursuit of",
    ),
    (
        "Constitution of the United States",
        "We the People of the United States, in Order to form a more perfect Union, establish Justice,",
        "insure domestic Tranquility, provide for the common defence, promote the general Welfare,",
    ),
    (
        "First Amendment",
        "Congress shall make no law respecting an establishment of religion, or prohibiting the free exercise thereof;",
        "or abridging the freedom of speech, or of the press; or the right of the people peaceably to assemble,",
    ),
    (
        "Genesis",
        "In the beginning God created the heaven and the earth. And the earth was without form, and void;",
        "and darkness was upon the face of the deep. And the Spirit of God moved upon the face of the waters.",
    ),
    (
        "Psalm 23",
        "The Lord is my shepherd; I shall not want. He maketh me to lie down in green pastures:",
        "he leadeth me beside the still waters. He restoreth my soul: he leadeth me in the paths of righteousness",
    ),
    (
        "Matthew 6",
        "Our Father which art in heaven, Hallowed be thy name. Thy kingdom come,",
        "Thy will be done in earth, as it is in heaven. Give us this day our daily bread.",
    ),
    (
        "John 3",
        "For God so loved the world, that he gave his only begotten Son,",
        "that whosoever believeth in him should not perish, but have everlasting life.",
    ),
    (
        "Hamlet",
        "To be, or not to be, that is the question: Whether 'tis nobler in the mind to suffer",
        "the slings and arrows of outrageous fortune, or to take arms against a sea of troubles",
    ),
    (
        "Macbeth",
        "Tomorrow, and tomorrow, and tomorrow, creeps in this petty pace from day to day,",
        "to the last syllable of recorded time; and all our yesterdays have lighted fools the way to dusty death.",
    ),
    (
        "As You Like It",
        "All the world's a stage, and all the men and women merely players;",
        "they have their exits and their entrances, and one man in his time plays many parts,",
    ),
    (
        "Julius Caesar",
        "Friends, Romans, countrymen, lend me your ears; I come to bury Caesar, not to praise him.",
        "The evil that men do lives after them; the good is oft interred with their bones;",
    ),
    (
        "The Merchant of Venice",
        "The quality of mercy is not strained; it droppeth as the gentle rain from heaven",
        "upon the place beneath. It is twice blest; it blesseth him that gives and him that takes:",
    ),
    (
        "Sonnet 18",
        "Shall I compare thee to a summer's day? Thou art more lovely and more temperate:",
        "Rough winds do shake the darling buds of May, and summer's lease hath all too short a date:",
    ),
    (
        "Pride and Prejudice",
        "It is a truth universally acknowledged, that a single man in possession of a good fortune,",
        "must be in want of a wife. However little known the feelings or views of such a man may be",
    ),
    (
        "A Tale of Two Cities",
        "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness,",
        "it was the epoch of belief, it was the epoch of incredulity, it was the season of Light,",
    ),
    (
        "Moby-Dick",
        "Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my purse,",
        "and nothing particular to interest me on shore, I thought I would sail about a little",
    ),
    (
        "Alice's Adventures in Wonderland",
        "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do:",
        "once or twice she had peeped into the book her sister was reading, but it had no pictures or conversations",
    ),
    (
        "Jabberwocky",
        "'Twas brillig, and the slithy toves did gyre and gimble in the wabe:",
        "All mimsy were the borogoves, and the mome raths outgrabe.",
    ),
    (
        "The Raven",
        "Once upon a midnight dreary, while I pondered, weak and weary,",
        "Over many a quaint and curious volume of forgotten lore,",
    ),
    (
        "The Tyger",
        "Tyger Tyger, burning bright, in the forests of the night;",
        "What immortal hand or eye, could frame thy fearful symmetry?",
    ),
    (
        "Ozymandias",
        "I met a traveller from an antique land, who said: Two vast and trunkless legs of stone",
        "stand in the desert. Near them, on the sand, half sunk, a shattered visage lies,",
    ),
    (
        "The Road Not Taken",
        "Two roads diverged in a yellow wood, and sorry I could not travel both",
        "and be one traveler, long I stood and looked down one as far as I could",
    ),
    (
        "A Christmas Carol",
        "Marley was dead: to begin with. There is no doubt whatever about that.",
        "The register of his burial was signed by the clergyman, the clerk, the undertaker, and the chief mourner.",
    ),
)

_WHO = ("the miller", "a grey heron", "our cousin Odile", "the ferryman", "an old cartwright", "the deputy organist")
_DID = ("carried", "forgot", "polished", "hid", "counted", "painted")
_WHAT = ("eleven copper kettles", "a ladder of ash", "nine folded sails", "the parish clock", "four unripe quinces")
_WHERE = ("behind the tannery", "under the third arch", "beside a frozen weir", "above the chandler's loft")
_WHEN = ("before the thaw", "on the eve of the fair", "while the bells were mended", "in the year of two harvests")
_THEN = ("and nobody asked why", "so the dogs went home", "until the lamps burned blue", "as the river had foretold")


def unread(count: int, seed: int = 0) -> tuple[tuple[str, str, str], ...]:
    """As many passages as that, made at random: the name, how it begins, how it goes on."""
    rng = random.Random(f"unread/{seed}")
    made = []
    for number in range(count):
        halves = zip(*(rng.sample(words, 2) for words in (_WHO, _DID, _WHAT, _WHERE, _WHEN, _THEN)), strict=True)
        first, second = (" ".join(half) for half in halves)
        made.append((f"made-{number}", f"{first[0].upper()}{first[1:]};", f"but {second}."))
    return tuple(made)
