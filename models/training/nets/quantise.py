"""Eight-bit storage of weights: one scale for each output channel, symmetric, no zero point."""

from __future__ import annotations

import torch

SMALLEST = 4096
"""Weights with fewer elements keep their precision; they weigh nothing."""


def to_int8(weight: torch.Tensor, axis: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """int8 values and float32 scales (broadcastable, one along `axis`) with weight ~ values * scales."""
    others = [d for d in range(weight.ndim) if d != axis]
    scale = weight.abs().amax(others, keepdim=True).clamp(min=1e-12) / 127
    return (weight / scale).round().clamp(-127, 127).to(torch.int8), scale


@torch.no_grad()
def round_weights(module: torch.nn.Module) -> None:
    """Puts every large weight matrix of `module` on the grid that `to_int8` stores; doing it twice changes nothing."""
    for weight in module.parameters():
        if weight.ndim >= 2 and weight.numel() >= SMALLEST:
            values, scale = to_int8(weight)
            weight.copy_(values.float() * scale)
