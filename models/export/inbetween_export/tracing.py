"""torch module -> ONNX graph, with the contract's names for inputs, outputs and free dimensions."""

import logging
import warnings

import onnx_ir as ir
import torch

from .component import Component, TensorSpec
from .errors import ExportError


def trace(component: Component, opset: int) -> ir.Model:
    """Traces `component` at its first sizes.

    :raises ExportError: a dimension of the contract that is free came out fixed, or the exporter failed
    """
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    auto = torch.export.Dim.AUTO
    dynamic = tuple(
        {axis: auto for axis, dim in enumerate(spec.dims) if isinstance(dim, str)} for spec in component.inputs
    )
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                component.module,
                component.example(component.sizes[0], seed=0),
                dynamo=True,
                opset_version=opset,
                input_names=[spec.name for spec in component.inputs],
                output_names=[spec.name for spec in component.outputs],
                dynamic_shapes=dynamic,
                verbose=False,
            )
    except Exception as error:
        raise ExportError(f"{component.name}: torch.onnx.export failed: {error}") from error
    model = program.model
    _apply_contract(component, model.graph.inputs, component.inputs)
    _apply_contract(component, model.graph.outputs, component.outputs)
    _tidy(model)
    return model


def _apply_contract(component: Component, values: list[ir.Value], specs: list[TensorSpec]) -> None:
    if [value.name for value in values] != [spec.name for spec in specs]:
        raise ExportError(
            f"{component.name}: the graph has {[value.name for value in values]}, expected {[s.name for s in specs]}"
        )
    for value, spec in zip(values, specs, strict=True):
        got = value.shape
        if got is None or len(got) != len(spec.dims):
            raise ExportError(f"{component.name}: {spec.name} has shape {got}, expected {list(spec.dims)}")
        for axis, (actual, wanted) in enumerate(zip(got, spec.dims, strict=True)):
            if isinstance(actual, int) != isinstance(wanted, int) or (isinstance(wanted, int) and actual != wanted):
                raise ExportError(f"{component.name}: axis {axis} of {spec.name} came out as {actual}, expected {wanted}")
        if value.dtype is None or value.dtype.name != {"float32": "FLOAT", "int64": "INT64"}[spec.dtype]:
            raise ExportError(f"{component.name}: {spec.name} has type {value.dtype}, expected {spec.dtype}")
        value.shape = ir.Shape(spec.dims)


def _tidy(model: ir.Model) -> None:
    """Drops what only the exporter's authors need: stack traces hold paths of the machine that exported."""
    model.metadata_props.clear()
    model.graph.metadata_props.clear()
    model.doc_string = None
    model.graph.doc_string = None
    kept = {id(value) for value in (*model.graph.inputs, *model.graph.outputs)}
    for value in (*model.graph.inputs, *model.graph.initializers.values()):
        value.metadata_props.clear()
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
            if id(value) not in kept:
                # Symbolic sizes of the trace: stale once the free dimensions are renamed, and runtimes infer them.
                value.shape = None
