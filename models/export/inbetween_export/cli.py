"""The command line: arguments, the staging folder, exit statuses."""

import argparse
import gc
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from .errors import ExportError, SourceError


def main(arguments: list[str] | None = None) -> int:
    """:returns: 0 done, 1 failed, 2 the input is wrong, 130 stopped; argparse itself exits with 2"""
    options = _parse(arguments)
    staging: Path | None = None
    restore = _stop_on_sigterm()
    try:
        # Everything is on this machine: no look-ups elsewhere.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        source_folder, out = Path(options.source), Path(options.out).absolute()
        _refuse_occupied(out)
        from .source import open_source

        source = open_source(source_folder, Path(options.prior) if options.prior else None, options.checkpoint)
        staging = out.with_name(f".{out.name}.partial-{os.getpid()}")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        _export(source, staging, options)
        if out.exists():
            out.rmdir()
        staging.rename(out)
        print(f"Written: {options.out}", flush=True)
        return 0
    except SourceError as error:
        print(f"Wrong input: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped; nothing was written.", file=sys.stderr)
        return 130
    except (ExportError, OSError) as error:
        print(f"Export failed: {error}", file=sys.stderr)
        return 1
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)
        restore()


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="export.py",
        description="Exports a diffusers pipeline folder to an ONNX model folder, checked against torch.",
    )
    parser.add_argument("--source", required=True, metavar="FOLDER", help="pipeline as save_pretrained writes it, or original Kandinsky checkpoints")
    parser.add_argument("--prior", metavar="FOLDER", help="Kandinsky: the prior, where it is saved apart from the decoder")
    parser.add_argument("--checkpoint", metavar="FILE", help="original Kandinsky: the U-Net's file, where the folder has several")
    parser.add_argument(
        "--reuse", metavar="DIR", action="append", default=[],
        help="a folder exported before: its components are copied where they would come out the same; may be repeated",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="model folder to write; must not exist or be empty")
    parser.add_argument("--dtype", choices=("fp32", "fp16"), default="fp32", help="type weights are stored in")
    parser.add_argument("--quantize", choices=("int8",), help="store large linear and convolution weights as int8")
    parser.add_argument("--opset", type=int, default=20, choices=range(18, 24), metavar="18..23", help="default 20")
    parser.add_argument(
        "--external-above", type=int, default=1500, metavar="MB",
        help="write model.onnx_data beside model.onnx once the weights exceed this (default 1500, at most 1900)",
    )
    options = parser.parse_args(arguments)
    if not 0 <= options.external_above <= 1900:
        parser.error(f"--external-above {options.external_above} is not within 0 to 1900")
    return options


def _refuse_occupied(out: Path) -> None:
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise SourceError(f"--out {out} exists and is not an empty folder; name a new one")


def _export(source: Any, staging: Path, options: argparse.Namespace) -> None:
    # What needs torch is imported here: it takes seconds, and the cheap mistakes are ruled out by now.
    print("Loading torch ...", flush=True)
    import transformers
    from diffusers.utils import logging as diffusers_logging

    from .families import family_of
    from .manifest import write_json, write_manifest
    from .precision import Precision
    from .reuse import EarlierExports

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    diffusers_logging.set_verbosity_error()

    precision = Precision(options.dtype, options.quantize)
    earlier = EarlierExports([Path(folder) for folder in options.reuse])
    family = family_of(source)
    family.check(source)
    notes = family.notes(source)
    records: dict[str, Any] = {}
    for component in family.components(source):
        records[component.name] = _export_component(component, staging, precision, options, earlier)
        gc.collect()
    index = {
        "_class_name": source.class_name,
        **{key: source.index[key] for key in ("_diffusers_version",) if key in source.index},
        **{name: ["diffusers", "OnnxRuntimeModel"] for name in records},
        **family.write_rest(source, staging),
    }
    write_json(staging / "model_index.json", index)
    for note in notes:
        print(f"Note: {note}", flush=True)
    write_manifest(
        staging,
        {
            "className": source.class_name,
            "opset": options.opset,
            "precision": {"weights": options.dtype, "quantize": options.quantize, "computation": "fp32"},
            "notes": notes,
            "components": records,
        },
    )


def _export_component(
    component: Any, staging: Path, precision: Any, options: argparse.Namespace, earlier: Any
) -> dict[str, Any]:
    from .external_data import SHARED_ABOVE, save, save_edited
    from .gate import EXACT_BOUND, compare, run_torch
    from .manifest import write_json
    from .precision import round_weights, store_weights
    from .reuse import origin_of
    from .tracing import trace

    started = time.monotonic()
    folder = staging / component.name
    origin = origin_of(component, options.opset, precision, options.external_above)
    if (record := earlier.copy(origin, folder)) is not None:
        # What follows may be computed with these weights.
        round_weights(component.module, precision)
        print(f"{component.name}: copied from an earlier export", flush=True)
        return record
    print(f"{component.name}: exporting ...", flush=True)
    folder.mkdir()
    references = run_torch(component)
    rounded = references
    if not precision.exact:
        round_weights(component.module, precision)
        rounded = run_torch(component)
    model = trace(component, options.opset)
    stored = store_weights(model, precision)
    above = options.external_above * 1_000_000
    save(model, folder, above if component.companion is None else min(above, SHARED_ABOVE))
    numbers = {key: tensor.flatten().tolist() for key, tensor in component.config_tensors.items()}
    write_json(folder / "config.json", {**component.config, **numbers})
    label = "torch" if precision.exact else f"torch with weights rounded to {precision}"
    stored_label = label
    gates = compare(component, folder, rounded, EXACT_BOUND, label, as_written=True)
    if not precision.exact:
        label = "torch with the source's weights"
        gates += compare(component, folder, references, precision.loss_bound, label, as_written=False)
    if (companion := component.companion) is not None:
        # After rounding, so that its references are those of the first graph's weights.
        expected = run_torch(companion)
        save_edited(folder, companion.file, companion.edit)
        gates += [
            {"file": f"{companion.file}.onnx", **gate}
            for gate in compare(companion, folder, expected, EXACT_BOUND, stored_label, as_written=True)
        ]
    worst = max(gates, key=lambda gate: gate["maxShare"] / gate["bound"])
    print(
        f"{component.name}: done in {time.monotonic() - started:.1f} s, largest difference {worst['maxAbs']:.2g} from "
        f"{worst['against']}",
        flush=True,
    )
    spec = lambda s: {"name": s.name, "type": s.dtype, "dims": list(s.dims)}  # noqa: E731
    return {
        "origin": origin,
        "inputs": [spec(s) for s in component.inputs],
        "outputs": [spec(s) for s in component.outputs],
        "weights": stored,
        "gates": gates,
    }


def _stop_on_sigterm() -> Any:
    """A polite kill cleans up as Ctrl-C does. Only a main thread may set handlers."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    try:
        previous = signal.signal(signal.SIGTERM, stop)
    except ValueError:
        return lambda: None
    return lambda: signal.signal(signal.SIGTERM, previous)
