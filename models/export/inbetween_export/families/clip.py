"""CLIP as transformers' CLIPModel.save_pretrained writes it, with its processor's files beside it."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import CLIPModel

from ..component import Component, TensorSpec
from ..errors import SourceError
from ..manifest import write_json
from ..source import Source
from ..tokenizer import check_clip_tokenizer, write_clip_tokenizer
from .family import Family

_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt")
_PREPROCESSORS = ("preprocessor_config.json", "processor_config.json")


class Texts(torch.nn.Module):
    """Token ids to projected embeddings of the end token's state; causal, so what pads the ids changes nothing."""

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.text_model, self.text_projection = model.text_model, model.text_projection

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.text_projection(self.text_model(input_ids=input_ids).pooler_output)


class Pictures(torch.nn.Module):
    """Pixel values as the preprocessor makes them to projected embeddings."""

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.vision_model, self.visual_projection = model.vision_model, model.visual_projection

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return self.visual_projection(self.vision_model(pixel_values=pixel_values).pooler_output)


@functools.lru_cache(maxsize=1)
def _model(source: Source) -> CLIPModel:
    model = source.load(".", CLIPModel, dtype_argument="dtype")
    # Eager attention is plain matrix products: the graph that every provider runs.
    model.set_attn_implementation("eager")
    return model


def _check(source: Source) -> None:
    source.check_component(".")
    check_clip_tokenizer(source, ".")
    _preprocessor(source)


def _preprocessor(source: Source) -> dict[str, Any]:
    """How pictures are prepared; transformers 5 keeps it inside processor_config.json."""
    for name in _PREPROCESSORS:
        if (source.folder / name).exists():
            config = source.read_json(name)
            return config.get("image_processor", config)
    raise SourceError(f"{source.folder} has no {' or '.join(_PREPROCESSORS)}: save the model's processor beside it")


def _components(source: Source) -> Iterator[Component]:
    model = _model(source)
    config, width = model.config, model.config.projection_dim
    text, vision = config.text_config, config.vision_config
    longest, side = text.max_position_embeddings, vision.image_size
    yield Component(
        name="text_model",
        module=Texts(model),
        inputs=[TensorSpec("input_ids", "int64", ("batch", "sequence"))],
        outputs=[TensorSpec("text_embeds", "float32", ("batch", width))],
        sizes=[{"batch": 2, "sequence": longest}, {"batch": 3, "sequence": longest // 2}, {"batch": 1, "sequence": longest}],
        config={**text.to_dict(), "projection_dim": width},
        draw={"input_ids": lambda shape, g: torch.randint(0, text.vocab_size, shape, generator=g)},
    )
    yield Component(
        name="vision_model",
        module=Pictures(model),
        inputs=[TensorSpec("pixel_values", "float32", ("batch", vision.num_channels, side, side))],
        outputs=[TensorSpec("image_embeds", "float32", ("batch", width))],
        sizes=[{"batch": 2}, {"batch": 3}, {"batch": 1}],
        config={**vision.to_dict(), "projection_dim": width},
    )


def _write_rest(source: Source, out: Path) -> dict[str, Any]:
    write_clip_tokenizer(source, ".", out / "tokenizer", _TOKENIZER_FILES)
    (out / "image_processor").mkdir()
    write_json(out / "image_processor" / "preprocessor_config.json", _preprocessor(source))
    return {"logit_scale": _model(source).logit_scale.item()}


FAMILY = Family(
    class_names=("CLIPModel",),
    check=_check,
    components=_components,
    write_rest=_write_rest,
    notes=lambda source: [],
)
