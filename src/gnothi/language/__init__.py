"""Language models: real weights, tokens, vectors of texts, and decoding; what a head on top of them knows."""

from gnothi.language.active import RULES, ActiveSettings, ActiveTrainer
from gnothi.language.encode import TextEncoder, mean_of_tokens
from gnothi.language.epistemic import Choices, EpistemicLanguageModel, EpistemicSettings, NextTokens, with_epinet
from gnothi.language.generate import LanguageModel
from gnothi.language.load import load
from gnothi.language.packaged import PACKAGED, Packaged
from gnothi.language.rounds import Rounds, RoundSettings
from gnothi.language.tokens import Tokenizer, chat_text

__all__ = [
    "PACKAGED",
    "RULES",
    "ActiveSettings",
    "ActiveTrainer",
    "Choices",
    "EpistemicLanguageModel",
    "EpistemicSettings",
    "LanguageModel",
    "NextTokens",
    "Packaged",
    "RoundSettings",
    "Rounds",
    "TextEncoder",
    "Tokenizer",
    "chat_text",
    "load",
    "mean_of_tokens",
    "with_epinet",
]
