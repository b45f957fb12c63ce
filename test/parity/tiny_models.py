"""Tiny Stable Diffusion pipelines with the shape of the real ones, for comparing implementations."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

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
    """Stable Diffusion 2's text encoder (gelu, pad token "!"), linear projections and scheduler file."""
    latent_scale: float = 0.18215
    inpainting: bool = False
    """Nine input channels: latents, mask, masked latents."""
    guidance_embedding: bool = False
    """A latent consistency model's timestep_cond instead of classifier-free guidance."""


def build(model: TinyModel, folder: Path) -> None:
    """Makes the pipeline from its seed, teaches its U-Net to predict noise of toy latents (an untrained one explodes
    under guidance), and saves it as save_pretrained does."""
    torch.manual_seed(model.seed)
    tokenizer = _tokenizer(pad="!" if model.second_generation else "<|endoftext|>")
    text_encoder = _text_encoder(model, tokenizer).eval()
    vae = _vae(model).eval()
    unet = _unet(model)
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


def _tokenizer(pad: str) -> CLIPTokenizer:
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
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=37,
            num_attention_heads=4,
            num_hidden_layers=3,
            projection_dim=32,
            hidden_act="gelu" if model.second_generation else "quick_gelu",
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def _vae(model: TinyModel) -> AutoencoderKL:
    vae = AutoencoderKL(
        block_out_channels=(32, 64),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
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
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=9 if model.inpainting else 4,
        out_channels=4,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        norm_num_groups=8,
        attention_head_dim=[4, 8] if model.second_generation else 4,
        use_linear_projection=model.second_generation,
        time_cond_proj_dim=32 if model.guidance_embedding else None,
    )


def _teach(model: TinyModel, unet: UNet2DConditionModel, tokenizer: CLIPTokenizer, encoder: CLIPTextModel) -> None:
    """A few dozen steps of denoising Gaussian latents whose mean depends on the prompt."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    alphas = torch.cumprod(1 - betas, 0)
    prompts = [*_CORPUS, ""]
    with torch.no_grad():
        ids = tokenizer(prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
        embeddings = encoder(ids)[0]
    means = embeddings.mean(dim=1) @ torch.randn(32, 4)
    means = means / means.std()
    optimizer = torch.optim.Adam(unet.parameters(), lr=4e-3)
    for _ in range(60):
        which = torch.randint(0, len(prompts), (6,))
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
        predicted = unet(sample, timestep, embeddings[which], timestep_cond=condition).sample
        loss = torch.nn.functional.mse_loss(predicted, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{model.name}: loss {loss.item():.3f}", flush=True)
