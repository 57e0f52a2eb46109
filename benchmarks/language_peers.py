"""What others do in the benchmark of language models: run in an environment of their own.

    python language_peers.py LIBRARY MINILM.safetensors SMOLLM2.gguf REPEATS

Prints one line of JSON: `about`, what was run; `encode`, seconds of a batch by tokens of a text; `decode`, seconds of a
step by streams. Ours starts from texts; transformers from tokens, which is in its favour.
"""

import json
import os
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

warnings.filterwarnings("ignore")
BATCH, LENGTHS = 64, (32, 64, 128, 256)
STREAMS = (1, 32)
PROMPT, TOKEN = 16, 100  # a prompt is one token so many times
FEW, MANY = 4, 36  # tokens written: the difference is of steps alone


def best(call, repeats: int) -> float:
    """Seconds of the fastest of some calls, after one that is not timed."""
    call()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)


def step_seconds(write, repeats: int) -> float:
    """Seconds of a step of `write`, which is told how many tokens to write: reading the prompt is taken off."""
    return (best(lambda: write(MANY), repeats) - best(lambda: write(FEW), repeats)) / (MANY - FEW)


def transformers(minilm: str, smollm: str, repeats: int) -> dict:
    """Both models in torch, float32."""
    import torch
    from transformers import AutoModel, AutoModelForCausalLM

    torch.set_grad_enabled(False)
    encoder = AutoModel.from_pretrained(str(Path(minilm).parent)).float().eval()
    encoded = {}
    for length in LENGTHS:
        tokens = torch.full((BATCH, length), TOKEN)
        seen = torch.ones_like(tokens)
        encoded[length] = best(
            lambda t=tokens, s=seen: encoder(input_ids=t, attention_mask=s).last_hidden_state.mean(dim=1), repeats
        )
    path = Path(smollm)
    decoder = AutoModelForCausalLM.from_pretrained(str(path.parent), gguf_file=path.name, dtype=torch.float32).eval()

    def write(streams: int, count: int):
        prompts = torch.full((streams, PROMPT), TOKEN)
        length = {"min_new_tokens": count, "max_new_tokens": count}
        return decoder.generate(prompts, attention_mask=torch.ones_like(prompts), do_sample=False, **length)

    decoded = {streams: step_seconds(lambda count, s=streams: write(s, count), repeats) for streams in STREAMS}
    about = f"transformers {version('transformers')}, torch {version('torch')}, float32"
    return {"about": about, "encode": encoded, "decode": decoded}


def llama(minilm: str, smollm: str, repeats: int) -> dict:
    """SmolLM2 in llama.cpp, its weights in the 4 bits that they are stored in: a sixth of the bytes that we read."""
    import xllamacpp

    decoded = {}
    for streams in STREAMS:
        parameters = xllamacpp.CommonParams()
        parameters.model.path = smollm
        parameters.n_parallel = streams
        parameters.n_ctx = 64 * streams
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = os.cpu_count()
        server = xllamacpp.Server(parameters)

        def write(count: int, server=server, streams=streams):
            asked = {"prompt": [TOKEN] * PROMPT, "n_predict": count, "temperature": 0, "ignore_eos": True}
            with ThreadPoolExecutor(streams) as pool:
                answers = list(pool.map(server.handle_completions, [{**asked, "cache_prompt": False}] * streams))
            assert all(one["usage"]["completion_tokens"] == count for one in answers), answers[0]

        decoded[streams] = step_seconds(write, repeats)
    about = f"llama.cpp by xllamacpp {version('xllamacpp')}, weights in 4 bits (Q4_1)"
    return {"about": about, "encode": {}, "decode": decoded}


PEERS = {"transformers": transformers, "llama.cpp": llama}

if __name__ == "__main__":
    name, encoder_file, decoder_file, times = sys.argv[1:]
    try:
        found = PEERS[name](encoder_file, decoder_file, int(times))
    except ImportError as error:
        found = {"missing": f"not installed ({error})"}
    print("\n" + json.dumps(found), flush=True)
    os._exit(0)  # llama.cpp's server has threads that do not end
