"""The original checkpoints' tensors by diffusers' names. Heads whose queries, keys and values lie together are taken
apart; 1x1 convolutions of attention become linear layers."""

import re

import torch

from .unet import HEAD, Layout, State

_RESIDUAL = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
_UNET = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "input_blocks.0.0": "conv_in",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
    "clip_to_seq": "encoder_hid_proj.image_embeds",
    "to_model_dim_n": "encoder_hid_proj.text_proj",
    "proj_n": "add_embedding.text_proj",
    "ln_model_n": "add_embedding.text_norm",
    "img_layer": "add_embedding.image_proj",
}
_PRIOR = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "clip_img_proj": "proj_in",
    "text_emb_proj": "embedding_proj",
    "text_enc_proj": "encoder_hidden_states_proj",
    "final_ln": "norm_out",
    "out_proj": "proj_to_clip_embeddings",
}
_PRIOR_BLOCK = {
    "ln_1": "norm1",
    "ln_2": "norm3",
    "attn.c_proj": "attn1.to_out.0",
    "mlp.c_fc": "ff.net.0.proj",
    "mlp.c_proj": "ff.net.2",
}
_CODER = {
    "nin_shortcut": "conv_shortcut",
    "norm_out": "conv_norm_out",
    "mid.block_1": "mid_block.resnets.0",
    "mid.attn_1": "mid_block.attentions.0",
    "mid.block_2": "mid_block.resnets.1",
}


def unet_keys(state: State, layout: Layout) -> State:
    """Kandinsky 2.1's U-Net as UNet2DConditionModel names it."""
    per_level, levels = layout.blocks + 1, len(layout.widths)
    blocks: dict[str, str] = {"middle_block.0": "mid_block.resnets.0", "middle_block.1": "mid_block.attentions.0", "middle_block.2": "mid_block.resnets.1"}
    for level in range(levels):
        for index in range(layout.blocks):
            place = 1 + level * per_level + index
            blocks[f"input_blocks.{place}.0"] = f"down_blocks.{level}.resnets.{index}"
            blocks[f"input_blocks.{place}.1"] = f"down_blocks.{level}.attentions.{index}"
        blocks[f"input_blocks.{(level + 1) * per_level}.0"] = f"down_blocks.{level}.downsamplers.0"
        up = levels - 1 - level
        for index in range(per_level):
            place = f"output_blocks.{up * per_level + index}"
            blocks[f"{place}.0"] = f"up_blocks.{up}.resnets.{index}"
            if layout.attends[level]:
                blocks[f"{place}.1"] = f"up_blocks.{up}.attentions.{index}"
            blocks[f"{place}.{1 + layout.attends[level]}"] = f"up_blocks.{up}.upsamplers.0"
    named: State = {}
    for key, value in state.items():
        name, _, kind = key.rpartition(".")
        if name in _UNET:
            named[f"{_UNET[name]}.{kind}"] = value
            continue
        block, _, layer = (match.groups() if (match := re.match(r"((?:input|output)_blocks\.\d+\.\d+|middle_block\.\d)(\.)(.+)", name)) else ("", "", ""))
        target = blocks.get(block)
        if target is None:
            named[key] = value
        elif layer in _RESIDUAL:
            named[f"{target}.{_RESIDUAL[layer]}.{kind}"] = value
        elif layer in ("qkv", "encoder_kv"):
            names = ("to_q", "to_k", "to_v") if layer == "qkv" else ("add_k_proj", "add_v_proj")
            named |= {f"{target}.{n}.{kind}": part for n, part in zip(names, apart(value, len(names)), strict=True)}
        else:
            named[f"{target}.{ {'norm': 'group_norm', 'proj_out': 'to_out.0'}.get(layer, layer)}.{kind}"] = _flat(value)
    return named


def prior_keys(state: State, mean: torch.Tensor, std: torch.Tensor) -> State:
    """The prior (its keys begin with "model.") as PriorTransformer names it, with the statistics beside it."""
    named: State = {"clip_mean": mean.reshape(1, -1), "clip_std": std.reshape(1, -1)}
    for key, value in state.items():
        if not key.startswith("model."):
            continue
        name, _, kind = key.removeprefix("model.").rpartition(".")
        match = re.fullmatch(r"transformer\.resblocks\.(\d+)\.(.+)", name)
        if kind == "positional_embedding" or kind == "prd_emb":
            named[{"prd_emb": "prd_embedding"}.get(kind, kind)] = value
        elif match is None:
            named[f"{_PRIOR.get(name, name)}.{kind}"] = value
        elif match[2] == "attn.c_qkv":
            block = f"transformer_blocks.{match[1]}.attn1"
            named |= {f"{block}.{n}.{kind}": part for n, part in zip(("to_q", "to_k", "to_v"), apart(value, 3), strict=True)}
        else:
            named[f"transformer_blocks.{match[1]}.{_PRIOR_BLOCK.get(match[2], match[2])}.{kind}"] = value
    return named


def coder_keys(state: State, levels: int) -> State:
    """A picture coder with latent diffusion's keys (KL or MoVQ) as AutoencoderKL and VQModel name it."""
    named: State = {}
    for key, value in state.items():
        if not key.startswith(("encoder.", "decoder.", "quant_conv.", "post_quant_conv.", "quantize.")):
            continue  # Losses and discriminators of the training.
        key = re.sub(r"\bdown\.(\d+)\.(block|attn)\.", lambda m: f"down_blocks.{m[1]}.{_list(m[2])}.", key)
        key = re.sub(r"\bup\.(\d+)\.(block|attn)\.", lambda m: f"up_blocks.{levels - 1 - int(m[1])}.{_list(m[2])}.", key)
        key = re.sub(r"\bdown\.(\d+)\.downsample\.", r"down_blocks.\1.downsamplers.0.", key)
        key = re.sub(r"\bup\.(\d+)\.upsample\.", lambda m: f"up_blocks.{levels - 1 - int(m[1])}.upsamplers.0.", key)
        for old, new in _CODER.items():
            key = key.replace(f".{old}.", f".{new}.")
        match = re.fullmatch(r"(.*attentions\.\d+)\.(norm|q|k|v|proj_out)\.(.+)", key)
        if match is not None:
            norm = "spatial_norm" if match[3].startswith(("norm_layer.", "conv_")) else "group_norm"
            name = {"norm": norm, "proj_out": "to_out.0"}.get(match[2], f"to_{match[2]}")
            key, value = f"{match[1]}.{name}.{match[3]}", value if match[2] == "norm" else _flat(value)
        named[key] = value
    return named


def apart(value: torch.Tensor, count: int) -> tuple[torch.Tensor, ...]:
    """Parts of [heads x count x HEAD, ...] as [heads x HEAD, ...] each."""
    value = _flat(value)
    return tuple(part.flatten(0, 1) for part in value.unflatten(0, (-1, count, HEAD)).unbind(1))


def _flat(value: torch.Tensor) -> torch.Tensor:
    """The weight of a 1x1 convolution as that of a linear layer."""
    return value.flatten(1) if value.ndim > 2 else value


def _list(kind: str) -> str:
    return "resnets" if kind == "block" else "attentions"
