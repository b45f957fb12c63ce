"""Stable Diffusion 1.x and 2.x, their inpainting models, and latent consistency models distilled from them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel

from ..component import Component, TensorSpec
from ..errors import SourceError
from ..source import Source, config_of
from ..tokenizer import write_clip_tokenizer
from .autoencoder_kl import vae_components
from .clip_text import clip_text_component
from .family import Family


_ACCEPTED = {
    "text_encoder": ("CLIPTextModel", "CLIPTextModelWithProjection"),
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL",),
}


class Unet(torch.nn.Module):
    """timestep is a scalar: one step for the whole batch, and fractional ones (LMS, Euler, Heun) stay exact."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.unet = unet

    def forward(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        timestep_cond: torch.Tensor | None = None,
    ) -> torch.Tensor:
        return self.unet(
            sample, timestep, encoder_hidden_states, timestep_cond=timestep_cond, return_dict=False
        )[0]


def _unet_component(source: Source) -> Component:
    unet = source.load("unet", UNet2DConditionModel, dtype_argument="torch_dtype")
    config = unet.config
    if config.addition_embed_type is not None or config.class_embed_type is not None:
        raise SourceError(
            f"{source.folder / 'unet' / 'config.json'}: a U-Net with addition_embed_type {config.addition_embed_type} "
            f"and class_embed_type {config.class_embed_type} is not Stable Diffusion 1.x or 2.x"
        )
    text_dim = config.encoder_hid_dim or config.cross_attention_dim
    inputs = [
        TensorSpec("sample", "float32", ("batch", config.in_channels, "height", "width")),
        TensorSpec("timestep", "float32", ()),
        TensorSpec("encoder_hidden_states", "float32", ("batch", "sequence", text_dim)),
    ]
    if config.time_cond_proj_dim is not None:
        inputs.append(TensorSpec("timestep_cond", "float32", ("batch", config.time_cond_proj_dim)))
    # Below this multiple, skip connections of the exported graph no longer fit.
    step = 2 ** (len(config.block_out_channels) - 1)
    return Component(
        name="unet",
        module=Unet(unet),
        inputs=inputs,
        outputs=[TensorSpec("out_sample", "float32", ("batch", config.out_channels, "height", "width"))],
        sizes=[
            {"batch": 2, "height": 2 * step, "width": 3 * step, "sequence": 77},
            {"batch": 1, "height": 5 * step, "width": 4 * step, "sequence": 154},
        ],
        config=config_of(unet, source.read_json("unet", "config.json")),
        draw={"timestep": lambda _, g: torch.rand((), generator=g) * 999},
    )


def _check(source: Source) -> None:
    for component, accepted in _ACCEPTED.items():
        found = source.component_class(component)
        if found not in accepted:
            raise SourceError(
                f"{source.folder / 'model_index.json'}: {component} is {found}; accepted: {', '.join(accepted)}"
            )
        source.read_json(component, "config.json")
    source.path("tokenizer")
    source.read_json("scheduler", "scheduler_config.json")


def _components(source: Source) -> Iterator[Component]:
    yield clip_text_component(source, "text_encoder")
    yield _unet_component(source)
    yield from vae_components(source)


def _write_rest(source: Source, out: Path) -> dict[str, Any]:
    write_clip_tokenizer(source, "tokenizer", out / "tokenizer")
    (out / "scheduler").mkdir()
    shutil.copyfile(source.path("scheduler", "scheduler_config.json"), out / "scheduler" / "scheduler_config.json")
    return {
        "tokenizer": source.index.get("tokenizer", ["transformers", "CLIPTokenizer"]),
        "scheduler": source.index.get("scheduler"),
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "safety_checker": [None, None],
        "requires_safety_checker": False,
    }


def _notes(source: Source) -> list[str]:
    if source.component_class("safety_checker") is None:
        return []
    return ["The safety checker is not exported: pictures from this folder are not filtered."]


FAMILY = Family(
    class_names=(
        "StableDiffusionPipeline",
        "StableDiffusionImg2ImgPipeline",
        "StableDiffusionInpaintPipeline",
        "LatentConsistencyModelPipeline",
    ),
    check=_check,
    components=_components,
    write_rest=_write_rest,
    notes=_notes,
)
