"""Which Kandinsky pictures are compared: both versions, every task, diffusers' schedulers and the original samplers.
Image to image is square: diffusers 0.42's pipelines swap width and height there."""

from dataclasses import dataclass, field
from typing import Any

from tiny_kandinsky import TinyKandinsky


@dataclass(frozen=True)
class Model:
    """A model folder: exported whole, or (`decoder_of`) another's with a U-Net and scheduler of its own."""

    tiny: TinyKandinsky
    decoder_of: str | None = None
    apart: bool = False
    """Saved as diffusers' two pipelines, prior and decoder, in two subfolders."""


MODELS = (
    Model(TinyKandinsky("k21", 1)),
    Model(TinyKandinsky("k22", 2, second=True), apart=True),
    Model(TinyKandinsky("k21-learned", 3, learned_variance=True), decoder_of="k21"),
    Model(TinyKandinsky("k21-inpaint", 4, inpainting=True), decoder_of="k21"),
    Model(TinyKandinsky("k22-inpaint", 5, second=True, inpainting=True, learned_variance=True), decoder_of="k22"),
)

PROMPTS = (
    "red cat, 4k photo",
    "A teddy bear на красной площади",
    "a very long story about " + "a small fox in the snow and a blue dog at the beach, " * 12,
    "",
)


@dataclass(frozen=True)
class Case:
    id: str
    model: str
    scheduler: str
    steps: int
    seed: int
    prompt: str
    guidance: float = 4.0
    negative: str = ""
    width: int = 48
    height: int = 32
    strength: float | None = None
    mask: bool = False
    prior_steps: int | str = 25
    prior_guidance: float = 4.0
    prior_negative: str | None = None
    eta: float = 0.0
    images: list[dict[str, Any]] = field(default_factory=list)
    """A fuse: {"picture": index, "weight"} or {"text", "weight"}."""


CASES = (
    Case("k21-text-ddim", "k21", "ddim", 8, 1632, PROMPTS[0]),
    Case("k21-text-ddim-negative", "k21", "ddim", 6, 7, PROMPTS[1], negative="blurry, low quality", width=32, height=48),
    Case("k21-text-ddim-unguided", "k21", "ddim", 6, 2**32 - 5, PROMPTS[2], guidance=1.0),
    Case("k21-text-ddpm", "k21", "ddpm", 7, 3, PROMPTS[3], prior_steps=5, prior_guidance=2.0),
    Case("k21-text-prior-unguided", "k21", "ddim", 5, 12, PROMPTS[0], prior_guidance=1.0, width=64, height=64),
    Case("k21-text-learned", "k21-learned", "ddpm", 9, 11, PROMPTS[0], guidance=7.5),
    Case("k21-image-ddim-03", "k21", "ddim", 10, 100, PROMPTS[0], strength=0.3, width=48, height=48),
    Case("k21-image-ddim-1", "k21", "ddim", 6, 101, PROMPTS[1], strength=1.0, negative="text", width=48, height=48),
    Case("k21-image-learned", "k21-learned", "ddpm", 8, 102, PROMPTS[0], strength=0.7, width=48, height=48),
    Case("k21-inpaint-ddim", "k21-inpaint", "ddim", 8, 200, PROMPTS[0], strength=1.0, mask=True),
    Case("k21-inpaint-ddpm", "k21-inpaint", "ddpm", 6, 201, PROMPTS[1], strength=1.0, mask=True, negative="text"),
    Case("k21-fuse", "k21", "ddim", 6, 300, "", images=[{"picture": 0, "weight": 0.5}, {"picture": 1, "weight": 0.3}, {"text": "a small fox", "weight": 0.4}]),
    Case("k22-text-ddim", "k22", "ddim", 8, 1632, PROMPTS[0]),
    Case("k22-text-ddpm-negative", "k22", "ddpm", 6, 8, PROMPTS[0], negative="blurry", width=64, height=64),
    Case("k22-text-unguided", "k22", "ddim", 6, 9, PROMPTS[2], guidance=1.0, prior_steps=7),
    Case("k22-image-ddim", "k22", "ddim", 10, 110, PROMPTS[0], strength=0.4, width=48, height=48),
    Case("k22-inpaint-ddpm", "k22-inpaint", "ddpm", 8, 210, PROMPTS[0], strength=1.0, mask=True, negative="blurry"),
    Case("k22-inpaint-tall", "k22-inpaint", "ddpm", 7, 211, PROMPTS[0], strength=1.0, mask=True, width=32, height=48),
    Case("original-p", "k21", "p_sampler", 10, 1632, PROMPTS[0], prior_steps=5),
    Case("original-p-negatives", "k21", "p_sampler", 7, 21, PROMPTS[1], negative="blurry", prior_negative="text", prior_steps=4, width=32, height=48),
    Case("original-ddim", "k21", "ddim_sampler", 10, 22, PROMPTS[0], prior_steps="ddim25"),
    Case("original-ddim-eta", "k21", "ddim_sampler", 30, 23, PROMPTS[0], prior_steps=5, eta=0.3, guidance=1.0),
    Case("original-plms", "k21", "plms_sampler", 12, 24, PROMPTS[0], prior_steps=5),
    Case("original-p-image", "k21", "p_sampler", 20, 25, PROMPTS[0], prior_steps=5, strength=0.7, width=48, height=48),
    Case("original-ddim-image", "k21", "ddim_sampler", 20, 26, PROMPTS[0], prior_steps=5, strength=0.6, negative="text", width=48, height=48),
    Case("original-plms-image", "k21", "plms_sampler", 20, 27, PROMPTS[0], prior_steps=5, strength=0.8, width=48, height=48),
    Case("original-p-inpaint", "k21-inpaint", "p_sampler", 10, 28, PROMPTS[0], prior_steps=5, strength=1.0, mask=True),
    Case("original-ddim-inpaint", "k21-inpaint", "ddim_sampler", 10, 29, PROMPTS[1], prior_steps=5, strength=1.0, mask=True),
)
