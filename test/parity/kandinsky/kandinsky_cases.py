"""Which Kandinsky pictures are compared: every version and task, diffusers' schedulers and the original samplers.
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
    half: bool = False
    """Exported with weights rounded to float16; the reference rounds its own."""
    int8_of: str | None = None
    """Another model, whose U-Net is stored in int8; the reference's has the same rounded weights."""


MODELS = (
    Model(TinyKandinsky("k21", 1)),
    Model(TinyKandinsky("k22", 2, second=True), apart=True, half=True),
    Model(TinyKandinsky("k21-learned", 3, learned_variance=True), decoder_of="k21"),
    Model(TinyKandinsky("k21-inpaint", 4, inpainting=True), decoder_of="k21"),
    Model(TinyKandinsky("k22-inpaint", 5, second=True, inpainting=True, learned_variance=True), decoder_of="k22", half=True),
    Model(TinyKandinsky("k21-int8", 1), int8_of="k21"),
)

@dataclass(frozen=True)
class Original:
    """A folder of the original implementation's checkpoints, exported by their layout."""

    name: str
    seed: int
    second_zero: bool
    """Kandinsky 2.0, else 2.1."""
    decoder_of: str | None = None
    """An inpainting U-Net beside another folder's parts."""


ORIGINALS = (
    Original("k20", 6, second_zero=True),
    Original("k20-inpaint", 7, second_zero=True, decoder_of="k20"),
    Original("k21-checkpoints", 8, second_zero=False),
)

WORD = "sapsan"
"""What the learned word of the cases is called."""

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
    negative: str | None = None
    """None: none is given, which diffusers knows from an empty one."""
    width: int = 48
    height: int = 32
    strength: float | None = None
    mask: bool = False
    large: bool = False
    """The initial picture is larger than the frame, of the same shape."""
    prior_steps: int | str = 25
    prior_guidance: float = 4.0
    prior_negative: str | None = None
    eta: float = 0.0
    overrides: dict[str, Any] = field(default_factory=dict)
    """Of the sampler's configuration."""
    embedding: str = ""
    """A file of a learned word that the prompt has."""
    images: list[dict[str, Any]] = field(default_factory=list)
    """A fuse: {"picture": index, "weight"} or {"text", "weight"}."""


