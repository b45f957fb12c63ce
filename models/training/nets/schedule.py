"""The noise schedule (DDPM, Ho et al. 2020; scaled-linear betas as in latent diffusion) and v targets."""

from __future__ import annotations

import torch

SCHEDULER_CONFIG = {
    "beta_start": 0.00085,
    "beta_end": 0.02,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "num_train_timesteps": 1000,
}


def alphas_cumprod(device: torch.device | str = "cpu") -> torch.Tensor:
    """The cumulative product of 1 - beta, shape [1000], falling from about 1 to about 0.005."""
    start, end, steps = (SCHEDULER_CONFIG[k] for k in ("beta_start", "beta_end", "num_train_timesteps"))
    betas = torch.linspace(start**0.5, end**0.5, steps, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float().to(device)


def add_noise(clean: torch.Tensor, noise: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """The noised sample x_t for per-sample alpha [b] (a cumulative product)."""
    a = alpha.view(-1, 1, 1, 1)
    return a.sqrt() * clean + (1 - a).sqrt() * noise


def velocity(clean: torch.Tensor, noise: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """The v target of Salimans and Ho (2202.00512)."""
    a = alpha.view(-1, 1, 1, 1)
    return a.sqrt() * noise - (1 - a).sqrt() * clean


def clean_from_velocity(noised: torch.Tensor, v: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """The clean sample that a predicted v implies."""
    a = alpha.view(-1, 1, 1, 1)
    return a.sqrt() * noised - (1 - a).sqrt() * v


def one_step_guess(
    unet: torch.nn.Module, clean: torch.Tensor, states: torch.Tensor, times: torch.Tensor, alphas: torch.Tensor
) -> torch.Tensor:
    """What the denoiser takes for the clean latents [b, c, h, w] (of variance 1) when they are noised to `times` [b]."""
    noised = add_noise(clean, torch.randn_like(clean), alphas[times])
    return clean_from_velocity(noised, unet(noised, times, states).sample.float(), alphas[times])
