"""The original Kandinsky sampling, written from its numbers, over torch modules: what the "original" samplers are compared
with. One CPU generator; draws have the two rows of the guided pair, the first of which counts, but for the noise that a
picture gets and the posterior's, which have one."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch


class Tables:
    """Noise levels in float64 over the kept timesteps."""

    def __init__(self, betas: np.ndarray, kept: list[int]) -> None:
        everything = np.cumprod(1 - betas)
        previous, own = 1.0, []
        for t in kept:
            own.append(1 - everything[t] / previous)
            previous = everything[t]
        self.kept = kept
        self.beta = np.array(own)
        self.signal = np.cumprod(1 - self.beta)
        self.signal_before = np.append(1.0, self.signal[:-1])
        variance = self.beta * (1 - self.signal_before) / (1 - self.signal)
        self.log_variance = np.log(np.append(variance[1], variance[1:]))

    def mean(self, k: int, clean: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        a = self.beta[k] * math.sqrt(self.signal_before[k]) / (1 - self.signal[k])
        b = (1 - self.signal_before[k]) * math.sqrt(1 - self.beta[k]) / (1 - self.signal[k])
        return np.float32(a).item() * clean + np.float32(b).item() * x


def spread(count: int) -> list[int]:
    stride, at, kept = 999 / (count - 1), 0.0, []
    for _ in range(count):
        kept.append(round(at))
        at += stride
    return kept


def grid(steps: int) -> list[int]:
    return [t + 1 for t in range(0, 1000, 1000 // steps)]


def cosine_betas() -> np.ndarray:
    level = lambda t: math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2  # noqa: E731
    return np.array([min(1 - level((i + 1) / 1000) / level(i / 1000), 0.999) for i in range(1000)])


def imagine(pipe: Any, text: str, negative: str, steps: str, scale: float, generator: torch.Generator) -> torch.Tensor:
    """The prior's embedding of a text."""
    prior, tokenizer = pipe.prior_prior, pipe.prior_tokenizer
    read = tokenizer([text, negative], padding="max_length", max_length=77, truncation=True, return_tensors="pt")
    states = pipe.prior_text_encoder(read.input_ids).last_hidden_state
    # At the greatest id: the end token's, or a learned word's.
    pooled = pipe.prior_text_encoder.text_projection(states[torch.arange(2), read.input_ids.argmax(-1)])
    width = prior.config.embedding_dim

    def clean(x: torch.Tensor, t: int) -> torch.Tensor:
        both = prior(
            torch.cat([x[:1], x[:1]]),
            torch.tensor(t),
            proj_embedding=pooled,
            encoder_hidden_states=states,
            attention_mask=read.attention_mask.bool(),
        ).predicted_image_embedding
        predicted = both[1:] + scale * (both[:1] - both[1:])
        return torch.cat([predicted, predicted]).clamp(-10, 10)

    x = torch.randn(2, width, generator=generator)
    if steps.startswith("ddim"):
        signal = np.cumprod(1 - cosine_betas())
        times = grid(int(steps[4:]))
        for i in reversed(range(len(times))):
            a, before = signal[times[i]], signal[times[i - 1]] if i > 0 else 1.0
            x0 = clean(x, times[i])
            eps = (math.sqrt(1 / a) * x - x0) / math.sqrt(1 / a - 1)
            torch.randn(2, width, generator=generator)
            x = math.sqrt(before) * x0 + math.sqrt(1 - before) * eps
    else:
        tables = Tables(cosine_betas(), spread(int(steps)))
        for k in reversed(range(len(tables.kept))):
            mean = tables.mean(k, clean(x, tables.kept[k]), x)
            noise = torch.randn(2, width, generator=generator)
            x = mean + (math.exp(0.5 * tables.log_variance[k]) * noise if k > 0 else 0)
    return x[:1] * prior.clip_std + prior.clip_mean


@dataclass
class Decoder:
    """The guided U-Net on one pair of rows: cond, uncond."""

    unet: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    """Bound to what it is told of the two rows."""
    scale: float
    multiple: int
    """Sides of its latents are multiples of this."""
    extra: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor, t: int) -> tuple[torch.Tensor, torch.Tensor]:
        pair = torch.cat([x[:1], x[:1]])
        if self.extra is not None:
            pair = torch.cat([pair, self.extra.repeat(2, 1, 1, 1)], dim=1)
        out = self.unet(pair, torch.tensor(float(t)))
        eps, variance = out[:, :4], out[:, 4:]
        guided = eps[1:] + self.scale * (eps[:1] - eps[1:])
        return torch.cat([guided, guided]), torch.cat([variance[:1], variance[:1]])


def prepare_mask(repaint: np.ndarray) -> torch.Tensor:
    keep = np.ones_like(repaint, dtype=np.float32)
    rows, columns = repaint.shape
    for y, x in zip(*np.nonzero(repaint), strict=True):
        for down, right in ((0, 0), (-1, 0), (0, -1), (-1, -1), (1, 0), (0, 1), (1, 1)):
            if 0 <= y + down < rows and 0 <= x + right < columns:
                keep[y + down, x + right] = 0
    return torch.from_numpy(keep)[None, None]


def read_texts(tokenizer: Any, texts: list[str]) -> Any:
    return tokenizer(texts, padding="max_length", max_length=77, truncation=True, return_tensors="pt")


