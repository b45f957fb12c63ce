"""AutoencoderKL, as two files."""

from typing import Any

import torch
from diffusers import AutoencoderKL

from ..component import Component, TensorSpec
from ..source import Source, config_of


class VaeEncoder(torch.nn.Module):
    """RGB in [-1, 1] -> mean and log-variance of the latents, unscaled."""

    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        # Only its own half: rounding this module's weights must leave the decoder's alone.
        self.encoder = vae.encoder
        self.quant_conv = torch.nn.Identity() if vae.quant_conv is None else vae.quant_conv

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        return self.quant_conv(self.encoder(sample))


class VaeDecoder(torch.nn.Module):
    """Unscaled latents -> RGB, about [-1, 1]."""

    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        self.decoder = vae.decoder
        self.post_quant_conv = torch.nn.Identity() if vae.post_quant_conv is None else vae.post_quant_conv

    def forward(self, latent_sample: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.post_quant_conv(latent_sample))


def vae_components(source: Source) -> list[Component]:
    """vae_encoder: sample -> latent_parameters [.., 2 * latent channels, ..]; vae_decoder: latent_sample -> sample."""
    vae = source.load("vae", AutoencoderKL, dtype_argument="torch_dtype")
    config = config_of(vae, source.read_json("vae", "config.json"))
    parameters = ("latent_parameters", 2 * vae.config.latent_channels)
    return coder_components(VaeEncoder(vae), VaeDecoder(vae), config, encoded=parameters)


def coder_components(
    encoder: torch.nn.Module, decoder: torch.nn.Module, config: dict[str, Any], encoded: tuple[str, int]
) -> list[Component]:
    """The two files of a picture coder.

    :param encoded: name and channels of the encoder's output
    """
    factor = 2 ** (len(config["block_out_channels"]) - 1)
    image = lambda name, c: TensorSpec(name, "float32", ("batch", c, "height", "width"))  # noqa: E731
    latents = lambda name, c: TensorSpec(name, "float32", ("batch", c, "latent_height", "latent_width"))  # noqa: E731
    sizes = [_sizes(2, 8, 12, factor), _sizes(1, 12, 6, factor)]
    return [
        Component(
            name="vae_encoder",
            module=encoder,
            inputs=[image("sample", config["in_channels"])],
            outputs=[latents(*encoded)],
            sizes=sizes,
            config=config,
            draw={"sample": lambda shape, g: torch.rand(shape, generator=g) * 2 - 1},
        ),
        Component(
            name="vae_decoder",
            module=decoder,
            inputs=[latents("latent_sample", config["latent_channels"])],
            outputs=[image("sample", config["out_channels"])],
            sizes=sizes,
            config=config,
        ),
    ]


def _sizes(batch: int, height: int, width: int, factor: int) -> dict[str, int]:
    return {
        "batch": batch,
        "latent_height": height,
        "latent_width": width,
        "height": height * factor,
        "width": width * factor,
    }
