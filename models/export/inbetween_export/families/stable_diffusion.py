"""Stable Diffusion 1.x and 2.x, their inpainting models, and latent consistency models distilled from them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..component import Component
from ..errors import SourceError
from ..source import Source
from ..tokenizer import check_clip_tokenizer, write_clip_tokenizer
from .autoencoder_kl import vae_components
from .clip_text import clip_text_component
from .family import Family
from .unet_condition import unet_component


_ACCEPTED = {
    "text_encoder": ("CLIPTextModel", "CLIPTextModelWithProjection"),
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL",),
}


def _check(source: Source) -> None:
    for component, accepted in _ACCEPTED.items():
        found = source.component_class(component)
        if found not in accepted:
            raise SourceError(
                f"{source.folder / 'model_index.json'}: {component} is {found}; accepted: {', '.join(accepted)}"
            )
        source.check_component(component)
    check_clip_tokenizer(source, "tokenizer")
    source.read_json("scheduler", "scheduler_config.json")


def _components(source: Source) -> Iterator[Component]:
    yield clip_text_component(source, "text_encoder")
    yield unet_component(source, addition=None)
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
        "LatentConsistencyModelImg2ImgPipeline",
    ),
    check=_check,
    components=_components,
    write_rest=_write_rest,
    notes=_notes,
)
