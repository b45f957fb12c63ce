"""Kandinsky 2.1 and 2.2: a decoder U-Net that is told a picture's embedding, and the prior that imagines it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.pipelines.kandinsky import MultilingualCLIP

from ..component import Component, TensorSpec
from ..errors import SourceError
from ..extra_rows_graph import add_extra_rows
from ..source import Source, config_of
from ..tokenizer import write_tokenizer
from .extra_rows import ExtraRows
from .family import Family
from .movq import movq_components
from .unclip_prior import PriorSource, prior_components, write_prior_rest

_TASKS = ("", "Img2Img", "Inpaint")
_2_1 = tuple(f"Kandinsky{task}{kind}Pipeline" for kind in ("", "Combined") for task in _TASKS)
_2_2 = tuple(f"KandinskyV22{task}{kind}Pipeline" for kind in ("", "Combined") for task in _TASKS)


class MultilingualText(torch.nn.Module):
    """last_hidden_state, padding included, and text_embeds: their masked mean, projected."""

    def __init__(self, model: MultilingualCLIP) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        pooled, states = self.model(input_ids, attention_mask)
        return states, pooled


class MultilingualTextWithExtra(torch.nn.Module):
    """As `MultilingualText`, with rows for token ids from the vocabulary's size on: textual inversion.

    The encoder counts positions by the ids that are no padding, so it has to be given ids, not embedded tokens.
    """

    def __init__(self, plain: MultilingualText) -> None:
        super().__init__()
        self.plain = plain
        self.rows = ExtraRows(plain.model.transformer.embeddings, "word_embeddings")

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, extra_embeddings: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        with self.rows.given(extra_embeddings):
            return self.plain(input_ids, attention_mask)


class Unet21(torch.nn.Module):
    """Told the text (states and pooled vector) and the picture's embedding."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.unet = unet

    def forward(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        text_embeds: torch.Tensor,
        image_embeds: torch.Tensor,
    ) -> torch.Tensor:
        added = {"text_embeds": text_embeds, "image_embeds": image_embeds}
        return self.unet(sample, timestep, encoder_hidden_states, added_cond_kwargs=added, return_dict=False)[0]


