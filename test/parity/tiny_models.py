"""Tiny Stable Diffusion pipelines with the shape of the real ones, for comparing implementations."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DiffusionPipeline,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from schedules import SCHEDULER_CONFIGS, write_scheduler

_CORPUS = """
a red cat and a blue dog at the beach, 4k photo, highly detailed painting of the sea at night
an oil painting of mountains under a golden sky; portrait of a woman with flowers in her hair
blurry, low quality, watermark, ugly, bad anatomy, cropped
the old house by the river in autumn, trending on artstation, soft light, a small fox in the snow
photograph of an astronaut riding a horse on mars, cinematic lighting, sharp focus
it's a cat's dream: don't wake the sleeping giant's daughter, they've gone and we'll go, I'd say
""".strip().splitlines()


@dataclass(frozen=True)
class TinyModel:
    """What sets one tiny pipeline apart."""

    name: str
    seed: int
    prediction: str = "epsilon"
    second_generation: bool = False
    """Stable Diffusion 2's text encoder (gelu, pad token "!"), linear projections and scheduler file, and an autoencoder
    of eight pixels a cell."""
    latent_scale: float = 0.18215
    inpainting: bool = False
    """Nine input channels: latents, mask, masked latents."""
    guidance_embedding: bool = False
    """A latent consistency model's timestep_cond instead of classifier-free guidance."""
    xl: bool = False
    """Stable Diffusion XL: a second text encoder, pooled text and numbers about the picture."""
    refiner: bool = False
    """Stable Diffusion XL's refiner: the second text encoder alone, and an aesthetic score."""


def build(model: TinyModel, folder: Path, parts_of: Path | None = None) -> None:
    """Makes the pipeline from its seed, teaches its U-Net to predict noise of toy latents (an untrained one explodes
    under guidance), and saves it as save_pretrained does.

    :param parts_of: a pipeline whose other parts than the U-Net this one has as well
    """
    torch.manual_seed(model.seed)
    base = None if parts_of is None else DiffusionPipeline.from_pretrained(parts_of)
    if base is None:
        tokenizer = make_tokenizer(pad="!" if model.second_generation else "<|endoftext|>")
        text_encoder = _text_encoder(model, tokenizer).eval()
        vae = _vae(model).eval()
    else:
        tokenizer, text_encoder, vae = base.tokenizer, base.text_encoder, base.vae
    unet = _unet(model)
    if model.xl:
        if base is None:
            tokenizer_2 = make_tokenizer(pad="!")
            config = _text_config(tokenizer_2, hidden=40, act="gelu", projection=24)
            second = (tokenizer_2, CLIPTextModelWithProjection(config).eval())
        else:
            second = (base.tokenizer_2, base.text_encoder_2)
        _build_xl(model, folder, (tokenizer, text_encoder), second, vae, unet)
        return
    _teach(model, unet, tokenizer, text_encoder)
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=unet.eval(),
        scheduler=PNDMScheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    # Real folders' scheduler files lack keys that save_pretrained would fill in; those gaps matter.
    write_scheduler(folder, SCHEDULER_CONFIGS["sd2-v" if model.prediction == "v_prediction" else "sd1"])


def _build_xl(
    model: TinyModel,
    folder: Path,
    first: tuple[CLIPTokenizer, CLIPTextModel],
    second: tuple[CLIPTokenizer, CLIPTextModelWithProjection],
    vae: AutoencoderKL,
    unet: UNet2DConditionModel,
) -> None:
    tokenizer, text_encoder = first
    tokenizer_2, text_encoder_2 = second
    encoders = [second] if model.refiner else [first, second]
    _teach_xl(model, unet, encoders)
    parts: dict[str, Any] = {
        "vae": vae,
        "tokenizer_2": tokenizer_2,
        "text_encoder_2": text_encoder_2,
        "unet": unet.eval(),
        "scheduler": EulerDiscreteScheduler(),
        "tokenizer": None if model.refiner else tokenizer,
        "text_encoder": None if model.refiner else text_encoder,
    }
    if model.refiner:
        pipeline: Any = StableDiffusionXLImg2ImgPipeline(**parts, requires_aesthetics_score=True)
    else:
        pipeline = StableDiffusionXLPipeline(**parts)
    pipeline.save_pretrained(folder)
    write_scheduler(folder, SCHEDULER_CONFIGS["sdxl"])


def make_tokenizer(pad: str) -> CLIPTokenizer:
    """A CLIP tokenizer with a small vocabulary of its own."""
    alphabet = _byte_alphabet()
    specials = ["<|startoftext|>", "<|endoftext|>"]
    bpe = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_pattern(), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(vocab_size=700, end_of_word_suffix="</w>", show_progress=False, initial_alphabet=alphabet)
    bpe.train_from_iterator([line.lower() for line in _CORPUS], trainer)
    merges = [tuple(merge) for merge in _merges(bpe)]
    tokens = alphabet + [letter + "</w>" for letter in alphabet] + ["".join(merge) for merge in merges]
    vocab = {token: index for index, token in enumerate([*dict.fromkeys(tokens), *specials])}
    return CLIPTokenizer(vocab=vocab, merges=merges, pad_token=pad, model_max_length=77)


