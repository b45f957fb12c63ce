"""Tokenizer files: the source's own, plus the forms that it lacks of the same tokenizer."""

import json
import shutil
from collections.abc import Collection
from pathlib import Path

from .errors import SourceError
from .manifest import write_json
from .source import Source

_ENDINGS = {".json", ".txt", ".model"}


def check_clip_tokenizer(source: Source, folder_name: str) -> None:
    """:raises SourceError: the folder has no CLIP tokenizer, or one of its files is damaged"""
    folder = source.path(folder_name)
    has_lists = (folder / "vocab.json").exists() and (folder / "merges.txt").exists()
    if (folder / "tokenizer.json").exists():
        model = source.read_json(folder_name, "tokenizer.json").get("model")
        kind = model.get("type") if isinstance(model, dict) else None
        if kind != "BPE" or not isinstance(model.get("vocab"), dict) or not isinstance(model.get("merges"), list):
            raise SourceError(f"{folder / 'tokenizer.json'} holds a model of type {kind}; CLIP's is BPE, with vocab and merges")
    elif not has_lists:
        raise SourceError(f"{folder} has no tokenizer.json and not both of vocab.json and merges.txt")
    if has_lists:
        source.read_json(folder_name, "vocab.json")
        try:
            (folder / "merges.txt").read_text(encoding="utf-8")
        except ValueError as error:
            raise SourceError(f"{folder / 'merges.txt'} is no text in UTF-8: {error}") from error


def write_clip_tokenizer(source: Source, folder_name: str, out: Path, names: Collection[str] | None = None) -> None:
    """Copies a CLIP tokenizer's files and completes them: tokenizer.json and vocab.json with merges.txt are both
    written, whichever the source has. It must have passed `check_clip_tokenizer`.

    :param names: the files that are the tokenizer's, where the folder holds others besides
    :raises SourceError: transformers does not load it
    """
    folder = source.path(folder_name)
    out.mkdir(parents=True)
    for path in sorted(folder.iterdir()):
        wanted = path.name in names if names is not None else path.name != "config.json"
        if path.is_file() and path.suffix in _ENDINGS and wanted:
            shutil.copyfile(path, out / path.name)
    has_lists = (out / "vocab.json").exists() and (out / "merges.txt").exists()
    if not (out / "tokenizer.json").exists():
        _write_fast_tokenizer(folder, out)
    if not has_lists:
        _write_lists(out)


def write_tokenizer(source: Source, folder_name: str, out: Path) -> None:
    """Copies a tokenizer's files; a tokenizer.json is made where the source has none.

    :raises SourceError: no tokenizer loads from the folder
    """
    folder = source.path(folder_name)
    out.mkdir(parents=True)
    for path in sorted(folder.iterdir()):
        # Original releases keep a text encoder and its tokenizer in one folder.
        if path.is_file() and path.suffix in _ENDINGS and path.name != "config.json":
            shutil.copyfile(path, out / path.name)
    if (out / "tokenizer.json").exists():
        return
    from transformers import AutoTokenizer

    try:
        AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False).backend_tokenizer.save(str(out / "tokenizer.json"))
    except Exception as error:
        raise SourceError(f"{folder} does not load as a tokenizer: {error}") from error


def _write_fast_tokenizer(folder: Path, out: Path) -> None:
    from transformers import CLIPTokenizerFast

    try:
        tokenizer = CLIPTokenizerFast.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise SourceError(f"{folder} does not load as a CLIP tokenizer: {error}") from error
    tokenizer.backend_tokenizer.save(str(out / "tokenizer.json"))


def _write_lists(out: Path) -> None:
    model = json.loads((out / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    write_json(out / "vocab.json", model["vocab"])
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    (out / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
