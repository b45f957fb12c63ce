"""Components that an earlier export holds already: decoders of one family share everything but their U-Net, and tracing
is what an export spends its time on."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from .component import Component
from .errors import SourceError
from .manifest import FILE_NAME, made_with, sha256_of
from .precision import Precision
from .weights import read_object


def origin_of(component: Component, opset: int, precision: Precision, external_above: int) -> str:
    """A hash over everything that decides a component's files: weights as the source has them, configuration, contract,
    settings, versions. The name is not part of it."""
    digest = hashlib.sha256()
    parts = [part for part in (component, component.companion) if part is not None]
    described = {
        "made": made_with(),
        "settings": [opset, str(precision), external_above],
        "config": component.config,
        "graphs": [[part.file, repr(part.module), part.sizes, [vars(spec) for spec in (*part.inputs, *part.outputs)]] for part in parts],
    }
    digest.update(json.dumps(described, sort_keys=True).encode())
    for name, tensor in (*sorted(component.module.state_dict().items()), *sorted(component.config_tensors.items())):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.contiguous().numpy())
    return digest.hexdigest()


class EarlierExports:
    """The components of folders that were exported before, by their origin."""

    def __init__(self, folders: list[Path]) -> None:
        """:raises SourceError: a folder has no readable manifest"""
        self._components: dict[str, tuple[Path, dict[str, Any], dict[str, str]]] = {}
        for folder in folders:
            if not (folder / FILE_NAME).is_file():
                raise SourceError(f"--reuse {folder} is no exported folder: it has no {FILE_NAME}")
            manifest = read_object(folder / FILE_NAME)
            try:
                for name, record in manifest["components"].items():
                    files = {
                        path.removeprefix(f"{name}/"): file["sha256"]
                        for path, file in manifest["files"].items()
                        if path.startswith(f"{name}/")
                    }
                    self._components[record["origin"]] = (folder / name, record, files)
            except (AttributeError, KeyError, TypeError) as error:
                raise SourceError(f"{folder / FILE_NAME} is not of this exporter's version; export that folder anew") from error

    def copy(self, origin: str, target: Path) -> dict[str, Any] | None:
        """Copies the files of the component with this origin into the new folder `target`.

        :returns: its record in the manifest; None where no folder has it
        :raises SourceError: a file was changed since
        """
        found = self._components.get(origin)
        if found is None:
            return None
        folder, record, files = found
        target.mkdir()
        for name, sha256 in files.items():
            if "/" in name or "\\" in name or not (folder / name).is_file() or sha256_of(folder / name) != sha256:
                raise SourceError(f"{folder / name} is not what {FILE_NAME} says; export that folder anew")
            shutil.copyfile(folder / name, target / name)
        return record
