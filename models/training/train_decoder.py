"""Teaches the decoder to forgive the denoiser's errors, with encoder and latent space frozen.

The decoder alone is trained on three kinds of latents of the same pictures: clean ones with a
little noise, ones with Gaussian noise of a random strength, and the denoiser's own one-step
predictions.  Without this, sampled latents fall beside what the decoder has seen and break into
patches.  Absolute errors alone end in blur, the mean of all edges that may be meant: a network trained
on photographs (EfficientNet-Lite0) compares features too (perceptual loss: Johnson et al., 1603.08155).
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from nets.autoencoder import DOWNSCALE, Decoder
from nets.efficientnet import EfficientNetLite0, pretrained
from runtime import Progress, arithmetic, average_into, device_from, falling_rate, load_checkpoint, save_checkpoint


def gradient_loss(a: torch.Tensor, b: torch.Tensor, scales: int = 3) -> torch.Tensor:
    """Mean absolute difference of horizontal and vertical gradients over `scales` octaves."""
    total = a.new_zeros(())
    for _ in range(scales):
        for axis in (-1, -2):
            total = total + F.l1_loss(a.diff(dim=axis), b.diff(dim=axis))
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return total


def reconstruction_loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute and squared error for colour, gradients for edges."""
    return F.l1_loss(output, target) + 0.5 * F.mse_loss(output, target) + gradient_loss(output, target)


FEATURE_BLOCKS = (1, 3, 5)
"""The features that are compared: of the blocks before these, at a half, a quarter and an eighth of the size."""


class FeatureLoss(torch.nn.Module):
    """Mean absolute difference of features [b, c, h, w], each depth's divided by the target's mean magnitude."""

    def __init__(self, net: EfficientNetLite0) -> None:
        super().__init__()
        self.net = net.eval().requires_grad_(False)

    def features(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        found, x, start = [], self.net.stem(pixels), 0
        for end in FEATURE_BLOCKS:
            x = self.net.blocks[start:end](x)
            found.append(x)
            start = end
        return found

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            wanted = self.features(target)
        pairs = zip(self.features(output), wanted)
        return sum((a - b).abs().mean() / b.abs().mean() for a, b in pairs) / len(FEATURE_BLOCKS)


def psnr(output: torch.Tensor, target: torch.Tensor) -> float:
    """Peak signal-to-noise ratio in dB for pixels in [-1, 1]."""
    return 10 * math.log10(4 / (output.clamp(-1, 1) - target).square().mean().item())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of checkpoints and shards")
    parser.add_argument("--pool", type=Path, required=True, help="latent pool: pixels.npy and latents.pt")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--crop", type=int, default=128, help="pixels, a multiple of 16")
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--noise", type=float, default=0.25, help="largest noise, in standard deviations of the latents")
    parser.add_argument("--features", type=float, default=0.1, help="weight of the feature loss; 0 does without it")
    parser.add_argument("--cache", type=Path, help="folder of the packages, for the feature loss")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = device_from(options.device)
    torch.manual_seed(5)
    if options.features and options.cache is None:
        parser.error("--features needs --cache; --features 0 does without")

    pixels = np.load(options.pool / "pixels.npy", mmap_mode="r")
    clean, predicted = torch.load(options.pool / "latents.pt")
    scale = clean.std().item()
    held = len(pixels) - min(32, len(pixels) // 10)
    checkpoint = load_checkpoint(options.work / "autoencoder.pt")
    decoder = Decoder()
    decoder.load_state_dict(checkpoint["decoder"])
    decoder.to(device, memory_format=torch.channels_last)
    feature_loss = FeatureLoss(pretrained(options.cache)).to(device, memory_format=torch.channels_last) if options.features else None
    average = {name: value.detach().clone() for name, value in decoder.state_dict().items()}
    optimizer = torch.optim.AdamW(decoder.parameters(), lr=options.rate, betas=(0.9, 0.99), weight_decay=1e-4)
    chooser = np.random.default_rng(5)
    cells = options.crop // DOWNSCALE
    span = clean.shape[-1] - cells

    def picture(index: int, row: int, column: int) -> torch.Tensor:
        y, x = row * DOWNSCALE, column * DOWNSCALE
        crop = np.ascontiguousarray(pixels[index, y : y + options.crop, x : x + options.crop])
        return torch.from_numpy(crop).permute(2, 0, 1).float().div(127.5).sub(1)

    def batch() -> tuple[torch.Tensor, torch.Tensor]:
        sources, targets = [], []
        for place in range(options.batch):
            index, row, column = chooser.integers(held), chooser.integers(span + 1), chooser.integers(span + 1)
            kind = place % 3
            latents = (predicted if kind == 2 else clean)[index, :, row : row + cells, column : column + cells]
            strength = chooser.uniform(0, options.noise) if kind == 1 else 0.03
            sources.append(latents + strength * scale * torch.randn(latents.shape))
            targets.append(picture(index, row, column))
        layout = {"memory_format": torch.channels_last}
        return (
            torch.stack(sources).to(device).contiguous(**layout),
            torch.stack(targets).to(device).contiguous(**layout),
        )

    @torch.no_grad()
    def measure() -> str:
        current = {name: value.clone() for name, value in decoder.state_dict().items()}
        decoder.load_state_dict(average)
        targets = torch.stack([picture_full(i) for i in range(held, len(pixels), 2)]).to(device)
        noise = torch.randn(clean[held::2].shape, generator=torch.Generator().manual_seed(1)) * 0.15 * scale
        kinds = {"clean": clean[held::2], "noise .15": clean[held::2] + noise, "denoiser": predicted[held::2]}
        line = ", ".join(f"{name} {psnr(decoder(z.to(device)), targets):.2f}" for name, z in kinds.items())
        decoder.load_state_dict(current)
        return f"PSNR dB: {line}"

    def picture_full(index: int) -> torch.Tensor:
        return torch.from_numpy(np.array(pixels[index])).permute(2, 0, 1).float().div(127.5).sub(1)

    print("before:", measure(), flush=True)
    progress = Progress(options.minutes * 60)
    step, saved = 0, time.monotonic()
    while not progress.over:
        share = progress.share
        rate = falling_rate(options.rate, share, step, 30)
        for group in optimizer.param_groups:
            group["lr"] = rate
        latents, target = batch()
        with arithmetic(device):
            output = decoder(latents).float()
            alike = feature_loss(output, target) if feature_loss else 0.0
        loss = reconstruction_loss(output, target) + options.features * alike
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimizer.step()
        step += 1
        average_into(average, decoder, min(0.99, step / (step + 20)))
        progress.note(loss.item())
        if step % 20 == 0:
            progress.line(f"step {step}, loss {{loss:.4f}}, {step * options.batch} crops")
        if time.monotonic() - saved > 180 or progress.over:
            save_checkpoint(options.work / "autoencoder.pt", {**checkpoint, "decoder": average, "latent_std": scale})
            saved = time.monotonic()
    print("after:", measure(), flush=True)
    save_checkpoint(options.work / "autoencoder.pt", {**checkpoint, "decoder": average, "latent_std": scale})


if __name__ == "__main__":
    main()
