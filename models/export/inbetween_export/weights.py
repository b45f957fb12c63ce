"""Weight files, looked at before anything loads them: which ones a component has, whether they are whole, and that
nothing in them is more than tensors. Messages name the file."""

import json
import re
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import SourceError

_NAMES = ("diffusion_pytorch_model", "model", "pytorch_model")
_FILE = re.compile(
    rf"(?P<name>{'|'.join(_NAMES)})(?P<shard>-\d+-of-\d+)?(?:\.(?P<variant>\w+))?(?P<late>-\d+-of-\d+)?\.(?P<ending>safetensors|bin)"
)
"""model.safetensors, model.fp16.safetensors, and shards: model-00001-of-00002.safetensors,
model.fp16-00001-of-00002.safetensors, model-00001-of-00002.fp16.safetensors."""
_INDEX = re.compile(
    rf"(?:{'|'.join(_NAMES)})(?:\.(?P<early>\w+))?\.(?P<ending>safetensors|bin)\.index(?:\.(?P<variant>\w+))?\.json"
)
"""model.safetensors.index.json, model.safetensors.index.fp16.json, model.fp16.safetensors.index.json."""


@dataclass(frozen=True)
class WeightFiles:
    """The weights of one component."""

    variant: str | None
    """What stands before the ending, such as "fp16"; None for the plain files, which are preferred."""
    safetensors: bool
    """Else pickled."""


def is_weight_file(name: str) -> bool:
    return _FILE.fullmatch(name) is not None


def weight_files(folder: Path) -> WeightFiles:
    """Chooses among a component's files and checks those chosen, and the shards that an index names.

    :raises SourceError: there are none, one is missing, damaged, or holds more than tensors
    """
    names = sorted(path.name for path in folder.iterdir())
    whole: list[tuple[str | None, bool, str]] = []
    indices: list[tuple[str | None, bool, str]] = []
    shards: list[str] = []
    for name in names:
        if (found := _INDEX.fullmatch(name)) is not None:
            indices.append((found["variant"] or found["early"], found["ending"] == "safetensors", name))
        elif (found := _FILE.fullmatch(name)) is not None:
            if found["shard"] or found["late"]:
                shards.append(name)
            else:
                whole.append((found["variant"], found["ending"] == "safetensors", name))
    there = [*whole, *indices]
    if not there:
        _refuse_none(folder, names, shards)
    # Plain before variants, safetensors before pickles.
    variant, safetensors, _ = min(there, key=lambda one: (one[0] is not None, one[0] or "", not one[1]))
    chosen = lambda group: [name for *kind, name in group if kind == [variant, safetensors]]  # noqa: E731
    # Beside a whole file no index is read.
    files = [folder / name for name in chosen(whole)]
    for name in () if files else chosen(indices):
        files += _shards_of(folder / name)
    for path in files:
        check_weights(path)
    return WeightFiles(variant, safetensors)


def _refuse_none(folder: Path, names: list[str], shards: list[str]) -> None:
    if shards:
        raise SourceError(f"{folder} has shards ({shards[0]}), but no index of them, such as model.safetensors.index.json")
    others = [name for name in names if name.endswith((".h5", ".msgpack", ".onnx", ".gguf"))]
    there = f"; there is {', '.join(others)}" if others else ""
    raise SourceError(
        f"{folder} has no weights; expected diffusion_pytorch_model.safetensors, model.safetensors or their .bin "
        f"equivalents{there}"
    )


def _shards_of(index: Path) -> list[Path]:
    places = read_object(index).get("weight_map")
    if not isinstance(places, dict) or not places or not all(isinstance(place, str) for place in places.values()):
        raise SourceError(f"{index} has no weight_map of tensors to files")
    shards = []
    for place in sorted(set(places.values())):
        # Nothing beyond the folder, and no way around the check of pickles by another ending.
        if "/" in place or "\\" in place or _FILE.fullmatch(place) is None:
            raise SourceError(f"{index} names {place!r}; accepted: weight files beside it, such as model-00001-of-00002.safetensors")
        if not (index.parent / place).is_file():
            raise SourceError(f"{index.parent / place} is missing, which {index.name} names")
        shards.append(index.parent / place)
    return shards


