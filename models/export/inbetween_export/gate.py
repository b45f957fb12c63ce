"""The check every component passes before its folder may exist: ONNX Runtime against torch at several sizes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .component import Component, Sizes
from .errors import ExportError

EXACT_BOUND = 1e-4
"""Largest |difference| from torch with the stored weights, as a share of max(1, largest |output|): inner states of
trained text encoders reach hundreds, where an absolute bound would ask for more than float32 has."""


@dataclass(frozen=True)
class Reference:
    """What torch computes for a component at one of its sizes."""

    sizes: Sizes
    inputs: tuple[torch.Tensor, ...]
    outputs: tuple[np.ndarray, ...]


def run_torch(component: Component) -> list[Reference]:
    references = []
    for seed, sizes in enumerate(component.sizes):
        inputs = component.example(sizes, seed)
        with torch.no_grad():
            outputs = component.module(*inputs)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        references.append(Reference(sizes, inputs, tuple(output.numpy() for output in outputs)))
    return references


def compare(
    component: Component, folder: Path, references: list[Reference], bound: float, label: str, *, as_written: bool
) -> list[dict]:
    """Runs the written file on the CPU provider and compares every output.

    :param as_written: dequantize int8 weights as the graph says; else as the runtime does by default, which fuses them
        into 8-bit products that sum in another order and precision (about 3e-4 off)
    :returns: one record per size, for the manifest
    :raises ExportError: names, types, shapes or numbers differ from the contract by more than `bound`
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if as_written:
        options.add_session_config_entry("session.disable_quant_qdq", "1")
    session = onnxruntime.InferenceSession(str(folder / f"{component.file}.onnx"), options, providers=["CPUExecutionProvider"])
    _check_contract(component, session)
    records = []
    for reference in references:
        feeds = {
            spec.name: value.numpy() for spec, value in zip(component.inputs, reference.inputs, strict=True)
        }
        results = session.run([spec.name for spec in component.outputs], feeds)
        worst, worst_share, worst_name = 0.0, 0.0, component.outputs[0].name
        for spec, result, expected in zip(component.outputs, results, reference.outputs, strict=True):
            if result.shape != expected.shape:
                raise ExportError(
                    f"{component.name}: {spec.name} has shape {list(result.shape)} in ONNX Runtime and "
                    f"{list(expected.shape)} in torch at {reference.sizes}"
                )
            difference = float(np.abs(result - expected).max())
            share = difference / max(1.0, float(np.abs(expected).max()))
            if not np.isfinite(share):
                raise ExportError(f"{component.name}: {spec.name} is not finite at {reference.sizes}")
            worst = max(worst, difference)
            if share > worst_share:
                worst_share, worst_name = share, spec.name
        if worst_share > bound:
            raise ExportError(
                f"{component.name}: {worst_name} differs from {label} by {worst_share:.3g} of its range at "
                f"{reference.sizes}; at most {bound:g} is accepted"
            )
        records.append(
            {"against": label, "sizes": reference.sizes, "maxAbs": worst, "maxShare": worst_share, "bound": bound}
        )
    return records


def _check_contract(component: Component, session: onnxruntime.InferenceSession) -> None:
    types = {"float32": "tensor(float)", "int64": "tensor(int64)"}
    for specs, actual in ((component.inputs, session.get_inputs()), (component.outputs, session.get_outputs())):
        wanted = [(spec.name, types[spec.dtype], list(spec.dims)) for spec in specs]
        found = [(value.name, value.type, list(value.shape)) for value in actual]
        if wanted != found:
            raise ExportError(f"{component.name}: the file has {found}, expected {wanted}")
