"""Kandinsky 2.0: a decoder U-Net that is told the rows of two text encoders, no prior. Its checkpoints are the original
implementation's (`original/`): diffusers has no pipeline of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import MT5EncoderModel

from ..component import Component, TensorSpec
from ..errors import SourceError
from ..original.source import OriginalSource
from ..source import Source, config_of
from ..tokenizer import write_tokenizer
from .autoencoder_kl import vae_components
from .family import Family
from .kandinsky import text_encoder_component

_LONGEST = 77


class RowsOfText(torch.nn.Module):
    """last_hidden_state, padding included."""

    def __init__(self, model: MT5EncoderModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def _second_text_encoder(source: Source) -> Component:
    model = source.load("text_encoder_2", MT5EncoderModel, dtype_argument="dtype")
    config = model.config
    return Component(
        name="text_encoder_2",
        module=RowsOfText(model),
        inputs=[
            TensorSpec("input_ids", "int64", ("batch", "sequence")),
            TensorSpec("attention_mask", "int64", ("batch", "sequence")),
        ],
        outputs=[TensorSpec("last_hidden_state", "float32", ("batch", "sequence", config.d_model))],
        sizes=[{"batch": 2, "sequence": _LONGEST}, {"batch": 3, "sequence": 40}, {"batch": 1, "sequence": _LONGEST}],
        config={**config_of(model, {}), "max_position_embeddings": _LONGEST},
        draw={
            "input_ids": lambda shape, g: torch.randint(0, config.vocab_size, shape, generator=g),
            "attention_mask": lambda shape, g: (torch.arange(shape[1]) < torch.randint(2, shape[1], (shape[0], 1), generator=g)).long(),
        },
    )


def unet_component(source: Source) -> Component:
    unet = source.load("unet", torch.nn.Module, dtype_argument="torch_dtype")
    layout = unet.layout
    step = 2 ** (len(layout.widths) - 1)
    row = lambda name, layer: TensorSpec(name, "float32", ("batch", "sequence", layer.in_features))  # noqa: E731
    return Component(
        name="unet",
        module=unet,
        inputs=[
            TensorSpec("sample", "float32", ("batch", layout.in_channels, "height", "width")),
            TensorSpec("timestep", "float32", ()),
            row("encoder_hidden_states", unet.to_model_dim),
            TensorSpec("text_embeds", "float32", ("batch", unet.proj.in_features)),
            row("encoder_hidden_states_2", unet.to_model_dim2),
        ],
        outputs=[TensorSpec("out_sample", "float32", ("batch", layout.out_channels, "height", "width"))],
        sizes=[
            {"batch": 2, "height": 2 * step, "width": 3 * step, "sequence": _LONGEST},
            {"batch": 1, "height": 5 * step, "width": 4 * step, "sequence": 40},
        ],
        config={
            "in_channels": layout.in_channels,
            "out_channels": layout.out_channels,
            "block_out_channels": list(layout.widths),
            "layers_per_block": layout.blocks,
            "cross_attention_dim": layout.context,
            "sample_size": 64,
            "addition_embed_type": "text_text",
        },
        draw={"timestep": lambda _, g: torch.rand((), generator=g) * 999},
    )


def _check(source: Source) -> None:
    if not isinstance(source, OriginalSource):
        raise SourceError(f"{source.folder}: Kandinsky 2.0 is read from the original checkpoints, Kandinsky-2-0.pt and those beside it")


def _components(source: Source) -> Iterator[Component]:
    yield text_encoder_component(source)
    yield _second_text_encoder(source)
    yield unet_component(source)
    yield from vae_components(source)


def _write_rest(source: Source, out: Path) -> dict[str, Any]:
    (out / "scheduler").mkdir()
    shutil.copyfile(source.path("scheduler", "scheduler_config.json"), out / "scheduler" / "scheduler_config.json")
    for name in ("tokenizer", "tokenizer_2"):
        write_tokenizer(source, name, out / name)
    return {
        "scheduler": source.index.get("scheduler"),
        "tokenizer": source.index.get("tokenizer"),
        "tokenizer_2": ["transformers", "T5TokenizerFast"],
    }


FAMILY = Family(
    class_names=("Kandinsky20Pipeline",),
    check=_check,
    components=_components,
    write_rest=_write_rest,
    notes=lambda source: [],
)
