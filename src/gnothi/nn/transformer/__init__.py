"""Transformers: the encoder of BERT and the decoder of the Llama family, from the same few parts."""

from gnothi.nn.transformer.decoder import Cache, Decoder, DecoderConfig, DecoderLayer, decoder, turned, unstacked
from gnothi.nn.transformer.encoder import Encoder, EncoderConfig, EncoderLayer, encoder
from gnothi.nn.transformer.parts import (
    Attention,
    Embedding,
    FeedForward,
    GatedFeedForward,
    LayerNorm,
    Linear,
    RMSNorm,
    halved,
)
from gnothi.nn.transformer.sharding import batch_sharding, shardings

__all__ = [
    "Attention",
    "Cache",
    "Decoder",
    "DecoderConfig",
    "DecoderLayer",
    "Embedding",
    "Encoder",
    "EncoderConfig",
    "EncoderLayer",
    "FeedForward",
    "GatedFeedForward",
    "LayerNorm",
    "Linear",
    "RMSNorm",
    "batch_sharding",
    "decoder",
    "encoder",
    "halved",
    "shardings",
    "turned",
    "unstacked",
]