class Unet22(torch.nn.Module):
    """Told the picture's embedding alone."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.unet = unet

    def forward(self, sample: torch.Tensor, timestep: torch.Tensor, image_embeds: torch.Tensor) -> torch.Tensor:
        return self.unet(sample, timestep, None, added_cond_kwargs={"image_embeds": image_embeds}, return_dict=False)[0]


def text_encoder_component(source: Source) -> Component:
    model = source.load("text_encoder", MultilingualCLIP, dtype_argument="dtype")
    config = model.config
    model.transformer.set_attn_implementation("eager")
    longest = 77
    module = MultilingualText(model)
    inputs = [
        TensorSpec("input_ids", "int64", ("batch", "sequence")),
        TensorSpec("attention_mask", "int64", ("batch", "sequence")),
    ]
    outputs = [
        TensorSpec("last_hidden_state", "float32", ("batch", "sequence", config.hidden_size)),
        TensorSpec("text_embeds", "float32", ("batch", config.numDims)),
    ]
    sizes = [{"batch": 2, "sequence": longest}, {"batch": 3, "sequence": 40}, {"batch": 1, "sequence": longest}]
    full = {**config_of(model, source.read_json("text_encoder", "config.json")), "max_position_embeddings": longest}
    mask = lambda shape, g: (torch.arange(shape[1]) < torch.randint(2, shape[1], (shape[0], 1), generator=g)).long()  # noqa: E731
    ids = lambda known: lambda shape, g: torch.randint(0, known, shape, generator=g)  # noqa: E731
    companion = Component(
        name="text_encoder",
        file="model_embeddings",
        module=MultilingualTextWithExtra(module),
        inputs=[*inputs, TensorSpec("extra_embeddings", "float32", ("extra", config.hidden_size))],
        outputs=outputs,
        sizes=[{**one, "extra": extra} for one, extra in zip(sizes, (3, 2, 1), strict=True)],
        config=full,
        edit=lambda graph: add_extra_rows(graph, (config.vocab_size, config.hidden_size), False),
        # The vocabulary's ids and the first one beyond, which is there at all sizes.
        draw={"input_ids": ids(config.vocab_size + 1), "attention_mask": mask},
    )
    return Component(
        name="text_encoder",
        module=module,
        inputs=inputs,
        outputs=outputs,
        sizes=sizes,
        config=full,
        draw={"input_ids": ids(config.vocab_size), "attention_mask": mask},
        companion=companion,
    )


def _unet_component(source: Source, second: bool) -> Component:
    unet = source.load("unet", UNet2DConditionModel, dtype_argument="torch_dtype")
    config = unet.config
    wanted = "image" if second else "text_image"
    if config.addition_embed_type != wanted or config.encoder_hid_dim_type not in (f"{wanted}_proj",):
        raise SourceError(
            f"{source.folder / 'unet' / 'config.json'}: addition_embed_type {config.addition_embed_type} and "
            f"encoder_hid_dim_type {config.encoder_hid_dim_type}; accepted for {source.class_name}: {wanted} and {wanted}_proj"
        )
    inputs = [
        TensorSpec("sample", "float32", ("batch", config.in_channels, "height", "width")),
        TensorSpec("timestep", "float32", ()),
    ]
    if second:
        inputs.append(TensorSpec("image_embeds", "float32", ("batch", config.encoder_hid_dim)))
    else:
        text, image = _text_image_widths(unet)
        inputs += [
            TensorSpec("encoder_hidden_states", "float32", ("batch", "sequence", config.encoder_hid_dim)),
            TensorSpec("text_embeds", "float32", ("batch", text)),
            TensorSpec("image_embeds", "float32", ("batch", image)),
        ]
    step = 2 ** (len(config.block_out_channels) - 1)
    return Component(
        name="unet",
        module=Unet22(unet) if second else Unet21(unet),
        inputs=inputs,
        outputs=[TensorSpec("out_sample", "float32", ("batch", config.out_channels, "height", "width"))],
        sizes=[
            {"batch": 2, "height": 2 * step, "width": 3 * step, "sequence": 77},
            {"batch": 1, "height": 5 * step, "width": 4 * step, "sequence": 40},
        ],
        config=config_of(unet, source.read_json("unet", "config.json")),
        draw={"timestep": lambda _, g: torch.rand((), generator=g) * 999},
    )


def _text_image_widths(unet: UNet2DConditionModel) -> tuple[int, int]:
    """Widths of the pooled text vector and of the picture's embedding, from the layers that take them."""
    return unet.add_embedding.text_proj.in_features, unet.add_embedding.image_proj.in_features


def _is_second(source: Source) -> bool:
    return source.class_name in _2_2


def _prior_of(source: Source) -> PriorSource:
    if source.component_class("prior_prior") is not None:
        return PriorSource(source, "prior_")
    if source.prior is not None:
        return PriorSource(source.prior, "")
    raise SourceError(
        f"{source.folder}: {source.class_name} is the decoder alone; name its prior's folder with --prior, or a folder "
        "that holds both in subfolders"
    )


def _check(source: Source) -> None:
    accepted = {"unet": ("UNet2DConditionModel",), "movq": ("VQModel",)}
    if not _is_second(source):
        accepted["text_encoder"] = ("MultilingualCLIP",)
        source.path("tokenizer")
    for component, classes in accepted.items():
        found = source.component_class(component)
        if found not in classes:
            raise SourceError(
                f"{source.folder / 'model_index.json'}: {component} is {found}; accepted: {', '.join(classes)}"
            )
        source.check_component(component)
    source.read_json("scheduler", "scheduler_config.json")
    _prior_of(source).check()


def _components(source: Source) -> Iterator[Component]:
    if not _is_second(source):
        yield text_encoder_component(source)
    yield from prior_components(_prior_of(source))
    yield _unet_component(source, _is_second(source))
    yield from movq_components(source)


def _write_rest(source: Source, out: Path) -> dict[str, Any]:
    (out / "scheduler").mkdir()
    shutil.copyfile(source.path("scheduler", "scheduler_config.json"), out / "scheduler" / "scheduler_config.json")
    index: dict[str, Any] = {"scheduler": source.index.get("scheduler")}
    if not _is_second(source):
        write_tokenizer(source, "tokenizer", out / "tokenizer")
        index["tokenizer"] = source.index.get("tokenizer")
    return {**index, **write_prior_rest(_prior_of(source), out)}


FAMILY = Family(
    class_names=(*_2_1, *_2_2),
    check=_check,
    components=_components,
    write_rest=_write_rest,
    notes=lambda source: [],
)
