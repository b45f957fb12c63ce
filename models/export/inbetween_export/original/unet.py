"""The denoiser of the original Kandinsky implementation, with its checkpoints' key layout: an ADM U-Net whose attention
also reads a context, residual blocks that scale and shift by the time's embedding, and blocks that resample."""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import SourceError

HEAD = 64
"""Channels of an attention head, in every checkpoint."""
GROUPS = 32

State = dict[str, Tensor]


@dataclass(frozen=True)
class Layout:
    """What the shapes of a checkpoint's tensors say of its network."""

    in_channels: int
    out_channels: int
    widths: tuple[int, ...]
    """Channels of each level."""
    blocks: int
    """Residual blocks of a level on the way down."""
    attends: tuple[bool, ...]
    """Whether a level's blocks are followed by attention."""
    embedding: int
    context: int
    """Channels of the context's rows."""


def layout_of(state: State) -> Layout:
    """:raises SourceError: the keys are not those of such a network"""
    try:
        counts = {side: 1 + max(int(key.split(".")[1]) for key in state if key.startswith(f"{side}_blocks.")) for side in ("input", "output")}
        outs = [state[f"input_blocks.{i}.0.out_layers.3.weight"].shape[0] for i in range(1, counts["input"])]
        first = state["input_blocks.0.0.weight"]
        widths = tuple([outs[0], *(b for a, b in pairwise(outs) if a != b)])
        per_level = counts["output"] // len(widths)
        if per_level * len(widths) != counts["output"] or counts["input"] != counts["output"]:
            raise SourceError(f"the U-Net has {counts['input']} blocks going down and {counts['output']} up, over {len(widths)} levels")
        attends = tuple(f"input_blocks.{1 + level * per_level}.1.qkv.weight" in state for level in range(len(widths)))
        return Layout(
            in_channels=first.shape[1],
            out_channels=state["out.2.weight"].shape[0],
            widths=widths,
            blocks=per_level - 1,
            attends=attends,
            embedding=state["time_embed.2.weight"].shape[0],
            context=state["middle_block.1.encoder_kv.weight"].shape[1],
        )
    except (KeyError, ValueError, IndexError) as error:
        raise SourceError(f"the checkpoint lacks keys of Kandinsky's U-Net: {error}") from error


class Residual(nn.Module):
    def __init__(self, channels: int, out: int, embedding: int, resample: str | None = None) -> None:
        super().__init__()
        self.resample = resample
        self.in_layers = nn.Sequential(nn.GroupNorm(GROUPS, channels), nn.SiLU(), nn.Conv2d(channels, out, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding, 2 * out))
        self.out_layers = nn.Sequential(nn.GroupNorm(GROUPS, out), nn.SiLU(), nn.Identity(), nn.Conv2d(out, out, 3, padding=1))
        self.skip_connection = nn.Identity() if channels == out else nn.Conv2d(channels, out, 1)

    def forward(self, x: Tensor, emb: Tensor, context: Tensor) -> Tensor:
        h = self.in_layers[1](self.in_layers[0](x))
        if self.resample == "down":
            h, x = functional.avg_pool2d(h, 2), functional.avg_pool2d(x, 2)
        elif self.resample == "up":
            h, x = (functional.interpolate(value, scale_factor=2.0, mode="nearest") for value in (h, x))
        h = self.in_layers[2](h)
        scale, shift = self.emb_layers(emb)[:, :, None, None].chunk(2, dim=1)
        h = self.out_layers[0](h) * (1 + scale) + shift
        return self.skip_connection(x) + self.out_layers[3](self.out_layers[1](h))


class Attention(nn.Module):
    """Reads the context and the picture itself; each head's queries, keys and values lie together in `qkv`."""

    def __init__(self, channels: int, context: int) -> None:
        super().__init__()
        self.heads = channels // HEAD
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.encoder_kv = nn.Conv1d(context, 2 * channels, 1)
        self.proj_out = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor, emb: Tensor, context: Tensor) -> Tensor:
        flat = x.flatten(2)
        parts = lambda value, count: value.unflatten(1, (self.heads, count, HEAD)).unbind(2)  # noqa: E731
        query, own_keys, own_values = parts(self.qkv(self.norm(flat)), 3)
        keys, values = parts(self.encoder_kv(context), 2)
        keys, values = torch.cat([keys, own_keys], dim=-1), torch.cat([values, own_values], dim=-1)
        scale = HEAD**-0.25
        weights = torch.softmax((query * scale).transpose(-1, -2) @ (keys * scale), dim=-1)
        attended = (values @ weights.transpose(-1, -2)).flatten(1, 2)
        return (flat + self.proj_out(attended)).view_as(x)


class Block(nn.Sequential):
    def forward(self, x: Tensor, emb: Tensor, context: Tensor) -> Tensor:  # type: ignore[override]
        for layer in self:
            x = layer(x) if isinstance(layer, nn.Conv2d) else layer(x, emb, context)
        return x