CASES = (
    Case("k21-text-ddim", "k21", "ddim", 8, 1632, PROMPTS[0]),
    Case("k21-text-ddim-negative", "k21", "ddim", 6, 7, PROMPTS[1], negative="blurry, low quality", width=32, height=48),
    Case("k21-text-empty-negative", "k21", "ddim", 6, 8, PROMPTS[0], negative=""),
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
    Case("k21-fuse-negative", "k21", "ddpm", 7, 301, "red cat", negative="blurry", prior_steps=7, images=[{"text": "a small fox", "weight": 0.7}, {"picture": 1, "weight": -0.2}, {"text": "blue dog", "weight": 0.9}]),
    Case("k22-fuse", "k22", "ddim", 6, 302, "", negative="", prior_steps=9, prior_guidance=2.0, images=[{"picture": 0, "weight": 0.25}, {"text": "лес", "weight": 0.25}, {"text": "a golden sky", "weight": 0.25}, {"text": "", "weight": 0.1}, {"picture": 1, "weight": 0.6}]),
    Case("k21-fuse-prior-negative", "k21", "ddim", 6, 305, "", negative="grey", prior_negative="text", prior_steps=6, images=[{"picture": 0, "weight": 0.4}, {"text": "a small fox", "weight": 0.6}]),
    Case("k22-fuse-prior-negative", "k22", "ddim", 6, 306, "", prior_negative="blurry", prior_steps=6, images=[{"picture": 1, "weight": 0.5}, {"text": "the sea at night", "weight": 0.5}]),
    Case("k22-text-prior-negative", "k22", "ddim", 6, 307, PROMPTS[0], prior_negative="blurry", prior_steps=7),
    Case("k22-fuse-pictures", "k22", "ddpm", 6, 303, "", width=32, height=48, images=[{"picture": 0, "weight": 0.5}, {"picture": 1, "weight": 0.5}]),
    Case("k22-fuse-unguided", "k22", "ddim", 5, 304, "", guidance=1.0, prior_guidance=1.0, prior_steps=5, images=[{"picture": 1, "weight": 0.4}, {"text": "a ship in ice", "weight": 0.6}]),
    Case("k21-int8-ddim", "k21-int8", "ddim", 10, 1, PROMPTS[0]),
    Case("k21-int8-p", "k21-int8", "p_sampler", 10, 3, PROMPTS[1], negative="blurry", prior_steps=5),
    Case("k21-learned-word", "k21", "ddim", 6, 70, f"a photo of a {WORD}, 4k", embedding="sapsan.bin"),
    Case("k22-text-ddim", "k22", "ddim", 8, 1632, PROMPTS[0]),
    Case("k22-text-ddpm-negative", "k22", "ddpm", 6, 8, PROMPTS[0], negative="blurry", width=64, height=64),
    Case("k22-text-unguided", "k22", "ddim", 6, 9, PROMPTS[2], guidance=1.0, prior_steps=7),
    Case("k22-image-ddim", "k22", "ddim", 10, 110, PROMPTS[0], strength=0.4, width=48, height=48),
    Case("k22-inpaint-ddpm", "k22-inpaint", "ddpm", 8, 210, PROMPTS[0], strength=1.0, mask=True, negative="blurry"),
    Case("k22-inpaint-tall", "k22-inpaint", "ddpm", 7, 211, PROMPTS[0], strength=1.0, mask=True, width=32, height=48),
    # Ordinary U-Nets under a mask.
    Case("k21-mask-ddim", "k21", "ddim", 8, 220, PROMPTS[0], strength=1.0, mask=True, negative="text"),
    Case("k21-mask-ddim-06", "k21", "ddim", 9, 221, PROMPTS[1], strength=0.6, mask=True, width=48, height=48),
    Case("k21-mask-dpm", "k21", "dpm++2m", 7, 222, PROMPTS[0], strength=1.0, mask=True, guidance=1.0, width=32, height=48),
    Case("k21-mask-learned", "k21-learned", "ddpm", 11, 223, PROMPTS[2], strength=0.8, mask=True, guidance=6.0, width=48, height=48),
    Case("k22-mask-ddim", "k22", "ddim", 8, 224, PROMPTS[0], strength=1.0, mask=True, width=32, height=48),
    Case("k22-mask-ddim-04", "k22", "ddim", 10, 225, PROMPTS[0], strength=0.4, mask=True, negative="blurry", width=48, height=48),
    Case("k22-mask-ddpm", "k22", "ddpm", 9, 226, PROMPTS[1], strength=0.75, mask=True, width=48, height=48),
    Case("k22-learned-word", "k22", "ddim", 6, 71, f"a {WORD} in the snow", embedding="sapsan.bin"),
    Case("original-p", "k21", "p_sampler", 10, 1632, PROMPTS[0], prior_steps=5),
    Case("original-p-negatives", "k21", "p_sampler", 7, 21, PROMPTS[1], negative="blurry", prior_negative="text", prior_steps=4, width=32, height=48),
    Case("original-ddim", "k21", "ddim_sampler", 10, 22, PROMPTS[0], negative="", prior_steps="ddim25"),
    Case("original-ddim-eta", "k21", "ddim_sampler", 30, 23, PROMPTS[0], prior_steps=5, eta=0.3, guidance=1.0),
    Case("original-plms", "k21", "plms_sampler", 12, 24, PROMPTS[0], prior_steps=5),
    Case("original-p-image", "k21", "p_sampler", 20, 25, PROMPTS[0], prior_steps=5, strength=0.7, width=48, height=48),
    Case("original-ddim-image", "k21", "ddim_sampler", 20, 26, PROMPTS[0], prior_steps=5, strength=0.6, negative="text", width=48, height=48),
    Case("original-plms-image", "k21", "plms_sampler", 20, 27, PROMPTS[0], prior_steps=5, strength=0.8, width=48, height=48),
    Case("original-p-inpaint", "k21-inpaint", "p_sampler", 10, 28, PROMPTS[0], prior_steps=5, strength=1.0, mask=True),
    Case("original-ddim-inpaint", "k21-inpaint", "ddim_sampler", 10, 29, PROMPTS[1], prior_steps=5, strength=1.0, mask=True),
    Case("original-learned-word-p", "k21", "p_sampler", 6, 72, f"a photo of a {WORD} in the snow", guidance=7.5, prior_steps=4, prior_guidance=2.0, embedding="sapsan.bin"),
    Case("original-learned-word-ddim", "k21", "ddim_sampler", 10, 73, f"{WORD} на красной площади", prior_steps="ddim25", embedding="sapsan.bin"),
    Case("k20-learned-word", "k20", "ddim_sampler", 10, 74, f"a photo of a {WORD}, 4k", embedding="sapsan.bin"),
    Case("k20-ddim-eta", "k20", "ddim_sampler", 15, 1632, PROMPTS[1], eta=0.05, guidance=3.0),
    Case("k20-p", "k20", "p_sampler", 10, 31, PROMPTS[0], negative="blurry", width=32, height=48),
    Case("k20-plms-unguided", "k20", "plms_sampler", 12, 32, PROMPTS[2], guidance=1.0),
    Case("k20-p-clipped", "k20", "p_sampler", 9, 33, PROMPTS[3], overrides={"denoised_type": "clip_denoised", "denoised_apply": "always"}),
    Case("k20-ddim-thresholded", "k20", "ddim_sampler", 12, 34, PROMPTS[0], overrides={"dynamic_threshold_v": 90, "denoised_apply": "always"}),
    Case("k20-cropped", "k20", "ddim_sampler", 10, 35, PROMPTS[0], width=43, height=37),
    Case("k20-p-image", "k20", "p_sampler", 20, 36, PROMPTS[0], strength=0.7, width=48, height=48),
    Case("k20-ddim-image", "k20", "ddim_sampler", 50, 37, PROMPTS[1], strength=0.8, width=48, height=32),
    Case("k20-ddim-image-large", "k20", "ddim_sampler", 30, 42, PROMPTS[0], strength=0.6, large=True),
    Case("k20-p-inpaint", "k20-inpaint", "p_sampler", 10, 38, PROMPTS[0], strength=1.0, mask=True),
    Case("k20-p-inpaint-clipped", "k20-inpaint", "p_sampler", 8, 39, PROMPTS[1], strength=1.0, mask=True, overrides={"denoised_type": "clip_denoised"}),
    Case("k20-p-inpaint-90", "k20-inpaint", "p_sampler", 8, 40, PROMPTS[1], strength=1.0, mask=True, overrides={"dynamic_threshold_v": 90}),
    Case("k20-ddim-inpaint", "k20-inpaint", "ddim_sampler", 10, 41, PROMPTS[0], strength=1.0, mask=True, width=32, height=48),
    Case("checkpoints-p", "k21-checkpoints", "p_sampler", 8, 50, PROMPTS[1], prior_steps=5),
    Case("checkpoints-ddim-image", "k21-checkpoints", "ddim_sampler", 20, 51, PROMPTS[0], prior_steps="ddim5", strength=0.6, width=48, height=48),
    Case("original-p-cropped", "k21", "p_sampler", 7, 52, PROMPTS[0], prior_steps=4, width=33, height=45),
)
