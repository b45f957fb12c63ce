"""Writing ONNX files, with the weights beside them where one file would be too large."""

from collections.abc import Callable
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


def save_edited(folder: Path, file: str, edit: Callable[[ir.Model], None]) -> None:
    """Writes a second graph beside model.onnx, which is the first one edited; what model.onnx_data holds, both refer to."""
    model = ir.load(folder / "model.onnx")
    edit(model)
    ir.save(model, folder / f"{file}.onnx")
