"""The prior of Kandinsky 2.1 and 2.2: a prompt's CLIP encoding -> the embedding of a picture of it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import PriorTransformer
from transformers import CLIPVisionModelWithProjection

from ..component import Component, TensorSpec
from ..errors import SourceError
from ..source import Source, config_of
from ..tokenizer import check_clip_tokenizer, write_clip_tokenizer
from .clip_text import clip_text_component

_ACCEPTED = {
    "prior": ("PriorTransformer",),
    "image_encoder": ("CLIPVisionModelWithProjection",),
    "text_encoder": ("CLIPTextModelWithProjection",),
}


@dataclass(frozen=True)
class PriorSource:
    """Where the prior's components lie: in a folder of their own, or beside the decoder's with "prior_" before."""

    source: Source
    prefix: str

    def name(self, component: str) -> str:
        return self.prefix + component

    def check(self) -> None:
        """:raises SourceError: a component is missing or of another class"""
        for component, accepted in _ACCEPTED.items():
            name = self.name(component)
            found = self.source.component_class(name)
            if found not in accepted:
                raise SourceError(
                    f"{self.source.folder / 'model_index.json'}: {name} is {found}; accepted: {', '.join(accepted)}"
                )
            self.source.check_component(name)
        check_clip_tokenizer(self.source, self.name("tokenizer"))
        self.source.read_json(self.name("scheduler"), "scheduler_config.json")


class Prior(torch.nn.Module):
    """timestep is a scalar: one step for the whole batch. The mask holds 1 for text and 0 for padding."""

    def __init__(self, prior: PriorTransformer) -> None:
        super().__init__()
        self.prior = prior

    def forward(
        self,
        hidden_states: torch.Tensor,
        timestep: torch.Tensor,
        proj_embedding: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        attention_mask: torch.Tensor,
    ) -> torch.Tensor:
        return self.prior(
            hidden_states,
            timestep.expand(hidden_states.shape[0]),
            proj_embedding,
            encoder_hidden_states,
            attention_mask=attention_mask,
            return_dict=False,
        )[0]


class ImageEncoder(torch.nn.Module):
    """CLIP's picture side: pixel values as its preprocessor makes them -> the projected embedding."""

    def __init__(self, model: CLIPVisionModelWithProjection) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return self.model(pixel_values).image_embeds


def prior_components(prior: PriorSource) -> Iterator[Component]:
    """prior_image_encoder, prior_text_encoder and prior."""
    images = _image_encoder(prior)
    yield images
    size = images.inputs[0].dims[-1]
    with torch.no_grad():
        # Kandinsky's "no picture": what the encoder, as it was stored, says of a picture of zeros after preprocessing.
        zero = images.module(torch.zeros(1, 3, size, size))[0]
    text = clip_text_component(prior.source, prior.name("text_encoder"), greatest=True)
    text.name = "prior_text_encoder"
    yield text
    yield _prior(prior, zero)


def _image_encoder(prior: PriorSource) -> Component:
    name = prior.name("image_encoder")
    model = prior.source.load(name, CLIPVisionModelWithProjection, dtype_argument="dtype")
    model.set_attn_implementation("eager")
    size = model.config.image_size
    return Component(
        name="prior_image_encoder",
        module=ImageEncoder(model),
        inputs=[TensorSpec("pixel_values", "float32", ("batch", 3, size, size))],
        outputs=[TensorSpec("image_embeds", "float32", ("batch", model.config.projection_dim))],
        sizes=[{"batch": 2}, {"batch": 3}, {"batch": 1}],
        config=config_of(model, prior.source.read_json(name, "config.json")),
    )


def _prior(prior: PriorSource, zero: torch.Tensor) -> Component:
    name = prior.name("prior")
    model = prior.source.load(name, PriorTransformer, dtype_argument="torch_dtype")
    width, tokens = model.config.embedding_dim, model.config.num_embeddings
    return Component(
        name="prior",
        module=Prior(model),
        inputs=[
            TensorSpec("hidden_states", "float32", ("batch", width)),
            TensorSpec("timestep", "float32", ()),
            TensorSpec("proj_embedding", "float32", ("batch", width)),
            TensorSpec("encoder_hidden_states", "float32", ("batch", tokens, width)),
            TensorSpec("attention_mask", "int64", ("batch", tokens)),
        ],
        outputs=[TensorSpec("predicted_image_embedding", "float32", ("batch", width))],
        sizes=[{"batch": 2}, {"batch": 3}, {"batch": 1}],
        config=config_of(model, prior.source.read_json(name, "config.json")),
        # Embeddings leave the prior as x * clip_std + clip_mean.
        config_tensors={"clip_mean": model.clip_mean, "clip_std": model.clip_std, "zero_image_embedding": zero},
        draw={
            "timestep": lambda _, g: torch.randint(0, 1000, (), generator=g).float(),
            "attention_mask": lambda shape, g: (torch.arange(shape[1]) < torch.randint(2, shape[1], (shape[0], 1), generator=g)).long(),
        },
    )


def write_prior_rest(prior: PriorSource, out: Path) -> dict[str, Any]:
    """Tokenizer, scheduler and the picture preprocessor's settings."""
    source = prior.source
    write_clip_tokenizer(source, prior.name("tokenizer"), out / "prior_tokenizer")
    (out / "prior_scheduler").mkdir()
    scheduler = source.path(prior.name("scheduler"), "scheduler_config.json")
    shutil.copyfile(scheduler, out / "prior_scheduler" / "scheduler_config.json")
    preprocessor = source.folder / prior.name("image_processor") / "preprocessor_config.json"
    if preprocessor.exists():
        (out / "prior_image_processor").mkdir()
        shutil.copyfile(preprocessor, out / "prior_image_processor" / "preprocessor_config.json")
    return {
        "prior_tokenizer": source.index.get(prior.name("tokenizer")),
        "prior_scheduler": source.index.get(prior.name("scheduler")),
    }
