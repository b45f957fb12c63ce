"""inbetween-export.json: what was exported, with which versions, how close it came, and every file's hash."""

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import __version__

FILE_NAME = "inbetween-export.json"
_PACKAGES = ("torch", "diffusers", "transformers", "onnx", "onnx-ir", "onnxscript", "onnxruntime", "numpy")


def write_manifest(folder: Path, details: dict[str, Any]) -> None:
    """Writes the manifest last, over every other file in `folder`. No clock and no paths: the same source gives the
    same manifest."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            files[path.relative_to(folder).as_posix()] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    manifest = {
        "format": "inbetween-export/1",
        **made_with(),
        **details,
        "files": files,
    }
    write_json(folder / FILE_NAME, manifest)


def made_with() -> dict[str, Any]:
    """The exporter's version, and those of what it builds on."""
    versions = {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
    return {"exporter": __version__, "versions": versions}


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
