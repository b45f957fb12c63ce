"""Classifier-free guidance and its rescaling on random predictions that the test draws again from the seed."""

import diffusers
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg

from golden_files import float32_text, write_json


def case(seed, dims, scale, phi):
    generator = torch.Generator("cpu").manual_seed(seed)
    unconditional = torch.randn(dims, generator=generator)
    conditional = torch.randn(dims, generator=generator)
    guided = unconditional + scale * (conditional - unconditional)
    rescaled = rescale_noise_cfg(guided, conditional, guidance_rescale=phi)
    return {
        "seed": seed,
        "dims": dims,
        "scale": scale,
        "phi": phi,
        "guided": float32_text(guided),
        "rescaled": float32_text(rescaled),
    }


def write():
    cases = [
        case(1632, [1, 4, 8, 8], 7.5, 0.7),
        case(42, [2, 3, 6, 10], 5.0, 0.3),
        case(7, [1, 4, 8, 8], 1.4, 1.0),
    ]
    write_json("guidance.json", {"diffusers": diffusers.__version__, "cases": cases})
