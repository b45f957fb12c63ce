"""MoVQ, the picture coder of Kandinsky 2.1 and 2.2 (VQModel with spatial norms), as two files."""

import torch
from diffusers import VQModel

from ..component import Component
from ..source import Source, config_of
from .autoencoder_kl import coder_components


class MovqEncoder(torch.nn.Module):
    """RGB in [-1, 1] -> latents. They are not quantized: Kandinsky works on what comes before the codebook."""

    def __init__(self, movq: VQModel) -> None:
        super().__init__()
        self.encoder = movq.encoder
        self.quant_conv = movq.quant_conv

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        return self.quant_conv(self.encoder(sample))


class MovqDecoder(torch.nn.Module):
    """Latents -> RGB. The spatial norms are fed the latents themselves."""

    def __init__(self, movq: VQModel) -> None:
        super().__init__()
        self.decoder = movq.decoder
        self.post_quant_conv = movq.post_quant_conv
        self.spatial = movq.config.norm_type == "spatial"

    def forward(self, latent_sample: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.post_quant_conv(latent_sample), latent_sample if self.spatial else None)


def movq_components(source: Source) -> list[Component]:
    """vae_encoder: sample -> latent_sample; vae_decoder: latent_sample -> sample."""
    movq = source.load("movq", VQModel, dtype_argument="torch_dtype")
    # MoVQ's latents are used as they are, whatever the class's default says.
    config = {**config_of(movq, source.read_json("movq", "config.json")), "scaling_factor": 1}
    return coder_components(
        MovqEncoder(movq), MovqDecoder(movq), config, encoded=("latent_sample", movq.config.latent_channels)
    )
