"""Composes captioned pictures and encodes them: shards of latents for the denoiser.

A shard is `shard-<seed>.pt`: float16 latents [n, 12, 16, 16], float16 text states [n, 32, 384] and n
captions with what they show.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from data.composition import Composer
from nets.autoencoder import Encoder
from nets.text_encoder import Captions
from runtime import arithmetic, device_from, load_checkpoint, save_checkpoint


def pixels_of(pictures: list) -> torch.Tensor:
    """PIL pictures to a channels-last tensor [n, 3, 256, 256] in [-1, 1]."""
    stacked = torch.from_numpy(np.stack([np.asarray(p) for p in pictures]))
    return stacked.permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of checkpoints; shards go to shards/")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the packages")
    parser.add_argument("--shards", type=int, default=12)
    parser.add_argument("--size", type=int, default=1000, help="pictures in a shard")
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--jitter", type=float, default=1.0, help="how much placement and scale vary, 0 to 1")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = device_from(options.device)
    encoder = Encoder()
    encoder.load_state_dict(load_checkpoint(options.work / "autoencoder.pt")["encoder"])
    encoder.eval().to(device, memory_format=torch.channels_last)
    captions = Captions(options.work)
    start, total, done = time.monotonic(), options.shards * options.size, 0
    composer = Composer(options.cache, options.first_seed, jitter=options.jitter)
    print(f"{len(composer.subjects)} subjects, {len(composer.places)} places, ready after {time.monotonic() - start:.0f} s", flush=True)
    for seed in range(options.first_seed, options.first_seed + options.shards):
        path = options.work / "shards" / f"shard-{seed}.pt"
        if path.exists():
            total -= options.size
            continue
        composer.rng.seed(seed)
        latents, shown = [], []
        for at in range(0, options.size, 20):
            batch = [composer.sample() for _ in range(min(20, options.size - at))]
            with torch.no_grad(), arithmetic(device):
                latents.append(encoder(pixels_of([s.picture for s in batch]).to(device)).half().cpu())
            shown += [[s.caption, s.subject, s.colour, s.place] for s in batch]
            done += len(batch)
        states = captions.states([row[0] for row in shown]).half()
        save_checkpoint(path, {"latents": torch.cat(latents), "states": states, "shown": shown})
        rate = done / (time.monotonic() - start)
        print(f"{path.name}: {done}/{total} pictures, {rate:.1f}/s, ETA {(total - done) / rate / 60:.1f} min", flush=True)


if __name__ == "__main__":
    main()
