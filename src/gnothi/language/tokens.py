"""Text to tokens and back, through the `tokenizers` package; and chats to text, through a model's own template."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Int

# How text is cut before it is merged, by the name that llama.cpp has for it.
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_LATER = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CUTS = {
    "gpt-2": (_WORDS,),
    "smollm": (r"\p{N}", _WORDS),
    "llama-bpe": (_LATER.replace("DIGITS", "{1,3}"),),
    "qwen2": (_LATER.replace("DIGITS", ""),),
}
CONTROL, OWN = 3, 4  # kinds of tokens in GGUF: those that no text makes, and those that a user added


class Tokenizer:
    """A tokenizer of `tokenizers`, without its own filling and cutting: sequences have the length that they have."""

    def __init__(self, inner: Any):
        inner.no_padding()
        inner.no_truncation()
        self.inner = inner

    def encode(self, text: str, *, special: bool = True, most: int | None = None) -> list[int]:
        """Tokens of a text, with the marks of its family (`[CLS]`, ...) if `special`; cut to `most` if longer.

        Cutting keeps the last mark: a sentence that is too long still ends.
        """
        tokens: list[int] = self.inner.encode(text, add_special_tokens=special).ids
        if most is None or len(tokens) <= most:
            return tokens
        added = self.inner.num_special_tokens_to_add(False) if special else 0
        return [*tokens[: most - 1], tokens[-1]] if added else tokens[:most]

    def encode_pair(self, first: str, second: str, *, most: int) -> list[int]:
        """Tokens of two sentences, with the marks of its family; the longer one is cut where there are over `most`."""
        left, right = (self.inner.encode(text, add_special_tokens=False) for text in (first, second))
        room = most - self.inner.num_special_tokens_to_add(True)
        right.truncate(min(len(right.ids), max(room - len(left.ids), room // 2)))
        left.truncate(min(len(left.ids), room - len(right.ids)))
        tokens: list[int] = self.inner.post_process(left, right, True).ids
        return tokens

    def decode(self, tokens: Sequence[int], *, special: bool = False) -> str:
        """The text of tokens; marks are left out unless `special`."""
        text: str = self.inner.decode(list(tokens), skip_special_tokens=not special)
        return text

    def number(self, token: str) -> int:
        """The number of a token.

        **Raises:** `ValueError` if there is none of that spelling.
        """
        found = self.inner.token_to_id(token)
        if found is None:
            raise ValueError(f"the tokenizer has no token {token!r}")
        return int(found)


def read_tokenizer(folder: Path) -> Tokenizer:
    """`tokenizer.json` of a folder.

    **Raises:** `FileNotFoundError` if there is none, `ImportError` if there is no `tokenizers`.
    """
    path = folder / "tokenizer.json"
    if not path.exists():
        raise FileNotFoundError(f"{folder} has no tokenizer.json")
    return Tokenizer(_tokenizers().Tokenizer.from_file(str(path)))


def tokenizer_of_gguf(about: Mapping[str, Any]) -> Tokenizer:
    """The byte-level tokenizer that a GGUF file describes.

    **Raises:** `ValueError` if it is of another kind, or cuts text in a way that we do not have.
    """
    kind, cut = about.get("tokenizer.ggml.model"), about.get("tokenizer.ggml.pre", "gpt-2")
    if kind != "gpt2" or cut not in CUTS:
        raise ValueError(
            f"tokenizers of kind gpt2 that cut as {', '.join(CUTS)} are read, got {kind!r} cutting as {cut!r}"
        )
    t = _tokenizers()
    words = about["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ", 1)) for merge in about["tokenizer.ggml.merges"]]
    inner = t.Tokenizer(t.models.BPE({word: number for number, word in enumerate(words)}, merges))
    splits = [t.pre_tokenizers.Split(t.Regex(cut), "isolated") for cut in CUTS[cut]]
    inner.pre_tokenizer = t.pre_tokenizers.Sequence([*splits, t.pre_tokenizers.ByteLevel(False, use_regex=False)])
    inner.decoder = t.decoders.ByteLevel()
    for word, kind in zip(words, about["tokenizer.ggml.token_type"], strict=True):
        if kind in (CONTROL, OWN):
            inner.add_tokens([t.AddedToken(word, special=kind == CONTROL, normalized=False)])
    return Tokenizer(inner)


def check_texts(texts: Sequence[str]) -> None:
    """Refuses what is no list of texts.

    **Raises:** `ValueError` if a text is none, or there are no texts.
    """
    if isinstance(texts, str) or not len(texts):
        raise ValueError(f"give a list of one text or more, got {texts!r:.60}")
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"text {place} is a {type(text).__name__}, not a str")


def fill(
    rows: Sequence[Sequence[int]], *, filling: int = 0, multiple: int = 1
) -> tuple[Int[np.ndarray, "_ _"], Int[np.ndarray, " _"]]:
    """Sequences as one array, filled up at the end to the longest, rounded up to a `multiple`; and their lengths."""
    lengths = np.array([len(row) for row in rows], np.int32)
    width = max(1, -(-int(lengths.max(initial=0)) // multiple)) * multiple
    filled = np.full((len(rows), width), filling, np.int32)
    for place, row in enumerate(rows):
        filled[place, : len(row)] = row
    return filled, lengths


def chat_text(template: str, messages: Sequence[Mapping[str, str]], *, answer: bool = True, **more: Any) -> str:
    """A chat as its model wants it, by the model's own Jinja template, which is run in a sandbox.

    **Arguments:** `template`; `messages`, each with a `role` and `content`; `answer`, whether the model is to go on;
    `more`, what else the template may ask for (`bos_token`, `tools`, ...).

    **Raises:** `ValueError` if the template cannot be read, or refuses the messages.
    """
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> NoReturn:
        raise TemplateError(message)

    world = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    world.globals |= {"raise_exception": refuse, "strftime_now": lambda how: datetime.now().strftime(how)}
    try:
        text: str = world.from_string(template).render(messages=messages, add_generation_prompt=answer, **more)
    except TemplateError as error:
        raise ValueError(f"the chat template refuses these messages: {error}") from error
    return text


def _tokenizers() -> Any:
    try:
        import tokenizers
    except ImportError as error:
        raise ImportError("text needs the package tokenizers: pip install 'gnothi[language]'") from error
    return tokenizers
