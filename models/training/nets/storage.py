"""How exported files keep their weights: 8 bits or half precision, widened to float32 when the file is loaded.

Runtimes fold the widening nodes once at load, so that the computation is the same as with float32 weights.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from .quantise import SMALLEST, round_weights, to_int8

Kind = Literal["int8", "half"]
SMALLEST_HALVED = 512
"""Tensors below this many elements stay float32; they weigh nothing and some are constants."""

OUTPUT_AXIS = {"Conv": 0, "Gather": 0}
"""Along which axis of a node's weight its outputs (or table rows) lie."""


@torch.no_grad()
def round_as_stored(module: torch.nn.Module, kind: Kind) -> None:
    """Rounds the weights in torch to what the file will hold, so that both can be compared."""
    if kind == "int8":
        round_weights(module)
    for value in module.parameters():
        if value.numel() >= SMALLEST_HALVED and not (kind == "int8" and value.ndim >= 2 and value.numel() >= SMALLEST):
            value.copy_(value.half().float())


def _output_axes(graph: onnx.GraphProto) -> dict[str, int]:
    axes: dict[str, int] = {}
    for node in graph.node:
        if node.op_type in OUTPUT_AXIS:
            axes[node.input[0] if node.op_type == "Gather" else node.input[1]] = OUTPUT_AXIS[node.op_type]
        elif node.op_type == "MatMul":
            axes[node.input[1]] = 1
        elif node.op_type == "Gemm":
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            axes[node.input[1]] = 0 if transposed else 1
    return axes


def store_weights(model: onnx.ModelProto, kind: Kind) -> None:
    """Replaces large float32 initialisers by smaller ones with nodes in front of their uses that widen them."""
    graph = model.graph
    axes, kept, nodes = _output_axes(graph), [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < SMALLEST_HALVED:
            kept.append(tensor)
        elif kind == "int8" and tensor.name in axes and values.ndim >= 2 and values.size >= SMALLEST:
            small, scale = to_int8(torch.from_numpy(values.copy()), axes[tensor.name])
            names = [f"{tensor.name}_{part}" for part in ("int8", "scale", "wide")]
            kept.append(numpy_helper.from_array(small.numpy(), names[0]))
            kept.append(numpy_helper.from_array(scale.numpy(), names[1]))
            nodes.append(helper.make_node("Cast", [names[0]], [names[2]], name=f"{tensor.name}_widen", to=TensorProto.FLOAT))
            nodes.append(helper.make_node("Mul", [names[2], names[1]], [tensor.name], name=f"{tensor.name}_scaled"))
        else:
            kept.append(numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}_half"))
            nodes.append(helper.make_node("Cast", [f"{tensor.name}_half"], [tensor.name], name=f"{tensor.name}_widen", to=TensorProto.FLOAT))
    nodes += list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
