"""The original Kandinsky 2.0, written from its numbers: two text encoders, a KL autoencoder of scale 0.0512, no prior."""

from typing import Any

import numpy as np
import torch
from original_reference import Blend, Decoder, denoise, levels_of, read_texts, threshold

SCALE = 0.0512


def sample_2_0(parts: Any, case: Any, picture: torch.Tensor | None, repaint: np.ndarray | None) -> torch.Tensor:
    """Final latents [1, 4, h, w]. The negative prompt stands where the original has an empty one."""
    generator = torch.Generator().manual_seed(case.seed)
    texts = [case.prompt, case.negative or ""]
    first, second = read_texts(parts.tokenizer, texts), read_texts(parts.tokenizer_2, texts)
    pooled, states = parts.text_encoder(first.input_ids, first.attention_mask)
    states_2 = parts.text_encoder_2(input_ids=second.input_ids, attention_mask=second.attention_mask).last_hidden_state
    unet = lambda pair, t: parts.unet(pair, t, states, pooled, states_2)  # noqa: E731
    known = None
    if picture is not None:
        posterior = parts.vae.encode(picture).latent_dist
        known = SCALE * (posterior.mean + posterior.std * torch.randn(posterior.mean.shape, generator=generator))
    kind, percentile = case.overrides.get("denoised_type", "dynamic_threshold"), case.overrides.get("dynamic_threshold_v", 99.5)
    everywhere = case.overrides.get("denoised_apply") == "always"

    def bound(x0: torch.Tensor, blend: Blend) -> torch.Tensor:
        if repaint is None and not everywhere:
            return x0
        return blend(x0.clamp(-1, 1) if kind == "clip_denoised" else threshold(x0, percentile))

    betas = np.linspace(0.0001, 0.02, 1000)
    factor = 2 ** (len(parts.vae.config.block_out_channels) - 1)
    multiple = 2 ** (len(levels_of(parts.unet)) - 1)
    return denoise(Decoder(unet, case.guidance, multiple), case, betas, bound, known, repaint, factor, generator)


def decode_2_0(parts: Any, latents: torch.Tensor) -> torch.Tensor:
    return parts.vae.decode(latents / SCALE).sample
