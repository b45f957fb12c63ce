"""A small CLIP: the autoencoder's frozen encoder with a convolutional head for pictures, the frozen sentence encoder
with a linear projection for texts.

The pictures are seen through the latents that the denoiser itself paints, so the head stays small and trains on the
shards that are there already.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from .autoencoder import LATENT_CHANNELS, Encoder
from .text_encoder import WIDTH, TextEncoder

EMBEDDING = 256
SIDE = 256
"""Pixels of the square pictures that the image encoder takes."""
LARGEST_SCALE = 100.0


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
            nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x)


class Head(nn.Module):
    """Latents [b, 12, 16, 16] to embeddings [b, 256]."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(LATENT_CHANNELS, 96, 4, stride=2, padding=1), Block(96), Block(96),
            nn.Conv2d(96, 192, 4, stride=2, padding=1), Block(192), Block(192), nn.GroupNorm(8, 192), nn.SiLU(),
        )
        # Where something stands is told apart, since captions say "on the left".
        self.out = nn.Linear(192 * 16, EMBEDDING, bias=False)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return self.out(self.body(latents).flatten(1))


class SmallClip(nn.Module):
    """What is trained; both encoders below it are frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.head = Head()
        self.text = nn.Linear(WIDTH, EMBEDDING, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, latents: torch.Tensor, sentences: torch.Tensor) -> torch.Tensor:
        """Logits [b, b] of latents [b, 12, 16, 16] (rows) against sentence vectors [b, 384] (columns)."""
        pictures = F.normalize(self.head(latents).float(), dim=1)
        texts = F.normalize(self.text(F.normalize(sentences, dim=1)).float(), dim=1)
        return self.logit_scale.exp().clamp(max=LARGEST_SCALE) * pictures @ texts.T


class PictureModel(nn.Module):
    """Pixels [b, 3, 256, 256] in [-1, 1] to embeddings [b, 256]."""

    def __init__(self, encoder: Encoder, head: Head) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(pixel_values))


class TextModel(nn.Module):
    """Token ids and mask [b, n] to embeddings [b, 256]: the mean of the encoder's states, normalised and projected."""

    def __init__(self, encoder: TextEncoder, projection: nn.Linear) -> None:
        super().__init__()
        self.encoder, self.projection = encoder, projection

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        mean = self.encoder(input_ids, attention_mask)[1]
        return self.projection(mean / mean.norm(dim=1, keepdim=True))


def contrastive_loss(logits: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """The symmetric cross entropy of CLIP; texts that are the same, `same` [b, b], share the target."""
    target = same / same.sum(1, keepdim=True)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
