"""The networks of Kandinsky 2.1 at a size that a CPU trains in an hour, by the classes that the real ones have.

All embeddings are 384 wide, as diffusers' text-and-image U-Net wants the pooled text, the picture's embedding and its
own cross-attention to be. Latents are the embedded model's; the networks are trained on them divided by their standard
deviation.
"""

from __future__ import annotations

import torch
from diffusers import PriorTransformer, UNet2DConditionModel, VQModel
from diffusers.pipelines.kandinsky import MultilingualCLIP
from diffusers.pipelines.kandinsky.text_encoder import MCLIPConfig
from torch.nn import functional as F
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from nets.autoencoder import Encoder
from nets.clip import EMBEDDING, SIDE, Head
from nets.unet import UNET_CONFIG, WIDTH

CONTEXT = 77
"""Tokens that all of Kandinsky's text encoders read."""
IMAGE_TOKENS = 10
"""Rows that a picture's embedding becomes for the U-Net: diffusers' number."""
LATENT_CHANNELS = UNET_CONFIG["in_channels"]

BETAS = {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02, "num_train_timesteps": 1000}
"""Kandinsky's image to image noises a picture by this schedule, whatever the decoder was trained on: here it is the
same one."""
SPREAD = 1 / 3
"""Standard deviation of the latents that the exported files exchange. Kandinsky takes its picture coder's latents as
they are, and p_sampler divides predicted ones by the 99.5th percentile of their size where that is above 1: wider latents
would lose their contrast."""

MOVQ_CONFIG = {
    "in_channels": 3, "out_channels": 3, "latent_channels": LATENT_CHANNELS, "vq_embed_dim": LATENT_CHANNELS,
    "num_vq_embeddings": 1024, "block_out_channels": (32, 32, 64, 96, 160), "layers_per_block": 1,
    "down_block_types": ("DownEncoderBlock2D",) * 5, "up_block_types": ("UpDecoderBlock2D",) * 5,
    "norm_num_groups": 32, "norm_type": "spatial", "sample_size": SIDE,
}

UNET_21_CONFIG = {
    **UNET_CONFIG, "out_channels": 2 * LATENT_CHANNELS, "encoder_hid_dim": 256, "encoder_hid_dim_type": "text_image_proj",
    "addition_embed_type": "text_image",
}

PRIOR_CONFIG = {
    "num_attention_heads": 6, "attention_head_dim": 64, "num_layers": 4, "embedding_dim": WIDTH, "num_embeddings": CONTEXT,
}


def alphas_cumprod() -> torch.Tensor:
    """The cumulative product of 1 - beta of the decoder's schedule, [1000]."""
    betas = torch.linspace(BETAS["beta_start"], BETAS["beta_end"], 1000, dtype=torch.float64)
    return torch.cumprod(1 - betas, 0).float()


def make_movq() -> VQModel:
    return VQModel(**MOVQ_CONFIG)


def make_unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(**UNET_21_CONFIG)


def make_inpainting_unet() -> UNet2DConditionModel:
    """The U-Net that is given the kept picture and the mask besides."""
    return UNet2DConditionModel(**{**UNET_21_CONFIG, "in_channels": 2 * LATENT_CHANNELS + 1})


def make_prior() -> PriorTransformer:
    return PriorTransformer(**PRIOR_CONFIG)


def make_multilingual(vocabulary: int) -> MultilingualCLIP:
    """The decoder's text encoder, of XLM-R's kind; padding is id 1."""
    return MultilingualCLIP(MCLIPConfig(
        transformerDimSize=256, imageDimSize=WIDTH, vocab_size=vocabulary, hidden_size=256, intermediate_size=768,
        num_attention_heads=4, num_hidden_layers=4, max_position_embeddings=CONTEXT + 2, pad_token_id=1,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    ))


def make_clip_text(vocabulary: int, start: int, end: int) -> CLIPTextModelWithProjection:
    """The prior's text encoder, causal as CLIP's."""
    return CLIPTextModelWithProjection(CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=WIDTH, intermediate_size=768, num_attention_heads=6, num_hidden_layers=3,
        projection_dim=WIDTH, max_position_embeddings=CONTEXT, bos_token_id=start, eos_token_id=end, pad_token_id=end,
    ))


class ImageEncoder(torch.nn.Module):
    """Pixels [b, 3, 256, 256] in [-1, 1] to embeddings [b, 384]: the small CLIP's direction, turned into the wider space
    without a change of angles, each number about 1 large."""

    def __init__(self, encoder: Encoder, head: Head) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head
        self.turn = torch.nn.Linear(EMBEDDING, WIDTH, bias=False)
        with torch.no_grad():
            self.turn.weight.copy_(turn().T)

    def of_latents(self, latents: torch.Tensor) -> torch.Tensor:
        """From the embedded model's latents [b, 12, 16, 16], not divided."""
        found = self.head(latents)
        return self.turn(found / found.norm(dim=1, keepdim=True))

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return self.of_latents(self.encoder(pixel_values))


def turn() -> torch.Tensor:
    """[256, 384] with rows at right angles, of length sqrt(384)."""
    drawn = torch.randn(WIDTH, EMBEDDING, generator=torch.Generator().manual_seed(21), dtype=torch.float64)
    return (torch.linalg.qr(drawn)[0].T * WIDTH**0.5).float()


def wide_text(texts: torch.Tensor) -> torch.Tensor:
    """The small CLIP's text embeddings [b, 256] in the same space, of the same length."""
    return F.normalize(texts, dim=1) @ turn()
