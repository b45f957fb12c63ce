"""Trains MoVQ in the embedded model's latent space: its encoder is taught that model's latents, its decoder draws the
pictures from them. The codebook is the centres of the latents (k-means); Kandinsky itself works on what comes before it.

Goes on where movq.pt stands. Stops after --minutes of training in all, or when a file named `stop-movq` appears in the
work folder; both ways save everything.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from nets.autoencoder import DOWNSCALE
from runtime import Learning, Progress, arithmetic, device_from, falling_rate, load_checkpoint
from train_decoder import psnr, reconstruction_loss

from .networks import make_movq

NOISE = 0.2
"""Largest noise on the decoder's latents, in their standard deviations: painted latents are never quite clean."""


def centres(latents: torch.Tensor, count: int, rounds: int = 12) -> torch.Tensor:
    """k-means over cells [n, c]; [count, c]."""
    cells = latents.movedim(1, -1).flatten(0, 2)
    cells = cells[torch.randperm(len(cells))[:40_000]]
    found = cells[:count].clone()
    for _ in range(rounds):
        nearest = torch.cdist(cells, found).argmin(1)
        total = torch.zeros_like(found).index_add_(0, nearest, cells)
        number = torch.bincount(nearest, minlength=count)
        found = torch.where(number[:, None] > 0, total / number.clamp(min=1)[:, None], found)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder of the embedded model's checkpoints")
    parser.add_argument("--work", type=Path, required=True, help="folder of pool/; movq.pt goes there")
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--crop", type=int, default=96, help="pixels, a multiple of 16")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = device_from(options.device)
    torch.manual_seed(6)
    pixels = np.load(options.work / "pool/pixels.npy", mmap_mode="r")
    scale = float(load_checkpoint(options.base / "unet.pt")["latent_std"])
    latents = torch.load(options.work / "pool/latents.pt", weights_only=True) / scale
    held = len(pixels) - 16
    movq = make_movq().to(device)
    optimizer = torch.optim.AdamW(movq.parameters(), lr=options.rate, betas=(0.9, 0.99), weight_decay=1e-4)
    learning, checkpoint = Learning(movq, optimizer), options.work / "movq.pt"
    spent = learning.go_on(checkpoint, device).get("spent", 0.0)
    if spent == 0:
        with torch.no_grad():
            movq.quantize.embedding.weight.copy_(centres(latents, movq.config.num_vq_embeddings))
        learning.average = {name: value.detach().clone() for name, value in movq.state_dict().items()}
    movq.quantize.requires_grad_(False)
    chooser = np.random.default_rng(len(learning.losses))
    cells, side = options.crop // DOWNSCALE, options.crop
    span = latents.shape[-1] - cells

    def crop() -> tuple[torch.Tensor, torch.Tensor]:
        index, row, column = chooser.integers(held), chooser.integers(span + 1), chooser.integers(span + 1)
        y, x = row * DOWNSCALE, column * DOWNSCALE
        picture = torch.from_numpy(np.ascontiguousarray(pixels[index, y : y + side, x : x + side]))
        return picture.permute(2, 0, 1).float().div(127.5).sub(1), latents[index, :, row : row + cells, column : column + cells]

    def drawn(net: torch.nn.Module, from_latents: torch.Tensor) -> torch.Tensor:
        return net.decoder(net.post_quant_conv(from_latents), from_latents)

    @torch.no_grad()
    def measure() -> str:
        watcher = make_movq()
        watcher.load_state_dict(learning.average)
        watcher.eval()
        target = torch.from_numpy(np.array(pixels[held:])).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        with arithmetic(torch.device("cpu")):
            own = watcher.quant_conv(watcher.encoder(target)).float()
            whole, again = drawn(watcher, latents[held:]).float(), drawn(watcher, own).float()
        error = F.mse_loss(own, latents[held:]).item() ** 0.5
        return f"PSNR {psnr(whole, target):.2f} dB from latents, {psnr(again, target):.2f} dB there and back, latents off by {error:.3f}"

    progress = Progress(options.minutes * 60, spent)
    saved = time.monotonic()
    while not progress.over and not (options.work / "stop-movq").exists():
        step = len(learning.losses)
        rate = falling_rate(options.rate, progress.share, step, 40, 0.03)
        for group in optimizer.param_groups:
            group["lr"] = rate
        target, wanted = (torch.stack(part).to(device) for part in zip(*(crop() for _ in range(options.batch))))
        noisy = wanted + NOISE * torch.rand(len(wanted), 1, 1, 1).to(device) * torch.randn_like(wanted)
        with arithmetic(device):
            picture = drawn(movq, noisy).float()
        drawing = loss = reconstruction_loss(picture, target)
        # The encoder learns fast: every other batch is enough for it.
        if step % 2 == 0:
            with arithmetic(device):
                own = movq.quant_conv(movq.encoder(target)).float()
            # Its crop shows no surroundings at the rim, the teacher saw them.
            rim = slice(1, -1)
            encoding = F.mse_loss(own[..., rim, rim], wanted[..., rim, rim])
            loss = drawing + encoding
        learning.step(loss, 0.99, drawing.item())
        progress.note(drawing.item())
        if (step + 1) % 25 == 0:
            progress.line(f"step {step + 1}, drawing {{loss:.4f}}, latents {encoding.item():.4f}")
        if time.monotonic() - saved > 150 or progress.over:
            learning.save(checkpoint, {"spent": progress.elapsed, "latent_std": scale})
            print(measure(), flush=True)
            saved = time.monotonic()
    learning.save(checkpoint, {"spent": progress.elapsed, "latent_std": scale})
    print(measure(), flush=True)


if __name__ == "__main__":
    main()
