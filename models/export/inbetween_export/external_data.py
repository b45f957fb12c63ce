"""Writing ONNX files, with the weights beside them where one file would be too large."""

import hashlib
from pathlib import Path

import onnx_ir as ir

DATA_FILE = "model.onnx_data"


SHARED_ABOVE = 1 << 20
"""Weights above this many bytes are kept outside of graphs that share them; smaller ones are simply in both."""


def save(model: ir.Model, folder: Path, external_above: int) -> None:
    """Writes model.onnx, and model.onnx_data once the weights exceed `external_above` bytes.

    protobuf cannot hold 2 GB; a runtime that loads model.onnx by its path maps the data file instead of copying it.
    """
    size = sum(value.const_value.nbytes for value in model.graph.initializers.values() if value.const_value is not None)
    path = folder / "model.onnx"
    if size > external_above:
        ir.save(model, path, external_data=DATA_FILE, size_threshold_bytes=1024)
    else:
        ir.save(model, path)


def save_sharing(model: ir.Model, folder: Path, file: str) -> None:
    """Writes a second graph beside model.onnx; the weights that model.onnx_data holds already are referred to there."""
    if (folder / DATA_FILE).exists():
        first = ir.load(folder / "model.onnx")
        tensors = (value.const_value for value in first.graph.initializers.values())
        stored = {_identity(tensor): tensor for tensor in tensors if isinstance(tensor, ir.ExternalTensor)}
        for value in model.graph.initializers.values():
            own = value.const_value
            # Small tensors stay in the graph: they are not in the data file either.
            if own is not None and (twin := stored.get(_identity(own))) is not None:
                value.const_value = ir.ExternalTensor(
                    DATA_FILE, twin.offset, twin.length, twin.dtype, shape=twin.shape, name=value.name, base_dir=folder
                )
    ir.save(model, folder / f"{file}.onnx")


def _identity(tensor: ir.TensorProtocol) -> tuple[str, tuple[int, ...], bytes]:
    """Two graphs name the same weights differently."""
    return str(tensor.dtype), tuple(int(side) for side in tensor.shape), hashlib.sha256(tensor.tobytes()).digest()
