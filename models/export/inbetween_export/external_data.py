"""Writing ONNX files, with the weights beside them where one file would be too large."""

from pathlib import Path

import onnx_ir as ir

DATA_FILE = "model.onnx_data"


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
