"""Stable Diffusion XL, SDXL-Turbo, its inpainting models and its refiner (which has the second text encoder alone)."""

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
    "text_encoder": ("CLIPTextModel", "CLIPTextModelWithProjection", None),
    "text_encoder_2": ("CLIPTextModelWithProjection",),
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL",),
}


def _encoders(source: Source) -> list[tuple[str, str]]:
    pairs = [("text_encoder", "tokenizer"), ("text_encoder_2", "tokenizer_2")]
    return [pair for pair in pairs if source.component_class(pair[0]) is not None]


def _check(source: Source) -> None:
    for component, accepted in _ACCEPTED.items():
        found = source.component_class(component)
        if found not in accepted:
            names = ", ".join(name for name in accepted if name is not None)
            raise SourceError(
                f"{source.folder / 'model_index.json'}: {component} is {found}; accepted: {names}"
            )
        if found is not None:
            source.check_component(component)
    for _, tokenizer in _encoders(source):
        check_clip_tokenizer(source, tokenizer)
    source.read_json("scheduler", "scheduler_config.json")


def _components(source: Source) -> Iterator[Component]:
    for encoder, _ in _encoders(source):
        yield clip_text_component(source, encoder)
    yield unet_component(source, addition="text_time")
    yield from vae_components(source)


def _write_rest(source: Source, out: Path) -> dict[str, Any]:
    encoders = _encoders(source)
    for _, tokenizer in encoders:
        write_clip_tokenizer(source, tokenizer, out / tokenizer)
    (out / "scheduler").mkdir()
    shutil.copyfile(source.path("scheduler", "scheduler_config.json"), out / "scheduler" / "scheduler_config.json")
    kept = ("force_zeros_for_empty_prompt", "requires_aesthetics_score")
    return {
        **{tokenizer: source.index.get(tokenizer, ["transformers", "CLIPTokenizer"]) for _, tokenizer in encoders},
        "scheduler": source.index.get("scheduler"),
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        **{key: source.index[key] for key in kept if key in source.index},
    }


FAMILY = Family(
    class_names=(
        "StableDiffusionXLPipeline",
        "StableDiffusionXLImg2ImgPipeline",
        "StableDiffusionXLInpaintPipeline",
    ),
    check=_check,
    components=_components,
    write_rest=_write_rest,
    notes=lambda source: [],
)
