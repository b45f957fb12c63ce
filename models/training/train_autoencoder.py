"""Trains the autoencoder from nothing on composed pictures; writes autoencoder.pt and a decoder pool.

The pool (pixels.npy, latents.pt) is what train_decoder.py continues on.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from data.composition import Composer
from make_shards import pixels_of
from nets.autoencoder import Decoder, Encoder
from runtime import Progress, average_into, device_from, falling_rate, load_checkpoint, save_checkpoint
from train_decoder import psnr, reconstruction_loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder of the packages")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--pictures", type=int, default=6000, help="composed pictures to learn from, 0.2 MB each")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--noise", type=float, default=0.1, help="latent noise while training: smooths the latent space")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = device_from(options.device)
    torch.manual_seed(0)
    layout = {"memory_format": torch.channels_last}
    composer = Composer(options.cache, 1)
    pixels = np.stack([np.asarray(composer.sample().picture) for _ in range(options.pictures)])
    encoder, decoder = Encoder().to(device, **layout), Decoder().to(device, **layout)
    both = torch.nn.ModuleDict({"encoder": encoder, "decoder": decoder})
    average = {k: v.detach().clone() for k, v in both.state_dict().items()}
    optimizer = torch.optim.AdamW(both.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=1e-4)
    chooser = np.random.default_rng(0)

    def batch() -> torch.Tensor:
        crops = []
        for _ in range(options.batch):
            index, y, x = chooser.integers(len(pixels)), *chooser.integers(0, 257 - options.crop, 2)
            crop = pixels[index, y : y + options.crop, x : x + options.crop]
            crops.append(crop[:, ::-1] if chooser.random() < 0.5 else crop)
        return pixels_of(crops).to(device)

    def save() -> None:
        parts = {p: {k.removeprefix(p + "."): v for k, v in average.items() if k.startswith(p)} for p in ("encoder", "decoder")}
        save_checkpoint(options.work / "autoencoder.pt", {**parts, "latent_std": 1.0})

    progress, step, saved = Progress(options.minutes * 60), 0, time.monotonic()
    while not progress.over:
        for group in optimizer.param_groups:
            group["lr"] = falling_rate(1e-3, progress.share, step, 200, 0.03)
        target = batch()
        latents = encoder(target)
        output = decoder(latents + options.noise * torch.randn_like(latents))
        loss = reconstruction_loss(output, target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(both.parameters(), 1.0)
        optimizer.step()
        step += 1
        average_into(average, both, min(0.998, step / (step + 50)))
        progress.note(loss.item())
        if step % 25 == 0:
            progress.line(f"step {step}, loss {{loss:.4f}}, PSNR {psnr(output.detach(), target):.1f} dB")
        if time.monotonic() - saved > 240:
            save()
            saved = time.monotonic()
    both.load_state_dict(average)
    save()
    finish_pool(options, encoder, pixels, device)


@torch.no_grad()
def finish_pool(options: argparse.Namespace, encoder: Encoder, pixels: np.ndarray, device: torch.device) -> None:
    """Measures the latents' spread and leaves pictures with latents for the decoder's training."""
    kept = pixels[:1600]
    latents = torch.cat([encoder(pixels_of(list(kept[i : i + 20])).to(device)).cpu() for i in range(0, len(kept), 20)])
    checkpoint = load_checkpoint(options.work / "autoencoder.pt")
    save_checkpoint(options.work / "autoencoder.pt", {**checkpoint, "latent_std": latents.std().item()})
    pool = options.work / "decoder-pool"
    pool.mkdir(parents=True, exist_ok=True)
    np.save(pool / "pixels.npy", kept)
    # Before a denoiser exists its predictions are replaced by blurred latents.
    blurred = torch.nn.functional.avg_pool2d(latents, 3, 1, 1, count_include_pad=False)
    torch.save((latents, 0.7 * latents + 0.3 * blurred), pool / "latents.pt")


if __name__ == "__main__":
    main()
