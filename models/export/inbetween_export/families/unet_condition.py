"""UNet2DConditionModel, the denoiser of Stable Diffusion 1.x, 2.x and XL."""

import torch
from diffusers import UNet2DConditionModel

from ..component import Component, TensorSpec
from ..errors import SourceError
from ..source import Source, config_of

ANY_SIZE = "inbetween_any_size"
"""Key of the written config.json: whether latents of any height and width are taken, or multiples of
2^(levels - 1) alone."""

_FITTING_BLOCKS = {"UpBlock2D", "CrossAttnUpBlock2D"}
"""Blocks that enlarge to the size of the skip connection they are joined with, where doubling does not meet it."""


class _Enlarge(torch.nn.Module):
    """diffusers' Upsample2D as U-Nets have it, without its look at the number of elements, which a trace of free sizes
    cannot follow."""

    def __init__(self, conv: torch.nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, hidden_states: torch.Tensor, output_size: torch.Size | None = None) -> torch.Tensor:
        wanted = {"scale_factor": 2.0} if output_size is None else {"size": output_size}
        return self.conv(torch.nn.functional.interpolate(hidden_states, **wanted, mode="nearest"))


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
        return self.unet(sample, timestep, encoder_hidden_states, timestep_cond=timestep_cond, return_dict=False)[0]


class UnetXl(Unet):
    """With the pooled text and the numbers that describe the picture."""

    def forward(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        text_embeds: torch.Tensor,
        time_ids: torch.Tensor,
        timestep_cond: torch.Tensor | None = None,
    ) -> torch.Tensor:
        return self.unet(
            sample,
            timestep,
            encoder_hidden_states,
            timestep_cond=timestep_cond,
            added_cond_kwargs={"text_embeds": text_embeds, "time_ids": time_ids},
            return_dict=False,
        )[0]


def unet_component(source: Source, addition: str | None) -> Component:
    """sample, timestep, encoder_hidden_states and, where the model has them, text_embeds and time_ids (`addition`
    "text_time") and timestep_cond (distilled guidance) -> out_sample.

    :raises SourceError: the U-Net asks for another kind of added conditioning than `addition`
    """
    unet = source.load("unet", UNet2DConditionModel, dtype_argument="torch_dtype")
    config = unet.config
    if config.addition_embed_type != addition or config.class_embed_type is not None:
        raise SourceError(
            f"{source.folder / 'unet' / 'config.json'}: addition_embed_type is {config.addition_embed_type} and "
            f"class_embed_type {config.class_embed_type}; accepted for {source.class_name}: {addition} and None"
        )
    # One width for each block is possible in name only: all of them are told the same text.
    widths = config.cross_attention_dim
    text_dim = config.encoder_hid_dim or (widths if isinstance(widths, int) else widths[0])
    inputs = [
        TensorSpec("sample", "float32", ("batch", config.in_channels, "height", "width")),
        TensorSpec("timestep", "float32", ()),
        TensorSpec("encoder_hidden_states", "float32", ("batch", "sequence", text_dim)),
    ]
    if addition == "text_time":
        pooled, count = _added_sizes(source, config)
        inputs.append(TensorSpec("text_embeds", "float32", ("batch", pooled)))
        inputs.append(TensorSpec("time_ids", "float32", ("batch", count)))
    if config.time_cond_proj_dim is not None:
        inputs.append(TensorSpec("timestep_cond", "float32", ("batch", config.time_cond_proj_dim)))
    step = 2 ** (len(config.block_out_channels) - 1)
    any_size = _FITTING_BLOCKS.issuperset(config.up_block_types)
    # Traced at sides that halving does not divide, the graph enlarges to the sizes of the skip connections, which suits
    # every size; traced at multiples of `step` it doubles, which suits those alone.
    rest = 1 if any_size else 0
    if any_size:
        for block in unet.up_blocks:
            if block.upsamplers is not None:
                block.upsamplers = torch.nn.ModuleList(_Enlarge(one.conv) for one in block.upsamplers)
    return Component(
        name="unet",
        module=UnetXl(unet) if addition == "text_time" else Unet(unet),
        inputs=inputs,
        outputs=[TensorSpec("out_sample", "float32", ("batch", config.out_channels, "height", "width"))],
        sizes=[
            {"batch": 2, "height": 2 * step + rest, "width": 3 * step + rest, "sequence": 77},
            {"batch": 1, "height": 5 * step, "width": 4 * step, "sequence": 154},
        ],
        config={**config_of(unet, source.read_json("unet", "config.json")), ANY_SIZE: any_size},
        draw={
            "timestep": lambda _, g: torch.rand((), generator=g) * 999,
            "time_ids": lambda shape, g: torch.randint(0, 1024, shape, generator=g).float(),
        },
    )


def _added_sizes(source: Source, config: object) -> tuple[int, int]:
    """Width of the pooled vector and how many numbers describe the picture: six, or the refiner's five."""
    count = 5 if source.index.get("requires_aesthetics_score") else 6
    pooled = config.projection_class_embeddings_input_dim - count * config.addition_time_embed_dim
    if pooled < 1:
        raise SourceError(
            f"{source.folder / 'unet' / 'config.json'}: projection_class_embeddings_input_dim "
            f"{config.projection_class_embeddings_input_dim} leaves no room for the pooled text beside {count} numbers"
        )
    return pooled, count
