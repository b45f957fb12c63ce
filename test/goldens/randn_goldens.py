"""torch's CPU normal draws, as SHA-256 of their float32 bytes, for sequences of draws from one generator each."""

import hashlib

import torch

from golden_files import write_json

SINGLE = [[1], [4], [15], [16], [17], [20], [31], [32], [33], [100], [1, 4, 8, 8], [1, 4, 64, 64], [3, 5, 7], [12345]]
# Small draws leave a cached value behind that later draws of any size must not lose.
MIXED = [[3], [16], [1], [20], [5], [5], [1, 4, 9, 9], [7], [2], [1], [1], [64], [15], [33]]
SEEDS = [0, 1, 42, 1632, 2**32 - 1, 2**32 + 7, 2**53 - 1]


def digest(seed, draws):
    generator = torch.Generator("cpu").manual_seed(seed)
    sha = hashlib.sha256()
    for dims in draws:
        sha.update(torch.randn(dims, generator=generator).numpy().astype("<f4").tobytes())
    return {"seed": seed, "draws": draws, "sha256": sha.hexdigest()}


def write():
    cases = [digest(seed, [dims]) for seed in SEEDS for dims in SINGLE]
    cases += [digest(seed, MIXED) for seed in SEEDS]
    cases += [digest(seed, [[1, 4, 128, 128]] * 4 + [[1000003]]) for seed in (7, 1632)]
    write_json("randn.json", {"torch": torch.__version__, "cases": cases})