def sample(pipe: Any, case: Any, picture: torch.Tensor | None, repaint: np.ndarray | None) -> torch.Tensor:
    """Kandinsky 2.1's final latents [1, 4, h, w] of a case; `repaint` on the latents' grid."""
    generator = torch.Generator().manual_seed(case.seed)
    steps, scale = str(case.prior_steps), case.prior_guidance
    image = imagine(pipe, case.prompt, case.prior_negative or "", steps, scale, generator)
    if case.negative:
        negative = imagine(pipe, case.negative, case.prior_negative or "", steps, scale, generator)
    else:
        size = pipe.prior_image_encoder.config.image_size
        negative = pipe.prior_image_encoder(torch.zeros(1, 3, size, size)).image_embeds
    read = read_texts(pipe.tokenizer, [case.prompt, ""])
    pooled, states = pipe.text_encoder(read.input_ids, read.attention_mask)
    added = {"text_embeds": pooled, "image_embeds": torch.cat([image, negative])}
    unet = lambda pair, t: pipe.unet(pair, t, states, added_cond_kwargs=added).sample  # noqa: E731
    known = None if picture is None else pipe.movq.encode(picture).latents
    bound = lambda x0, blend: blend(x0.clamp(-2, 2))  # noqa: E731
    betas = np.linspace(0.00085, 0.012, 1000)
    factor = 2 ** (len(pipe.movq.config.block_out_channels) - 1)
    multiple = 2 ** (len(levels_of(pipe.unet)) - 1)
    return denoise(Decoder(unet, case.guidance, multiple), case, betas, bound, known, repaint, factor, generator)


def levels_of(unet: Any) -> tuple[int, ...]:
    """Channels of each level of a U-Net."""
    return unet.layout.widths if hasattr(unet, "layout") else unet.config.block_out_channels


Blend = Callable[[torch.Tensor], torch.Tensor]


def denoise(
    model: Decoder,
    case: Any,
    betas: np.ndarray,
    bound: Callable[[torch.Tensor, Blend], torch.Tensor],
    known: torch.Tensor | None,
    repaint: np.ndarray | None,
    factor: int,
    generator: torch.Generator,
) -> torch.Tensor:
    """The three samplers.

    :param bound: p_sampler's way with the clean latents before its threshold; the blend keeps the known part
    """
    start_signal = np.cumprod(1 - np.linspace(0.0001, 0.02, 1000))
    keep = None
    if repaint is not None:
        keep = prepare_mask(repaint)
        model.extra = torch.cat([known * keep, keep], dim=1)
    multiple = factor * model.multiple
    side = lambda pixels: -(-pixels // multiple) * model.multiple  # noqa: E731
    noise = lambda rows=2: torch.randn(rows, 4, side(case.height), side(case.width), generator=generator)  # noqa: E731
    from_picture = known is not None and keep is None
    x = noise(1 if from_picture else 2)

    if case.scheduler == "p_sampler":
        tables = Tables(betas, spread(case.steps))
        count = int(case.steps * (1 - case.strength)) if from_picture else case.steps
        if from_picture:
            x = _noised(known, x, start_signal[tables.kept[count - 1]])
        for k in reversed(range(count)):
            eps, v = model(x, tables.kept[k])
            signal = tables.signal[k]
            x0 = math.sqrt(1 / signal) * x - math.sqrt(1 / signal - 1) * eps
            x0 = threshold(bound(x0, lambda x0: x0 if keep is None else x0 * (1 - keep) + known * keep), 99.5)
            mean = tables.mean(k, x0, x)
            share = (v + 1) / 2
            log_variance = share * math.log(tables.beta[k]) + (1 - share) * tables.log_variance[k]
            z = noise()
            x = mean + ((0.5 * log_variance).exp() * z if k > 0 else 0)
        return x[:1]

    signal, times = np.cumprod(1 - betas), grid(case.steps)
    if from_picture:
        start = int(1000 * (1 - case.strength))
        x = _noised(known, x, start_signal[start - 1])
        times = [t for t in times if t <= start]
    history: list[torch.Tensor] = []

    def step(i: int, at: torch.Tensor, eps: torch.Tensor, eta: float) -> torch.Tensor:
        a, before = signal[times[i]], signal[times[i - 1]] if i > 0 else signal[0]
        sigma = eta * math.sqrt((1 - before) / (1 - a) * (1 - a / before))
        x0 = (at - math.sqrt(1 - a) * eps) / math.sqrt(a)
        if case.overrides.get("denoised_apply") == "always":
            x0 = bound(x0, lambda x0: x0)
        return math.sqrt(before) * x0 + math.sqrt(1 - before - sigma**2) * eps + sigma * noise()

    for i in reversed(range(len(times))):
        eps, _ = model(x, times[i])
        if case.scheduler == "ddim_sampler":
            x = step(i, x, eps, case.eta)
            continue
        if len(history) == 0:
            ahead, _ = model(step(i, x, eps, 0), times[max(i - 1, 0)])
            blend = (eps + ahead) / 2
        elif len(history) == 1:
            blend = (3 * eps - history[-1]) / 2
        elif len(history) == 2:
            blend = (23 * eps - 16 * history[-1] + 5 * history[-2]) / 12
        else:
            blend = (55 * eps - 59 * history[-1] + 37 * history[-2] - 9 * history[-3]) / 24
        x = step(i, x, blend, 0)
        history = [*history, eps][-3:]
    return x[:1]


def threshold(x0: torch.Tensor, percentile: float) -> torch.Tensor:
    s = max(float(np.percentile(x0[0].abs().numpy(), percentile)), 1.0)
    return x0.clamp(-s, s) / s


def _noised(known: torch.Tensor, noise: torch.Tensor, signal: float) -> torch.Tensor:
    return math.sqrt(signal) * known + math.sqrt(1 - signal) * noise
