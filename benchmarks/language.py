"""Language models beside what the machine can do: MiniLM's encoding, SmolLM2's decoding, and what others make of them.

A share is of the limit that binds: matrix products of 2048 x 2048 (float32) for encoding and for many streams, reading
memory for one stream, whose weights are all read for each token. Lines in "half" are of weights in bfloat16
(`load(..., half=True)`); their shares are of bfloat16's own products. The limits are measured before, between and after
these, and the best counts. The others live in an environment of their own, made once from
`language-requirements.txt`; they run after ours on the same threads.

    python benchmarks/language.py                                        # ours alone
    python benchmarks/language.py --environment .venv/language-peers     # beside transformers and llama.cpp
"""

import dataclasses
import json
import subprocess
from pathlib import Path

import jax
import jax.numpy as jnp
import tyro

import gnothi as gn
from conformance import prepare
from gnothi.language import PACKAGED
from language_peers import BATCH, FEW, LENGTHS, MANY, PEERS, PROMPT, STREAMS, TOKEN, best, step_seconds

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "language-requirements.txt"
LIMIT = 1800  # seconds a library


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """Times language models. Example: python benchmarks/language.py --repeats 5."""

    environment: Path | None = None
    """A virtual environment for the others; made if it is not there. Without it they are left out."""

    repeats: int = 5
    """How often each is timed after a warm-up; the best counts."""


def limits(repeats: int) -> tuple[float, float, float]:
    """Floating-point operations of matrix products a second, in float32 and in bfloat16, and bytes read a second."""
    square = jax.random.normal(jax.random.key(0), (2048, 2048))
    half = square.astype(jnp.bfloat16)
    product = jax.jit(lambda a, b: jnp.matmul(a, b, preferred_element_type=jnp.float32))
    seconds = [best(lambda a=a: product(a, a).block_until_ready(), 3 * repeats) for a in (square, half)]
    long = jnp.ones(2**27)
    total = jax.jit(jnp.sum)
    exact, rounded = (2 * 2048**3 / each for each in seconds)
    return exact, rounded, long.nbytes / best(lambda: total(long).block_until_ready(), 3 * repeats)


def size(tree) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def encoding(model, repeats: int) -> dict[int, tuple[float, float]]:
    """By tokens of a text: seconds of a batch from text to vectors, and its floating-point operations."""
    network, found = model.network, {}
    for length in LENGTHS:
        texts = [" ".join(["word"] * (length - 2))] * BATCH  # and two marks
        assert len(model.tokens(texts)[0]) == length
        seconds = best(lambda texts=texts: model.encode(texts, batch_size=BATCH), repeats)
        products = 2 * size(network.layers) + 4 * model.depth * length * model.width
        found[length] = seconds, BATCH * length * products
    return found


def decoding(model, repeats: int) -> dict[int, float]:
    """By streams: seconds of a step of all."""
    one = dataclasses.replace(model, ends=())
    many = one.for_many()

    def write(streams: int, count: int):
        return (one if streams == 1 else many).write_tokens([[TOKEN] * PROMPT] * streams, count)

    return {streams: step_seconds(lambda count, s=streams: write(s, count), repeats) for streams in STREAMS}


def theirs(python: Path | None, repeats: int) -> dict[str, dict]:
    """By library: what `language_peers.py` found, or why it found nothing."""
    if python is None:
        return {}
    minilm, smollm = (str(PACKAGED[name].find()) for name in ("minilm", "smollm2-135m"))
    found = {}
    for library in PEERS:
        command = [str(python), str(HERE / "language_peers.py"), library, minilm, smollm, str(repeats)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
        last = (done.stderr if done.returncode else done.stdout).strip().splitlines()[-1:] or ["no output"]
        found[library] = {"missing": last[0][:100]} if done.returncode else json.loads(last[0])
    return found


def main(asked: Benchmark) -> None:
    """Prints a line a measurement: what, seconds, rate, its share of the limit, and the others' seconds over ours."""
    python = None if asked.environment is None else prepare(asked.environment, REQUIREMENTS)
    measured = [limits(asked.repeats)]
    found = {}
    for half in (False, True):
        minilm, smollm = (gn.language.load(name, half=half) for name in ("minilm", "smollm2-135m"))
        encoded = encoding(minilm, asked.repeats)
        found[half] = encoded, decoding(smollm, asked.repeats)
        measured.append(limits(asked.repeats))
    exact, rounded, bandwidth = map(max, *measured)
    others = theirs(python, asked.repeats)
    products = f"{exact / 1e9:.0f} GFLOP/s of matrix products, in half {rounded / 1e9:.0f}"
    print(f"limits: {products}; {bandwidth / 1e9:.1f} GB/s read")
    for library, result in others.items():
        print(f"{library}: {result.get('missing') or result['about']}")

    def line(what: str, kind: str, place: int, seconds: float, rate: str, share: float) -> None:
        beside = [(library, result.get(kind, {}).get(str(place))) for library, result in others.items()]
        ratios = "".join(f"  {library} {time / seconds:5.2f}x" for library, time in beside if time is not None)
        print(f"  {what:<28} {1e3 * seconds:8.1f} ms  {rate:>14}  {share:4.0%} of the limit{ratios}", flush=True)

    print(f"MiniLM, a batch of {BATCH} texts" + (", and the seconds of others over ours" if others else ""))
    for half, (encoded, _) in found.items():
        for length, (seconds, count) in encoded.items():
            rate = count / seconds
            share = rate / (rounded if half else exact)
            line(f"{length} tokens{', half' * half}", "encode", length, seconds, f"{rate / 1e9:.0f} GFLOP/s", share)
    weights = size((smollm.network.layers, smollm.network.head))  # the embedding is looked up
    print(f"SmolLM2 135M, a step of greedy decoding: {MANY - FEW} tokens after {PROMPT + FEW}")
    for half, (_, decoded) in found.items():
        for streams, seconds in decoded.items():
            what = f"{streams} stream{'s' * (streams > 1)}{', half' * half}"
            if streams == 1:
                rate = (2 if half else 4) * weights / seconds
                line(what, "decode", 1, seconds, f"{rate / 1e9:.1f} GB/s", rate / bandwidth)
            else:
                rate = 2 * streams * weights / seconds
                share = rate / (rounded if half else exact)
                line(what, "decode", streams, seconds, f"{rate / 1e9:.0f} GFLOP/s", share)


if __name__ == "__main__":
    main(tyro.cli(Benchmark))
