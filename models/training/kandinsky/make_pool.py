"""Pictures with the embedded encoder's latents, for train_movq.py."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from data.composition import Composer
from make_shards import pixels_of
from nets.autoencoder import Encoder
from runtime import Progress, arithmetic, device_from, load_checkpoint


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder of the embedded model's checkpoints")
    parser.add_argument("--work", type=Path, required=True, help="folder to write pool/ to")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the packages")
    parser.add_argument("--size", type=int, default=1600, help="pictures, 0.2 MB each")
    parser.add_argument("--seed", type=int, default=78)
    options = parser.parse_args()
    device_from("cpu")
    encoder = Encoder().eval()
    encoder.load_state_dict(load_checkpoint(options.base / "autoencoder.pt")["encoder"])
    composer, progress = Composer(options.cache, options.seed, variants=10), Progress(1)
    pixels, latents = [], []
    while len(pixels) < options.size:
        batch = [composer.sample().picture for _ in range(min(20, options.size - len(pixels)))]
        pixels += [np.asarray(picture) for picture in batch]
        with arithmetic(torch.device("cpu")):
            latents.append(encoder(pixels_of(batch)).float())
        if len(pixels) % 200 == 0:
            left = progress.elapsed / len(pixels) * (options.size - len(pixels))
            print(f"{len(pixels)}/{options.size} pictures, ETA {left / 60:.1f} min", flush=True)
    pool = options.work / "pool"
    pool.mkdir(parents=True, exist_ok=True)
    np.save(pool / "pixels.npy", np.stack(pixels))
    torch.save(torch.cat(latents), pool / "latents.pt")


if __name__ == "__main__":
    main()
