"""A tokenizer to test with."""

import pytest

from gnothi.language import Tokenizer

tokenizers = pytest.importorskip("tokenizers")
LETTERS = "abcdefghijklmnopqrstuvwxyz ,."


def letters() -> Tokenizer:
    """A token a letter, from 3, between the marks 1 and 2; 0 is what is none of them."""
    words = {word: number for number, word in enumerate(["?", "<", ">", *LETTERS])}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="?"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    inner.post_processor = tokenizers.processors.BertProcessing((">", 2), ("<", 1))
    return Tokenizer(inner)
