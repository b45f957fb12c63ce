"""Smaller weights. Rounding happens on the torch module, so torch with the rounded weights is the reference; storing
then recognises in the graph which initialisers a smaller type holds without any further loss."""

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
import torch

INT8_MIN_ELEMENTS = 16_384
"""Smaller layers keep their precision: they are the sensitive first and last ones, and save nothing."""
FP16_MIN_ELEMENTS = 1_024
"""Smaller tensors are rounded as well but stored as float32: a Cast costs more than it saves."""


@dataclass(frozen=True)
class Precision:
    """How weights are stored. Inputs, outputs and computation are float32 in every case."""

    dtype: str
    """"fp32" or "fp16"."""
    quantize: str | None
    """None, or "int8": symmetric, one scale per output channel, weights of linear and convolution layers."""

    @property
    def exact(self) -> bool:
        return self.dtype == "fp32" and self.quantize is None

    @property
    def loss_bound(self) -> float:
        """Largest |difference| from the unrounded torch module, as a share of max(1, largest |output|)."""
        if self.quantize is not None:
            return 0.25
        return 0.03 if self.dtype == "fp16" else 1e-4

    def __str__(self) -> str:
        return self.dtype if self.quantize is None else f"{self.dtype}+{self.quantize}"


def round_weights(module: torch.nn.Module, precision: Precision) -> None:
    """Replaces the module's weights by what the stored ones stand for."""
    quantized: set[int] = set()
    with torch.no_grad():
        if precision.quantize is not None:
            for layer in module.modules():
                if not isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)):
                    continue
                weight = layer.weight
                if weight.numel() < INT8_MIN_ELEMENTS or id(weight) in quantized:
                    continue
                integers, scale = _to_int8(weight.numpy(), axis=0)
                weight.copy_(torch.from_numpy(_from_int8(integers, scale, axis=0)))
                quantized.add(id(weight))
        if precision.dtype == "fp16":
            for weight in module.parameters():
                if id(weight) in quantized:
                    continue
                half = weight.half()
                # A weight beyond float16's range (65504) keeps its precision rather than becoming infinite.
                if torch.isfinite(half).all():
                    weight.copy_(half.float())


def store_weights(model: ir.Model, precision: Precision) -> dict[str, int]:
    """Stores the initialisers in the smaller types that hold them: float16 behind a Cast, int8 behind a
    DequantizeLinear. Runtimes fold the Cast when they load.

    :returns: how many initialisers are stored in each type
    """
    counts = {"float32": 0, "float16": 0, "int8": 0}
    graph = model.graph
    front: list[ir.Node] = []
    for name, value in list(graph.initializers.items()):
        tensor = value.const_value
        if tensor is None or value.dtype != ir.DataType.FLOAT:
            continue
        node = None
        if precision.quantize is not None and tensor.size >= INT8_MIN_ELEMENTS:
            node = _as_int8(graph, name, tensor.numpy())
            counts["int8"] += node is not None
        if node is None and precision.dtype == "fp16" and tensor.size >= FP16_MIN_ELEMENTS:
            node = _as_float16(graph, name, tensor.numpy())
            counts["float16"] += node is not None
        if node is None:
            counts["float32"] += 1
            continue
        output = node.outputs[0]
        output.dtype = ir.DataType.FLOAT
        output.shape = ir.Shape(tensor.shape)
        value.replace_all_uses_with(output)
        del graph.initializers[name]
        output.name = f"{name}.float32"
        front.append(node)
    if front:
        graph.insert_before(graph[0], front)
    return counts


def _initializer(graph: ir.Graph, name: str, array: np.ndarray) -> ir.Value:
    tensor = ir.tensor(array, name=name)
    value = ir.Value(name=name, shape=ir.Shape(array.shape), type=ir.TensorType(tensor.dtype), const_value=tensor)
    graph.register_initializer(value)
    return value


def _as_float16(graph: ir.Graph, name: str, weight: np.ndarray) -> ir.Node | None:
    with np.errstate(over="ignore"):
        half = weight.astype(np.float16)
    if not np.array_equal(half.astype(np.float32), weight):
        return None
    stored = _initializer(graph, f"{name}.float16", half)
    return ir.node("Cast", [stored], attributes={"to": ir.DataType.FLOAT.value}, name=f"{name}.cast")


def _as_int8(graph: ir.Graph, name: str, weight: np.ndarray) -> ir.Node | None:
    # A linear layer's weight arrives as [out, in], or transposed as [in, out]; a convolution's as [out, ...].
    for axis in range(min(weight.ndim, 2)) if weight.ndim in (2, 4) else ():
        if axis == 1 and weight.ndim == 4:
            break
        integers, scale = _to_int8(weight, axis)
        if np.allclose(_from_int8(integers, scale, axis), weight, rtol=1e-6, atol=0):
            stored = _initializer(graph, f"{name}.int8", integers)
            scales = _initializer(graph, f"{name}.scale", scale)
            return ir.node(
                "DequantizeLinear", [stored, scales], attributes={"axis": axis}, name=f"{name}.dequantize"
            )
    return None


def _to_int8(weight: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    others = tuple(i for i in range(weight.ndim) if i != axis)
    scale = (np.abs(weight).max(axis=others) / np.float32(127)).astype(np.float32)
    scale[scale == 0] = 1
    integers = np.rint(weight / _along(scale, weight.ndim, axis))
    return np.clip(integers, -127, 127).astype(np.int8), scale


def _from_int8(integers: np.ndarray, scale: np.ndarray, axis: int) -> np.ndarray:
    return integers.astype(np.float32) * _along(scale, integers.ndim, axis)


def _along(scale: np.ndarray, ndim: int, axis: int) -> np.ndarray:
    return scale.reshape([-1 if i == axis else 1 for i in range(ndim)])
