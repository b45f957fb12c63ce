"""The denoiser: diffusers' UNet2DConditionModel at a size that a CPU can train.

The outer level (16x16 latents for 256x256 pixels) is convolutions only; self- and cross-attention
sit at 8x8 and in the middle, where they are cheap.
"""

from __future__ import annotations

from diffusers import UNet2DConditionModel

from .text_encoder import WIDTH

UNET_CONFIG = {
    "sample_size": 16,
    "in_channels": 12,
    "out_channels": 12,
    "block_out_channels": (160, 256),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "mid_block_type": "UNetMidBlock2DCrossAttn",
    "cross_attention_dim": WIDTH,
    "attention_head_dim": (5, 8),
    "norm_num_groups": 32,
    "use_linear_projection": True,
}


def make_unet() -> UNet2DConditionModel:
    """A freshly initialised denoiser, 17.8 million parameters."""
    return UNet2DConditionModel(**UNET_CONFIG)
