"""Reads torch weights back out of an exported model folder, to continue training from it.

The exporter renames transposed linear weights and folded normalisation weights; the names of the
nodes that use them still carry the module path, and the shapes are checked one by one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper


def _tensors(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    found = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].HasField("t"):
            found[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    # Stored weights reach their node through a Cast, those of 8 bits through a Cast and a scale.
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in found:
            found[node.output[0]] = found[node.input[0]]
        elif node.op_type == "Mul" and node.name.endswith("_scaled"):
            found[node.output[0]] = found[node.input[0]].astype(np.float32) * found[node.input[1]]
    return found


def recover_by_name(path: Path, module: torch.nn.Module, prefix: str, unused: str | None = None) -> None:
    """Fills `module` from the ONNX file at `path`; raises ValueError for any weight not found.

    `prefix` is the name of the attribute that held the module while it was exported, with a dot. Weights whose names begin
    with `unused` took no part in the export and stay as they are.
    """
    graph = onnx.load(str(path)).graph
    tensors = _tensors(graph)
    by_scope: dict[tuple[str, str], np.ndarray] = {}
    for node in graph.node:
        if node.op_type in ("MatMul", "Mul", "Add") and node.name.count("/") >= 2:
            scope = ".".join(node.name.strip("/").split("/")[:-1]) + "."
            values = [tensors[name] for name in node.input if name in tensors]
            if values:
                by_scope.setdefault((scope, node.op_type), values[0])

    def of_node(scope: str, kind: str) -> np.ndarray | None:
        # Modules that are called one by one, past their parents, name their nodes without the parents.
        parts = (prefix + scope).split(".")
        return next((by_scope[key] for at in range(len(parts)) if (key := (".".join(parts[at:]) + ".", kind)) in by_scope), None)

    state, missing = {}, []
    for key, target in module.state_dict().items():
        scope, _, leaf = key.rpartition(".")
        value = tensors.get(prefix + key)
        if value is None:
            kinds = ["Add"] if leaf == "bias" else ["MatMul", "Mul"]
            value = next((found for k in kinds if (found := of_node(scope, k)) is not None), None)
            if value is not None and leaf == "weight" and value.ndim == 2:
                value = value.T
        if value is None and not scope:
            # Nodes do not name parameters of the outermost module; a shape that one tensor alone has does.
            alike = [v for name, v in tensors.items() if name.startswith("onnx::") and not name.endswith("_half") and v.shape == target.shape]
            value = alike[0] if len(alike) == 1 else None
        if value is None and (not target.dtype.is_floating_point or (unused is not None and key.startswith(unused))):
            state[key] = target
            continue
        if value is None or value.size != target.numel():
            missing.append(key)
            continue
        state[key] = torch.from_numpy(np.array(value, dtype=np.float32)).reshape(target.shape)
    if missing:
        raise ValueError(f"{path}: {len(missing)} weights not found, first {missing[:5]}")
    module.load_state_dict(state)


def recover_in_order(path: Path, module: torch.nn.Module) -> None:
    """Fills a chain of convolutions from the file's convolutions, in their order of use."""
    graph = onnx.load(str(path)).graph
    tensors = _tensors(graph)
    layers = [m for m in module.modules() if isinstance(m, torch.nn.Conv2d)]
    nodes = [n for n in graph.node if n.op_type == "Conv"]
    if len(layers) != len(nodes):
        raise ValueError(f"{path}: {len(nodes)} convolutions, the network has {len(layers)}")
    with torch.no_grad():
        for layer, node in zip(layers, nodes):
            for target, name in ((layer.weight, node.input[1]), (layer.bias, node.input[2])):
                value = torch.from_numpy(np.array(tensors[name], dtype=np.float32))
                if value.shape != target.shape:
                    raise ValueError(f"{path}: {name} is {tuple(value.shape)}, needed {tuple(target.shape)}")
                target.copy_(value)
