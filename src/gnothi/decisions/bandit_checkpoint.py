"""A deployed bandit's state in one safetensors file, so that opening it need not replay the whole log."""

import json
import zlib
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from gnothi.decisions.bandit_state import FORMAT, BanditState, Pending, Settings
from gnothi.decisions.context_features import ContextFeatures, HiddenLayers
from gnothi.decisions.journal import Position


def to_bytes(state: BanditState, position: Position) -> bytes:
    """The state after a place of the log; what a refit learnt stays in its own file."""
    waiting = list(state.pending.values())
    contexts = np.array([one.context for one in waiting], float)
    arrays = {
        "weights": state.model.weights,
        "covariances": state.model.covariances,
        "pending_ids": np.fromiter(state.pending, np.int64, len(waiting)),
        "pending_arms": np.array([one.arm for one in waiting], np.int64),
        "pending_contexts": contexts.reshape(len(waiting), state.settings.context_size),
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    about = {
        "format": FORMAT,
        "position": position,
        "settings": asdict(state.settings),
        "names": state.names,
        "active": state.active,
        "decisions": state.decisions,
        "refits": state.refits,
        "features_crc32": state.features_crc32,
    }
    text = json.dumps(about)
    return save(arrays, {"bandit": f"{_crc32(text, arrays):08x} {text}"})


def from_bytes(content: bytes, learnt: Callable[[int, int], HiddenLayers]) -> tuple[BanditState, Position]:
    """What `to_bytes` wrote.

    **Arguments:** `content`; `learnt`, from a refit's number and checksum to the layers it learnt.

    **Raises:** `ValueError` if the content is not as it was written.
    """
    try:
        arrays = {name: np.array(array) for name, array in load(content).items()}
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        crc32, text = header["__metadata__"]["bandit"].split(" ", 1)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ValueError(f"it is no checkpoint ({error})") from error
    if crc32 != f"{_crc32(text, arrays):08x}":
        raise ValueError("its checksum is wrong")
    about = json.loads(text)
    if about["format"] != FORMAT:
        raise ValueError(f"it has format {about['format']}, this version of gnothi reads {FORMAT}")
    state = BanditState(Settings.of(about["settings"]))
    state.names, state.active, state.decisions = about["names"], about["active"], about["decisions"]
    state.refits, state.features_crc32 = about["refits"], about["features_crc32"]
    if state.refits:
        layers = learnt(state.refits, state.features_crc32)
        state.use_features(ContextFeatures(state.settings.context_size, layers))
    state.model.weights, state.model.covariances = arrays["weights"], arrays["covariances"]
    waiting = zip(arrays["pending_ids"], arrays["pending_arms"], arrays["pending_contexts"], strict=True)
    state.pending = {int(decision): Pending(int(arm), context) for decision, arm, context in waiting}
    return state, Position(*about["position"])


def _crc32(text: str, arrays: dict[str, np.ndarray]) -> int:
    crc32 = zlib.crc32(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        crc32 = zlib.crc32(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes(), crc32)
    return crc32