def _merges(tokenizer: Tokenizer) -> list[Any]:
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [merge.split(" ") if isinstance(merge, str) else merge for merge in merges]


def _pattern() -> Any:
    return Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


def _byte_alphabet() -> list[str]:
    """GPT-2's printable stand-in for each byte, printable bytes first; "!" is 0, as in CLIP's vocabulary."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(rest))]


def _text_encoder(model: TinyModel, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    return CLIPTextModel(_text_config(tokenizer, hidden=32, act="gelu" if model.second_generation else "quick_gelu"))


def _text_config(tokenizer: CLIPTokenizer, hidden: int, act: str, projection: int = 32) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=3,
        projection_dim=projection,
        hidden_act=act,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _vae(model: TinyModel) -> AutoencoderKL:
    # Four levels, as real ones: then sizes that diffusers takes are latents that the U-Net cannot halve evenly.
    channels = (8, 16, 16, 32) if model.second_generation else (32, 64)
    vae = AutoencoderKL(
        block_out_channels=channels,
        down_block_types=("DownEncoderBlock2D",) * len(channels),
        up_block_types=("UpDecoderBlock2D",) * len(channels),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=64,
        scaling_factor=model.latent_scale,
    )
    # An untrained decoder paints nearly even grey, in which differences could not be seen.
    with torch.no_grad():
        picture = vae.decode(torch.randn(2, 4, 16, 16) / model.latent_scale).sample
        vae.decoder.conv_out.weight.mul_(0.6 / picture.std())
        image = torch.rand(2, 3, 32, 32) * 2 - 1
        mean = vae.encode(image).latent_dist.mean
        vae.quant_conv.weight[:4].mul_(1 / (model.latent_scale * mean.std()))
        vae.quant_conv.bias[4:].fill_(-1.5)
    return vae


def _unet(model: TinyModel) -> UNet2DConditionModel:
    numbers = 5 if model.refiner else 6
    added: dict[str, Any] = (
        {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": numbers * 8 + 24,
            "transformer_layers_per_block": (1, 2),
            "use_linear_projection": True,
        }
        if model.xl
        else {"use_linear_projection": model.second_generation}
    )
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=9 if model.inpainting else 4,
        out_channels=4,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=(40 if model.refiner else 72) if model.xl else 32,
        norm_num_groups=8,
        attention_head_dim=[4, 8] if model.second_generation else 4,
        time_cond_proj_dim=32 if model.guidance_embedding else None,
        **added,
    )


def _teach(model: TinyModel, unet: UNet2DConditionModel, tokenizer: CLIPTokenizer, encoder: CLIPTextModel) -> None:
    prompts = [*_CORPUS, ""]
    with torch.no_grad():
        embeddings = encoder(_ids(tokenizer, prompts))[0]
    _teach_on(model, unet, embeddings, {})


def _teach_xl(model: TinyModel, unet: UNet2DConditionModel, encoders: list[tuple[CLIPTokenizer, Any]]) -> None:
    prompts = [*_CORPUS, ""]
    with torch.no_grad():
        outputs = [encoder(_ids(tokenizer, prompts), output_hidden_states=True) for tokenizer, encoder in encoders]
    embeddings = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
    numbers = [48.0, 32, 0, 0, 6] if model.refiner else [48.0, 32, 0, 0, 48, 32]
    _teach_on(model, unet, embeddings, {"text_embeds": outputs[-1].text_embeds, "time_ids": torch.tensor([numbers])})


def _ids(tokenizer: CLIPTokenizer, prompts: list[str]) -> torch.Tensor:
    return tokenizer(prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids


def _teach_on(
    model: TinyModel, unet: UNet2DConditionModel, embeddings: torch.Tensor, added: dict[str, torch.Tensor]
) -> None:
    """A few dozen steps of denoising Gaussian latents whose mean depends on the prompt."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    alphas = torch.cumprod(1 - betas, 0)
    means = embeddings.mean(dim=1) @ torch.randn(embeddings.shape[-1], 4)
    means = means / means.std()
    optimizer = torch.optim.Adam(unet.parameters(), lr=4e-3)
    for _ in range(60):
        which = torch.randint(0, len(embeddings), (6,))
        clean = 0.6 * means[which][:, :, None, None] + 0.6 * torch.randn(6, 4, 8, 12)
        noise = torch.randn_like(clean)
        timestep = torch.randint(0, 1000, (6,))
        a, s = alphas[timestep].sqrt()[:, None, None, None], (1 - alphas[timestep]).sqrt()[:, None, None, None]
        noisy = a * clean + s * noise
        wanted = noise if model.prediction == "epsilon" else a * noise - s * clean
        sample = noisy
        if model.inpainting:
            mask = (torch.rand(6, 1, 8, 12) > 0.5).float()
            sample = torch.cat([noisy, mask, clean * (1 - mask)], dim=1)
        condition = torch.randn(6, 32) if model.guidance_embedding else None
        further = (
            {"text_embeds": added["text_embeds"][which], "time_ids": added["time_ids"].expand(6, -1)} if added else None
        )
        predicted = unet(
            sample, timestep, embeddings[which], timestep_cond=condition, added_cond_kwargs=further
        ).sample
        loss = torch.nn.functional.mse_loss(predicted, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{model.name}: loss {loss.item():.3f}", flush=True)
