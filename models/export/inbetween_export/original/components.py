"""The original checkpoints' components as torch modules, in float32."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from diffusers import AutoencoderKL, PriorTransformer, UNet2DConditionModel, VQModel
from diffusers.pipelines.kandinsky import MultilingualCLIP
from diffusers.pipelines.kandinsky.text_encoder import MCLIPConfig

from ..errors import SourceError
from ..weights import read_checkpoint, read_object
from .checkpoint import read_state
from .keys import coder_keys, prior_keys, unet_keys
from .unet import HEAD, State, fill, layout_of, unet_20

if TYPE_CHECKING:
    from .source import OriginalSource


def unet(source: "OriginalSource") -> torch.nn.Module:
    """2.0: the original network; 2.1: diffusers' class."""
    path = source.unet_file
    state = read_state(path)
    try:
        if not source.release.classes:
            return unet_20(state)
        return _unet_21(state)
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from error


def _unet_21(state: State) -> UNet2DConditionModel:
    layout = layout_of(state)
    if "to_model_dim_n.weight" not in state:
        raise SourceError("the checkpoint lacks to_model_dim_n, which tells Kandinsky 2.1's U-Net of the text")
    kinds = ["SimpleCrossAttnDownBlock2D" if attends else "ResnetDownsampleBlock2D" for attends in layout.attends]
    ups = {"SimpleCrossAttnDownBlock2D": "SimpleCrossAttnUpBlock2D", "ResnetDownsampleBlock2D": "ResnetUpsampleBlock2D"}
    with torch.device("meta"):
        model = UNet2DConditionModel(
            sample_size=64,
            in_channels=layout.in_channels,
            out_channels=layout.out_channels,
            block_out_channels=layout.widths,
            layers_per_block=layout.blocks,
            down_block_types=tuple(kinds),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            up_block_types=tuple(ups[kind] for kind in reversed(kinds)),
            cross_attention_dim=layout.context,
            attention_head_dim=HEAD,
            encoder_hid_dim=state["to_model_dim_n.weight"].shape[1],
            encoder_hid_dim_type="text_image_proj",
            addition_embed_type="text_image",
            resnet_time_scale_shift="scale_shift",
        )
    fill(model, unet_keys(state, layout), "Kandinsky 2.1's U-Net")
    return model


def prior(path: Path, statistics: Path) -> PriorTransformer:
    state = read_state(path)
    pair = read_checkpoint(statistics)
    if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not all(isinstance(one, torch.Tensor) for one in pair):
        raise SourceError(f"{statistics} does not hold the mean and the deviation of CLIP's embeddings")
    named = prior_keys(state, *pair)
    try:
        width, embedding = named["proj_in.weight"].shape
        tokens = named["positional_embedding"].shape[-2]
    except KeyError as error:
        raise SourceError(f"{path}: the checkpoint lacks {error} of Kandinsky's prior") from error
    layers = len({key.split(".")[1] for key in named if key.startswith("transformer_blocks.")})
    # Its mask is no weight: it is made where the module is made, so not on the meta device.
    model = PriorTransformer(
        num_attention_heads=width // HEAD, attention_head_dim=HEAD, num_layers=layers, embedding_dim=embedding, num_embeddings=tokens - 4
    )
    fill(model, named, f"{path}: Kandinsky's prior")
    return model


def vae(path: Path) -> AutoencoderKL:
    named, levels, widths, blocks = _coder(path)
    with torch.device("meta"):
        model = AutoencoderKL(
            block_out_channels=widths,
            down_block_types=("DownEncoderBlock2D",) * levels,
            up_block_types=("UpDecoderBlock2D",) * levels,
            layers_per_block=blocks,
            latent_channels=named["post_quant_conv.weight"].shape[1],
            norm_num_groups=math.gcd(32, widths[0]),
            scaling_factor=0.0512,
        )
    fill(model, named, f"{path}: Kandinsky 2.0's autoencoder")
    return model


def movq(path: Path) -> VQModel:
    named, levels, widths, blocks = _coder(path)
    attends = [f"encoder.down_blocks.{level}.attentions.0.to_q.weight" in named for level in range(levels)]
    with torch.device("meta"):
        model = VQModel(
            block_out_channels=widths,
            down_block_types=tuple("AttnDownEncoderBlock2D" if attend else "DownEncoderBlock2D" for attend in attends),
            up_block_types=tuple("AttnUpDecoderBlock2D" if attend else "UpDecoderBlock2D" for attend in reversed(attends)),
            layers_per_block=blocks,
            latent_channels=named["post_quant_conv.weight"].shape[1],
            num_vq_embeddings=named["quantize.embedding.weight"].shape[0],
            vq_embed_dim=named["quantize.embedding.weight"].shape[1],
            norm_num_groups=32,
            norm_type="spatial",
        )
    fill(model, named, f"{path}: MoVQ")
    return model


def _coder(path: Path) -> tuple[State, int, tuple[int, ...], int]:
    """Weights by diffusers' names, levels, their channels, residual blocks of each."""
    state = read_state(path)
    levels = len({key.split(".")[2] for key in state if key.startswith("encoder.down.")})
    named = coder_keys(state, levels)
    try:
        widths = tuple(named[f"encoder.down_blocks.{level}.resnets.0.conv1.weight"].shape[0] for level in range(levels))
        blocks = len({key.split(".")[4] for key in named if key.startswith("encoder.down_blocks.0.resnets.")})
        named["post_quant_conv.weight"]
    except KeyError as error:
        raise SourceError(f"{path}: the checkpoint lacks {error} of a picture coder") from error
    return named, levels, widths, blocks


def multilingual_text(folder: Path) -> MultilingualCLIP:
    """XLM-R and the layer behind it; the pooler of XLM-R is not used and may be missing."""
    weights = folder / "pytorch_model.bin"
    if not weights.exists():
        raise SourceError(f"{weights} is missing")
    state = {key: value for key, value in read_state(weights).items() if not key.endswith("position_ids")}
    config = read_object(folder / "config.json")
    projected = state.get("LinearTransformation.weight")
    if projected is None:
        raise SourceError(f"{weights} lacks LinearTransformation.weight, the layer behind XLM-R")
    config |= {"transformerDimSize": projected.shape[1], "imageDimSize": projected.shape[0]}
    # Buffers of positions are no weights: as with the prior, the module is made for real.
    model = MultilingualCLIP(MCLIPConfig(**{key: value for key, value in config.items() if key != "model_type"}))
    fill(model, state, str(weights), unused=("transformer.pooler.",))
    return model