def check_weights(path: Path) -> None:
    """:raises SourceError: the file is damaged, or holds more than tensors"""
    if path.suffix == ".safetensors":
        _check_safetensors(path)
    else:
        read_checkpoint(path, mapped=True)


def _check_safetensors(path: Path) -> None:
    from safetensors import safe_open

    try:
        with safe_open(path, framework="pt"):
            pass
    except Exception as error:
        raise SourceError(f"{path} is no whole safetensors file: {_line(error)}{_pointer(path)}") from error


def read_checkpoint(path: Path, *, mapped: bool = False) -> Any:
    """Reads a file of torch.save: tensors only, never the code that a pickle may carry.

    :param mapped: leave the tensors in the file until they are used
    :raises SourceError: the file is damaged, or holds more than tensors and plain values
    """
    import torch

    archive = zipfile.is_zipfile(path)
    if archive:
        _check_archive(path)
    elif _starts_with(path, b"PK"):
        raise SourceError(f"{path} is cut short: it begins as an archive of torch.save and has no end")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped and archive)
    except Exception as error:
        raise SourceError(
            f"{path} is not a checkpoint of tensors alone, which is all that is read (a pickle can run code): "
            f"{_reason(error)}{_pointer(path)}"
        ) from error
    _check_extent(path, content)
    return content


def _check_archive(path: Path) -> None:
    """torch.save compresses nothing: an archive whose content is larger than itself is none of its."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except Exception as error:
        raise SourceError(f"{path} is a damaged archive: {_line(error)}") from error
    packed = next((entry for entry in entries if entry.compress_type != zipfile.ZIP_STORED), None)
    if packed is not None:
        raise SourceError(f"{path} is compressed ({packed.filename} unpacks to {packed.file_size:,} bytes); torch.save writes its archives uncompressed")
    held, size = sum(entry.file_size for entry in entries), path.stat().st_size
    if held > size:
        raise SourceError(f"{path} has {size:,} bytes and says that it holds {held:,}")


def _check_extent(path: Path, content: Any) -> None:
    """A tensor may repeat a few stored values to any size; weights do not."""
    import torch

    size = path.stat().st_size
    tables = [content, *(value for value in content.values() if isinstance(value, dict))] if isinstance(content, dict) else []
    for table in tables:
        for name, value in table.items():
            if isinstance(value, torch.Tensor) and not value.is_sparse and value.numel() * value.element_size() > max(size, 1 << 20):
                raise SourceError(f"{path} has {size:,} bytes, but {name} is {list(value.shape)}")


def _reason(error: Exception) -> str:
    """What the unpickler objects to; its own message spends three lines on how to run the code nevertheless."""
    text = str(error)
    found = re.search(r"(?:GLOBAL|Unsupported global:?) (?:GLOBAL )?([\w.]+)", text)
    if found is not None:
        return f"it asks for {found[1]}"
    refused = re.search(r"WeightsUnpickler error:\s*([^\n]+)", text)
    return refused[1] if refused is not None else _line(error)


def _line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _pointer(path: Path) -> str:
    """Cloned without Git LFS, the files are notes of where the weights are."""
    if not _starts_with(path, b"version https://git-lfs"):
        return ""
    return ". It is Git LFS's note of the file, not the file: run git lfs pull in the folder"


def _starts_with(path: Path, bytes_: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(bytes_)) == bytes_
    except OSError:
        return False


def read_object(path: Path) -> dict[str, Any]:
    """:raises SourceError: the file is no JSON, or holds no object"""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    # Brackets in brackets in brackets end the parser's recursion.
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"{path} is not readable JSON: {_line(error)}") from error
    if not isinstance(value, dict):
        raise SourceError(f"{path} holds {type(value).__name__}; expected an object")
    return value
