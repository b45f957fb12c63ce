"""Weights as an fp16 export has them."""

from typing import Any

import torch


@torch.no_grad()
def round_weights(pipeline: Any) -> None:
    """Rounds the weights of all networks of a diffusers pipeline to float16 and back, in place: the export computes in
    float32 with such weights."""
    for part in pipeline.components.values():
        for weight in part.parameters() if isinstance(part, torch.nn.Module) else ():
            weight.copy_(weight.half().float())
