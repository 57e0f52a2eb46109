"""Tokens and chats."""

import numpy as np
import pytest

from gnothi.language.tokens import Tokenizer, chat_text, fill, tokenizer_of_gguf

tokenizers = pytest.importorskip("tokenizers")


def test_rows_are_filled_at_the_end():
    filled, lengths = fill([[5, 6, 7], [8], []], filling=9, multiple=4)
    np.testing.assert_array_equal(filled, [[5, 6, 7, 9], [8, 9, 9, 9], [9, 9, 9, 9]])
    assert lengths.tolist() == [3, 1, 0]


def bytes_of_gguf(**more):
    words = ["<s>", "</s>", *sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()), "he", "ll", "hell", "Ġhe", "12"]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": [3, 3] + [1] * (len(words) - 2),
        "tokenizer.ggml.merges": ["h e", "l l", "he ll", "Ġ he", "1 2"],
        **more,
    }


def test_text_is_merged_and_comes_back():
    tokenizer = tokenizer_of_gguf(bytes_of_gguf())
    words = bytes_of_gguf()["tokenizer.ggml.tokens"]
    assert [words[token] for token in tokenizer.encode("hello he")] == ["hell", "o", "Ġhe"]
    assert [words[token] for token in tokenizer.encode("12")] == ["1", "2"]  # digits one by one
    for text in ("naïve 東京 \n\t x", "<s>he</s>"):
        assert tokenizer.decode(tokenizer.encode(text), special=True) == text
    assert tokenizer.encode("<s>he") == [0, words.index("he")] and tokenizer.decode([0, words.index("he")]) == "he"
    together = tokenizer_of_gguf(bytes_of_gguf(**{"tokenizer.ggml.pre": "llama-bpe"}))
    assert [words[token] for token in together.encode("12")] == ["12"]


def test_other_tokenizers_are_refused():
    with pytest.raises(ValueError, match="got 'llama' cutting as 'smollm'"):
        tokenizer_of_gguf(bytes_of_gguf(**{"tokenizer.ggml.model": "llama"}))
    with pytest.raises(ValueError, match="cutting as 'dbrx'"):
        tokenizer_of_gguf(bytes_of_gguf(**{"tokenizer.ggml.pre": "dbrx"}))


def test_long_texts_keep_their_last_mark():
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[CLS]": 0, "[SEP]": 1, "a": 2, "?": 3}, unk_token="?"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    inner.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 1), ("[CLS]", 0))
    tokenizer = Tokenizer(inner)
    assert tokenizer.encode("a a a a") == [0, 2, 2, 2, 2, 1]
    assert tokenizer.encode("a a a a", most=4) == [0, 2, 2, 1]
    assert tokenizer.encode("a a a a", special=False, most=3) == [2, 2, 2]
    assert tokenizer.number("[SEP]") == 1
    with pytest.raises(ValueError, match="no token 'b'"):
        tokenizer.number("b")


TEMPLATE = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[bot]{% endif %}"
)


def test_chats_are_written_by_the_template():
    chat = [{"role": "user", "content": "Hi {{ 1 }}"}]
    assert chat_text(TEMPLATE, chat) == "[user] Hi {{ 1 }}\n[bot]"  # what people say is no template
    assert chat_text(TEMPLATE, chat, answer=False) == "[user] Hi {{ 1 }}\n"


@pytest.mark.parametrize(
    "template",
    [
        "{{ raise_exception('roles must alternate') }}",
        "{{ messages.__class__.__mro__[1].__subclasses__() }}",  # the way out of a sandbox that is none
        "{% for %}",
        "{{ messages.append(1) }}",
    ],
)
def test_templates_that_refuse_or_misbehave_are_refused(template):
    with pytest.raises(ValueError, match="the chat template refuses"):
        chat_text(template, [{"role": "user", "content": "Hi"}])
