"""A small autoencoder with a factor of 16 between pixels and latents.

The shape follows the idea of the tiny autoencoder for Stable Diffusion (TAESD, O. B. Bohan, 2023):
plain residual ReLU blocks and no normalisation, because full-resolution normalisations cost most
of the time of the usual KL autoencoder on a CPU.  Pixels are folded 4x4 into channels before the
first convolution and unfolded 2x2 after the last one.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

LATENT_CHANNELS = 12
DOWNSCALE = 16
LATENT_BOUND = 3.0
"""Latents are squashed to (-3, 3), so that the decoder knows the range it must cover."""


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size (or halves it with stride 2)."""
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)


class ResidualBlock(nn.Module):
    """Three 3x3 convolutions around a shortcut; starts as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv(channels, channels)
        self.second = conv(channels, channels)
        self.third = conv(channels, channels)
        nn.init.zeros_(self.third.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = F.relu(self.first(x))
        h = F.relu(self.second(h))
        return F.relu(x + self.third(h))


class Encoder(nn.Module):
    """Pixels [b, 3, h, w] in [-1, 1] to latents [b, 12, h/16, w/16] in (-3, 3); no randomness."""

    def __init__(self, latent_channels: int = LATENT_CHANNELS) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(4),
            conv(48, 96), nn.ReLU(), ResidualBlock(96), ResidualBlock(96),
            conv(96, 128, 2), nn.ReLU(), ResidualBlock(128), ResidualBlock(128),
            conv(128, 192, 2), nn.ReLU(), ResidualBlock(192), ResidualBlock(192),
            conv(192, latent_channels),
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        raw = self.layers(pixels)
        return LATENT_BOUND * torch.tanh(raw / LATENT_BOUND)


class Decoder(nn.Module):
    """Latents [b, 12, h, w] (clamped to [-3, 3]) to pixels [b, 3, 16h, 16w], about [-1, 1]."""

    def __init__(self, latent_channels: int = LATENT_CHANNELS) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv(latent_channels, 192), nn.ReLU(), ResidualBlock(192), ResidualBlock(192),
            nn.Upsample(scale_factor=2), conv(192, 128), nn.ReLU(), ResidualBlock(128), ResidualBlock(128),
            nn.Upsample(scale_factor=2), conv(128, 96), nn.ReLU(), ResidualBlock(96), ResidualBlock(96),
            nn.Upsample(scale_factor=2), conv(96, 48), nn.ReLU(), ResidualBlock(48),
            conv(48, 12), nn.PixelShuffle(2),
        )

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return self.layers(latents.clamp(-LATENT_BOUND, LATENT_BOUND))
