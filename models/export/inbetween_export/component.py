"""What a family says of one part of its pipeline: a torch module and the contract of its ONNX file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import onnx_ir as ir
import torch

Sizes = dict[str, int]


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of the ONNX file. A dimension is a number, or a name where it is free."""

    name: str
    dtype: str
    """"float32" or "int64": weights may be stored smaller, inputs and outputs never are."""
    dims: tuple[int | str, ...]

    def shape(self, sizes: Sizes) -> tuple[int, ...]:
        return tuple(sizes[d] if isinstance(d, str) else d for d in self.dims)


@dataclass
class Component:
    """One ONNX file to write."""

    name: str
    """The folder's name, such as "unet"."""
    module: torch.nn.Module
    """Takes its inputs in order as positional tensors; returns a tensor or a tuple of them, in the outputs' order."""
    inputs: list[TensorSpec]
    outputs: list[TensorSpec]
    sizes: list[Sizes]
    """At least two: the first is traced, all are compared with torch. Sizes differ in every free dimension, and the
    traced ones are neither 0 nor 1 nor equal to each other, because torch.export turns such dimensions static."""
    config: dict[str, Any]
    """Written as config.json."""
    config_tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    """Tensors that config.json holds as lists of numbers. Read once the weights are rounded: these are the stored ones."""
    draw: dict[str, Callable[[tuple[int, ...], torch.Generator], torch.Tensor]] = field(default_factory=dict)
    """How to draw an input that standard normal values do not suit."""

    file: str = "model"
    """The ONNX file's name without its ending."""
    companion: "Component | None" = None
    """A second graph over the same weights, written beside the first. Its module shares the first one's parameters."""
    edit: "Callable[[ir.Model], None] | None" = None
    """Of a companion: makes its graph of the first one's, in place."""

    def example(self, sizes: Sizes, seed: int) -> tuple[torch.Tensor, ...]:
        """Inputs of the given sizes, the same on every machine."""
        generator = torch.Generator().manual_seed(seed)
        values = []
        for spec in self.inputs:
            draw = self.draw.get(spec.name, lambda shape, g: torch.randn(shape, generator=g))
            values.append(draw(spec.shape(sizes), generator))
        return tuple(values)
