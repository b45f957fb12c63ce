"""Tiny Kandinsky 2.1 and 2.2 pipelines with the shape of the real ones, saved as diffusers saves them."""

import gzip
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    KandinskyCombinedPipeline,
    KandinskyV22CombinedPipeline,
    PriorTransformer,
    UnCLIPScheduler,
    UNet2DConditionModel,
    VQModel,
)
from diffusers.pipelines.kandinsky import MultilingualCLIP
from diffusers.pipelines.kandinsky.text_encoder import MCLIPConfig
from transformers import (
    AutoTokenizer,
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from tiny_models import make_tokenizer as clip_tokenizer  # noqa: E402

_TOKENIZERS = HERE.parents[1] / "fixtures" / "tokenizers"
WIDTH = 32
"""Of every embedding."""


@dataclass(frozen=True)
class TinyKandinsky:
    name: str
    seed: int
    second: bool = False
    """Kandinsky 2.2: the decoder is told no text."""
    inpainting: bool = False
    learned_variance: bool = False
    """Kandinsky's ddpm scheduler, with learned variance and thresholds; else its DDIM scheduler."""


def build(model: TinyKandinsky, folder: Path) -> None:
    torch.manual_seed(model.seed)
    coder, unet = movq(), _unet(model)
    teach(unet, model)
    prior_tokenizer = clip_tokenizer(pad="<|endoftext|>")
    parts = {
        "unet": unet.eval(),
        "scheduler": _scheduler(model),
        "movq": coder,
        "prior_prior": prior(PriorTransformer(num_attention_heads=2, attention_head_dim=12, embedding_dim=WIDTH, num_layers=2)),
        "prior_image_encoder": image_encoder(),
        "prior_text_encoder": text_encoder(prior_tokenizer),
        "prior_tokenizer": prior_tokenizer,
        "prior_scheduler": UnCLIPScheduler(
            variance_type="fixed_small_log",
            prediction_type="sample",
            num_train_timesteps=1000,
            clip_sample=True,
            clip_sample_range=5.0,
        ),
        "prior_image_processor": CLIPImageProcessor(
            size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}, resample=3
        ),
    }
    if model.second:
        pipeline = KandinskyV22CombinedPipeline(**parts)
    else:
        tokenizer = multilingual_tokenizer(folder.with_name(f"{folder.name}.tokenizer"))
        pipeline = KandinskyCombinedPipeline(
            tokenizer=tokenizer, text_encoder=multilingual(len(tokenizer)), **parts
        )
    pipeline.save_pretrained(folder)


def build_decoder(model: TinyKandinsky, other: Path, folder: Path) -> None:
    """The pipeline in `other` with a U-Net and a scheduler of its own."""
    torch.manual_seed(model.seed)
    base = (KandinskyV22CombinedPipeline if model.second else KandinskyCombinedPipeline).from_pretrained(other)
    unet = _unet(model)
    teach(unet, model)
    parts = {**base.components, "unet": unet.eval(), "scheduler": _scheduler(model)}
    type(base)(**parts).save_pretrained(folder)


def multilingual_tokenizer(scratch: Path, kind: str = "xlmr"):
    """The XLM-R (or T5) tokenizer of the tokenizers' fixtures, whose character map is kept apart."""
    shutil.copytree(_TOKENIZERS / kind, scratch, dirs_exist_ok=True)
    content = json.loads((scratch / "tokenizer.json").read_text(encoding="utf-8"))
    charsmap = gzip.decompress((_TOKENIZERS / "nmt_nfkc.charsmap.gz").read_bytes()).decode()
    nodes = [content["normalizer"], *content["normalizer"].get("normalizers", [])]
    for node in nodes:
        if "precompiled_charsmap" in node:
            node["precompiled_charsmap"] = charsmap
    (scratch / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    tokenizer = AutoTokenizer.from_pretrained(scratch)
    shutil.rmtree(scratch)
    return tokenizer


def multilingual(vocabulary: int, projected: int = WIDTH) -> MultilingualCLIP:
    return MultilingualCLIP(
        MCLIPConfig(
            transformerDimSize=WIDTH,
            imageDimSize=projected,
            vocab_size=vocabulary,
            hidden_size=WIDTH,
            intermediate_size=37,
            num_attention_heads=4,
            num_hidden_layers=3,
            max_position_embeddings=514,
            pad_token_id=1,
        )
    ).eval()


def text_encoder(tokenizer) -> CLIPTextModelWithProjection:
    return CLIPTextModelWithProjection(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=37,
            num_attention_heads=4,
            num_hidden_layers=3,
            projection_dim=WIDTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    ).eval()


def image_encoder() -> CLIPVisionModelWithProjection:
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=WIDTH,
            intermediate_size=37,
            num_attention_heads=4,
            num_hidden_layers=3,
            projection_dim=WIDTH,
            image_size=28,
            patch_size=14,
        )
    ).eval()