class Trunk(nn.Module):
    """The network without what tells it of a prompt, which the versions do differently."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        widths, emb = layout.widths, layout.embedding
        self.time_embed = nn.Sequential(nn.Linear(widths[0], emb), nn.SiLU(), nn.Linear(emb, emb))
        attention = lambda level: [Attention(widths[level], layout.context)] if layout.attends[level] else []  # noqa: E731
        down: list[nn.Module] = [Block(nn.Conv2d(layout.in_channels, widths[0], 3, padding=1))]
        skips, width = [widths[0]], widths[0]
        for level, out in enumerate(widths):
            for _ in range(layout.blocks):
                down.append(Block(Residual(width, out, emb), *attention(level)))
                width = out
                skips.append(width)
            if level < len(widths) - 1:
                down.append(Block(Residual(width, width, emb, "down")))
                skips.append(width)
        self.input_blocks = nn.ModuleList(down)
        self.middle_block = Block(Residual(width, width, emb), Attention(width, layout.context), Residual(width, width, emb))
        up: list[nn.Module] = []
        for level, out in reversed(list(enumerate(widths))):
            for index in range(layout.blocks + 1):
                layers: list[nn.Module] = [Residual(width + skips.pop(), out, emb), *attention(level)]
                width = out
                if level > 0 and index == layout.blocks:
                    layers.append(Residual(width, width, emb, "up"))
                up.append(Block(*layers))
        self.output_blocks = nn.ModuleList(up)
        self.out = nn.Sequential(nn.GroupNorm(GROUPS, width), nn.SiLU(), nn.Conv2d(width, layout.out_channels, 3, padding=1))

    def time(self, timestep: Tensor) -> Tensor:
        """Embedding of the timesteps [batch]: cosines, then sines."""
        half = self.layout.widths[0] // 2
        frequencies = torch.exp(torch.arange(half, dtype=torch.float32) * (-math.log(10_000) / half))
        angles = timestep[:, None] * frequencies
        return self.time_embed(torch.cat([angles.cos(), angles.sin()], dim=-1))

    def denoise(self, x: Tensor, emb: Tensor, context: Tensor) -> Tensor:
        """:param context: [batch, rows, channels]"""
        context = context.transpose(1, 2)
        skips = []
        for block in self.input_blocks:
            x = block(x, emb, context)
            skips.append(x)
        x = self.middle_block(x, emb, context)
        for block in self.output_blocks:
            x = block(torch.cat([x, skips.pop()], dim=1), emb, context)
        return self.out(x)


class AttentionPooling(nn.Module):
    """Attention of a text's rows among each other; the first row is the text's."""

    HEADS = 8

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.q_linear, self.k_linear, self.v_linear = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, out)

    def forward(self, rows: Tensor) -> Tensor:
        heads = lambda value: value.unflatten(-1, (self.HEADS, -1)).transpose(1, 2)  # noqa: E731
        query, keys, values = heads(self.q_linear(rows[:, :1])), heads(self.k_linear(rows)), heads(self.v_linear(rows))
        weights = torch.softmax(query @ keys.transpose(-1, -2) / math.sqrt(query.shape[-1]), dim=-1)
        return self.out((weights @ values).transpose(1, 2).flatten(2))[:, 0]


class Unet20(Trunk):
    """Kandinsky 2.0: told the rows of two text encoders and the first one's pooled vector."""

    def __init__(self, layout: Layout, text: int, text_2: int, pooled: int) -> None:
        super().__init__(layout)
        self.to_model_dim, self.to_model_dim2 = nn.Linear(text, layout.context), nn.Linear(text_2, layout.context)
        self.proj, self.proj2 = nn.Linear(pooled, layout.embedding), AttentionPooling(text_2, layout.embedding)
        self.ln_model1 = nn.LayerNorm(layout.context)
        self.ln_model2, self.ln_model3 = nn.LayerNorm(layout.embedding), nn.LayerNorm(layout.embedding)

    def forward(
        self, sample: Tensor, timestep: Tensor, states: Tensor, pooled: Tensor, states_2: Tensor
    ) -> Tensor:
        """:param timestep: a scalar, one step for the whole batch"""
        emb = self.time(timestep.expand(sample.shape[0]))
        emb = emb + self.ln_model2(self.proj(pooled)) + self.ln_model3(self.proj2(states_2))
        context = self.ln_model1(torch.cat([self.to_model_dim(states), self.to_model_dim2(states_2)], dim=1))
        return self.denoise(sample, emb, context)


def unet_20(state: State) -> Unet20:
    """The network of a Kandinsky 2.0 checkpoint, with its weights.

    :raises SourceError: the checkpoint is of another network, or lacks weights
    """
    layout = layout_of(state)
    try:
        widths = [state[f"{name}.weight"].shape[1] for name in ("to_model_dim", "to_model_dim2", "proj")]
    except KeyError as error:
        raise SourceError(f"the checkpoint lacks {error}, which tells Kandinsky 2.0's U-Net of the text") from error
    with torch.device("meta"):
        network = Unet20(layout, *widths)
    fill(network, state, "Kandinsky 2.0's U-Net")
    return network


def fill(module: nn.Module, state: State, what: str, unused: tuple[str, ...] = ()) -> None:
    """Gives a module of the meta device a checkpoint's weights, in float32.

    :param unused: beginnings of keys that the module has and nothing reads: they may be missing
    :raises SourceError: weights are missing or of another shape
    """
    own = module.state_dict()
    missing = [key for key in own if key not in state and not key.startswith(unused or ("\0",))]
    if missing:
        raise SourceError(f"{what}: the weights lack {len(missing)} tensors, such as {missing[0]}")
    for key, value in own.items():
        if key in state and state[key].shape != value.shape:
            raise SourceError(f"{what}: {key} is {list(state[key].shape)}; expected {list(value.shape)}")
    given = {key: state[key].float() if key in state else torch.zeros(value.shape) for key, value in own.items()}
    module.load_state_dict(given, strict=True, assign=True)
    module.eval().requires_grad_(False)
