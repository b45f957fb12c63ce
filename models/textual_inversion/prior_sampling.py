"""The original Kandinsky prior as a function that gradients pass through: a text's CLIP encoding -> a picture's embedding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch

from vocabulary import token_ids

TRAINED_STEPS = 1000
CLEAN_LIMIT = 10.0


@dataclass(frozen=True)
class EncodedText:
    pooled: torch.Tensor
    """float32 [batch, width]"""
    states: torch.Tensor
    """float32 [batch, 77, width]"""
    mask: torch.Tensor
    """bool [batch, 77]: true for text"""


def encode(tokenizer: Any, encoder: Any, texts: list[str]) -> EncodedText:
    """Pooled at the greatest token id, as the original does: where a new word stands, or else at the end token."""
    read = token_ids(tokenizer, texts, encoder.device)
    ids = read.input_ids
    states = encoder.text_model(input_ids=ids).last_hidden_state
    at_greatest = states[torch.arange(len(ids), device=ids.device), ids.argmax(dim=-1)]
    return EncodedText(encoder.text_projection(at_greatest), states, read.attention_mask.bool())


class PriorSampler:
    """Ancestral sampling on `steps` evenly spread timesteps under a cosine schedule; the model predicts the clean embedding."""

    def __init__(self, prior: Any, steps: int) -> None:
        """:raises SystemExit: fewer than 2 steps, which the original cannot do, or more than it was trained on"""
        if not 2 <= steps <= TRAINED_STEPS:
            raise SystemExit(f"--prior_steps {steps} is not within 2 to {TRAINED_STEPS}")
        self.prior = prior
        level = lambda t: math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2  # noqa: E731
        # A running sum, as in the original: rounding decides some timesteps.
        positions = accumulate([0.0] + [(TRAINED_STEPS - 1) / (steps - 1)] * (steps - 1))
        kept = [round(position) for position in positions]
        signal, signals = 1.0, []
        for i in range(TRAINED_STEPS):
            signal *= 1 - min(1 - level((i + 1) / TRAINED_STEPS) / level(i / TRAINED_STEPS), 0.999)
            if i in kept:
                signals.append(signal)
        self.steps = [_step(t, a, before) for t, a, before in zip(kept, signals, [1.0, *signals[:-1]], strict=True)]

    def __call__(
        self, text: EncodedText, negative: EncodedText, scale: float, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """:param negative: one row for the whole batch
        :return: float32 [batch, width]
        """
        batch, width = len(text.pooled), self.prior.config.embedding_dim
        pair = lambda name: torch.cat([getattr(text, name), getattr(negative, name).expand_as(getattr(text, name))])  # noqa: E731
        told = {"proj_embedding": pair("pooled"), "encoder_hidden_states": pair("states"), "attention_mask": pair("mask")}
        draw = lambda: torch.randn(batch, width, generator=generator).to(text.pooled.device)  # noqa: E731
        x = draw()
        for step in reversed(self.steps):
            timestep = torch.tensor(step.timestep, device=x.device)
            predicted = self.prior(torch.cat([x, x]), timestep, **told).predicted_image_embedding
            wanted, unwanted = predicted.chunk(2)
            clean = (unwanted + scale * (wanted - unwanted)).clamp(-CLEAN_LIMIT, CLEAN_LIMIT)
            x = step.of_clean * clean + step.of_noisy * x
            if step is not self.steps[0]:
                x = x + step.spread * draw()
        return x * self.prior.clip_std + self.prior.clip_mean


@dataclass(frozen=True)
class _Step:
    timestep: int
    of_clean: float
    of_noisy: float
    spread: float
    """Standard deviation of the noise that is added."""


def _step(timestep: int, signal: float, before: float) -> _Step:
    beta = 1 - signal / before
    return _Step(
        timestep,
        beta * math.sqrt(before) / (1 - signal),
        (1 - before) * math.sqrt(1 - beta) / (1 - signal),
        math.sqrt(beta * (1 - before) / (1 - signal)),
    )