def prior(model: PriorTransformer) -> PriorTransformer:
    model.eval()
    with torch.no_grad():
        model.clip_std.copy_(0.5 + torch.rand(1, WIDTH))
        model.clip_mean.copy_(torch.randn(1, WIDTH) * 0.3)
        for parameter in (model.prd_embedding, model.positional_embedding):
            parameter.normal_(std=0.3)
    return model


def movq(groups: int = 8) -> VQModel:
    model = VQModel(
        block_out_channels=[32, 64],
        down_block_types=["DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
        up_block_types=["AttnUpDecoderBlock2D", "UpDecoderBlock2D"],
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=groups,
        norm_type="spatial",
        num_vq_embeddings=12,
        vq_embed_dim=4,
    ).eval()
    # An untrained decoder paints nearly even grey, in which differences could not be seen.
    with torch.no_grad():
        picture = model.decode(torch.randn(2, 4, 16, 16), force_not_quantize=True).sample
        model.decoder.conv_out.weight.mul_(0.6 / picture.std())
        latents = model.encode(torch.rand(2, 3, 32, 32) * 2 - 1).latents
        model.quant_conv.weight.mul_(1 / latents.std())
    return model


def _unet(model: TinyKandinsky) -> UNet2DConditionModel:
    kind = "image" if model.second else "text_image"
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=9 if model.inpainting else 4,
        out_channels=8,
        addition_embed_type=kind,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        block_out_channels=(32, 64),
        layers_per_block=1,
        encoder_hid_dim=WIDTH,
        encoder_hid_dim_type=f"{kind}_proj",
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        resnet_time_scale_shift="scale_shift",
        class_embed_type=None,
    )


def _scheduler(model: TinyKandinsky):
    betas = {"num_train_timesteps": 1000, "beta_schedule": "linear", "beta_start": 0.00085, "beta_end": 0.012}
    if model.learned_variance:
        return DDPMScheduler(
            **betas, variance_type="learned_range", thresholding=True, sample_max_value=2.0, clip_sample=False
        )
    return DDIMScheduler(
        **betas, clip_sample=False, set_alpha_to_one=False, steps_offset=1, prediction_type="epsilon", thresholding=False
    )


def teach(unet: UNet2DConditionModel, model: TinyKandinsky) -> None:
    def predict(sample, timestep, image, text):
        added = {"image_embeds": image} if model.second else {"image_embeds": image, "text_embeds": text.mean(1)}
        return unet(sample, timestep, None if model.second else text, added_cond_kwargs=added).sample

    practise(unet, predict, torch.linspace(0.00085, 0.012, 1000), model.inpainting)


def practise(unet: torch.nn.Module, predict, betas: torch.Tensor, inpainting: bool) -> None:
    """A few dozen steps of denoising Gaussian latents whose mean depends on the picture's embedding: an untrained
    U-Net explodes under guidance.

    :param predict: the U-Net on (sample, timestep, image embedding, rows of text)
    """
    alphas = torch.cumprod(1 - betas, 0)
    means = torch.randn(WIDTH, 4) * 0.1
    optimizer = torch.optim.Adam(unet.parameters(), lr=4e-3)
    for _ in range(50):
        image, text = torch.randn(6, WIDTH), torch.randn(6, 77, WIDTH)
        clean = (image @ means)[:, :, None, None] + 0.6 * torch.randn(6, 4, 8, 12)
        noise, timestep = torch.randn_like(clean), torch.randint(0, 1000, (6,))
        signal, spread = alphas[timestep].sqrt()[:, None, None, None], (1 - alphas[timestep]).sqrt()[:, None, None, None]
        sample = signal * clean + spread * noise
        if inpainting:
            keep = (torch.rand(6, 1, 8, 12) > 0.5).float()
            sample = torch.cat([sample, clean * keep, keep], dim=1)
        predicted = predict(sample, timestep, image, text)
        loss = torch.nn.functional.mse_loss(predicted[:, :4], noise) + 0.01 * predicted[:, 4:].square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{type(unet).__name__}: loss {loss.item():.3f}", flush=True)
