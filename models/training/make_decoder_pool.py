"""Pictures with their latents and the denoiser's one-step predictions, for train_decoder.py."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from data.composition import Composer
from make_shards import pixels_of
from nets.autoencoder import Encoder
from nets.schedule import alphas_cumprod, one_step_guess
from nets.text_encoder import Captions
from nets.unet import make_unet
from runtime import Progress, device_from, load_checkpoint

TIMES = (80, 520)
"""Predictions from these timesteps: errors large enough to matter, small enough to be repaired."""


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder of the packages")
    parser.add_argument("--size", type=int, default=1600, help="pictures, 0.2 MB each")
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = device_from(options.device)
    torch.manual_seed(options.seed)
    checkpoint = load_checkpoint(options.work / "unet.pt")
    scale = checkpoint["latent_std"]
    encoder, unet = Encoder().eval().to(device), make_unet().eval().to(device)
    encoder.load_state_dict(load_checkpoint(options.work / "autoencoder.pt")["encoder"])
    unet.load_state_dict(checkpoint["average"])
    captions, alphas = Captions(options.work), alphas_cumprod(device)
    composer = Composer(options.cache, options.seed)
    samples = [composer.sample() for _ in range(options.size)]
    clean, predicted = [], []
    progress = Progress(1)
    for at in range(0, options.size, 16):
        chosen = samples[at : at + 16]
        latents = encoder(pixels_of([s.picture for s in chosen]).to(device))
        states = captions.states([s.caption for s in chosen]).to(device)
        times = torch.randint(*TIMES, (len(chosen),), device=device)
        guess = one_step_guess(unet, latents / scale, states, times, alphas)
        clean.append(latents.cpu())
        predicted.append((guess * scale).cpu())
        if at % 320 == 0 and at:
            left = progress.elapsed / at * (options.size - at)
            print(f"{at}/{options.size} pictures, ETA {left / 60:.1f} min", flush=True)
    pool = options.work / "decoder-pool"
    pool.mkdir(parents=True, exist_ok=True)
    np.save(pool / "pixels.npy", np.stack([np.asarray(s.picture) for s in samples]))
    torch.save((torch.cat(clean), torch.cat(predicted)), pool / "latents.pt")


if __name__ == "__main__":
    main()
