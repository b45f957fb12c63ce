"""How golden files are written: compact JSON beside this script, float32 arrays as base64 of little-endian bytes."""

import base64
import json
import math
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent


def write_json(name, value):
    path = FOLDER / name
    path.write_text(json.dumps(value, separators=(",", ":"), allow_nan=False) + "\n")
    print(f"{name}: {path.stat().st_size} bytes")


def float32_text(values):
    return base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode("ascii")


def json_safe(value):
    """Python's infinities have no JSON form; the configuration reader takes the text "-Infinity"."""
    if isinstance(value, dict):
        return {key: json_safe(item) for key, item in value.items()}
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
