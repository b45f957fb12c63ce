"""Sources as users have them, made of one pipeline's folder: other forms of the same weights, and damaged or hostile
ones. Prints one JSON object: for each form whether its weights load bit for bit as the pipeline's own, and for each
damaged source how the exporter ends, what it says and what it leaves behind.

One process for all of them: torch takes seconds to load.
"""

import argparse
import contextlib
import io
import json
import os
import pickle
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models" / "export"))

from inbetween_export.cli import main as export  # noqa: E402
from inbetween_export.source import open_source  # noqa: E402

TEXT, UNET = "text_encoder", "unet"
TEXT_WEIGHTS, UNET_WEIGHTS = "text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors"
SHARD = "model-0000{}-of-00002.safetensors"


class Code:
    """Pickled, it makes the file `marker` when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.marker}'",)


def take(file: Path) -> dict[str, torch.Tensor]:
    """The tensors of a file, which is removed."""
    tensors = {name: value.clone() for name, value in load_file(file).items()}
    file.unlink()
    return tensors


def as_bin(folder: Path) -> None:
    torch.save(take(folder / TEXT_WEIGHTS), folder / TEXT / "pytorch_model.bin")
    torch.save(take(folder / UNET_WEIGHTS), folder / UNET / "diffusion_pytorch_model.bin", _use_new_zipfile_serialization=False)


def as_shards(folder: Path, name: str = SHARD, index: str = "model.safetensors.index.json", first: str | None = None) -> None:
    """:param first: what the index names instead of the first shard"""
    tensors = take(folder / TEXT_WEIGHTS)
    keys, places = sorted(tensors), {}
    for number, part in enumerate((keys[::2], keys[1::2]), 1):
        save_file({key: tensors[key] for key in part}, folder / TEXT / name.format(number), metadata={"format": "pt"})
        places |= dict.fromkeys(part, first if first is not None and number == 1 else name.format(number))
    (folder / TEXT / index).write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}), encoding="utf-8")


def as_variant(folder: Path) -> None:
    (folder / TEXT_WEIGHTS).rename(folder / TEXT / "model.fp16.safetensors")
    model = UNet2DConditionModel.from_pretrained(folder, subfolder=UNET)
    (folder / UNET_WEIGHTS).unlink()
    model.save_pretrained(folder / UNET, variant="fp16", max_shard_size="1500KB")


def beside_a_variant(folder: Path) -> None:
    zeros = {name: torch.zeros_like(value) for name, value in load_file(folder / TEXT_WEIGHTS).items()}
    save_file(zeros, folder / TEXT / "model.fp16.safetensors", metadata={"format": "pt"})
    torch.save(zeros, folder / TEXT / "pytorch_model.bin")


FORMS: dict[str, Callable[[Path], None]] = {
    "pickled": as_bin,
    "sharded": as_shards,
    "sharded-variant": lambda folder: as_shards(folder, "model.fp16-0000{}-of-00002.safetensors", "model.safetensors.index.fp16.json"),
    "variant": as_variant,
    "beside-a-variant": beside_a_variant,
}


def cut(folder: Path, file: str, size: int) -> None:
    (folder / file).write_bytes((folder / file).read_bytes()[:size])


def with_tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    tensors = take(folder / TEXT_WEIGHTS)
    change(tensors)
    save_file(tensors, folder / TEXT_WEIGHTS, metadata={"format": "pt"})


def narrow(tensors: dict[str, torch.Tensor]) -> None:
    name = next(name for name in tensors if name.endswith("fc1.weight"))
    tensors[name] = tensors[name][:5].clone()


def pickled(folder: Path, content: Any) -> None:
    (folder / TEXT_WEIGHTS).unlink()
    torch.save(content, folder / TEXT / "pytorch_model.bin")


def plain_pickle(folder: Path, marker: Path) -> None:
    (folder / TEXT_WEIGHTS).unlink()
    (folder / TEXT / "pytorch_model.bin").write_bytes(pickle.dumps(Code(marker), protocol=2))


def cut_pickled(folder: Path) -> None:
    as_bin(folder)
    cut(folder, f"{TEXT}/pytorch_model.bin", 20_000)


def bomb(folder: Path) -> None:
    """An archive that unpacks to far more than it is."""
    plain = io.BytesIO()
    torch.save(take(folder / TEXT_WEIGHTS), plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(folder / TEXT / "pytorch_model.bin", "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
        target.writestr("archive/data/999", bytes(30_000_000))


def as_onnx(folder: Path) -> None:
    for component in (TEXT, UNET):
        (folder / component / "model.onnx").write_bytes(b"graph")
    for path in folder.glob("*/*.safetensors"):
        path.unlink()


def as_single_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    save_file({"model.diffusion_model.out.2.bias": torch.zeros(4)}, folder / "v1-5-pruned.safetensors")


def damages(marker: Path) -> dict[str, Callable[[Path], Any]]:
    return {
        "cut": lambda folder: cut(folder, UNET_WEIGHTS, 1000),
        "cut-pickle": cut_pickled,
        "code": lambda folder: pickled(folder, {"weight": Code(marker)}),
        "code-plain": lambda folder: plain_pickle(folder, marker),
        "code-renamed": lambda folder: (folder / TEXT_WEIGHTS).write_bytes(pickle.dumps(Code(marker))),
        "bomb": bomb,
        "repeated": lambda folder: pickled(folder, {"weight": torch.zeros(1).expand(10**6, 10**5)}),
        "climbing": lambda folder: as_shards(folder, first="../unet/diffusion_pytorch_model.safetensors"),
        "missing-shard": lambda folder: (as_shards(folder), (folder / TEXT / SHARD.format(2)).unlink()),
        "missing-index": lambda folder: (as_shards(folder), (folder / TEXT / "model.safetensors.index.json").unlink()),
        "other-shapes": lambda folder: with_tensors(folder, narrow),
        "missing-tensor": lambda folder: with_tensors(folder, lambda tensors: tensors.pop(min(tensors))),
        "missing-part": lambda folder: shutil.rmtree(folder / "vae"),
        "no-json": lambda folder: (folder / UNET / "config.json").write_text("not json"),
        "nested-json": lambda folder: (folder / UNET / "config.json").write_text("[" * 100_000),
        "tokenizer": lambda folder: (folder / "tokenizer" / "tokenizer.json").write_text('{"model":'),
        "lfs": lambda folder: (folder / TEXT_WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        "flax": lambda folder: (folder / UNET_WEIGHTS).rename(folder / UNET / "diffusion_flax_model.msgpack"),
        "onnx": as_onnx,
        "single-file": as_single_file,
    }


def loaded(folder: Path) -> dict[str, torch.Tensor]:
    source = open_source(folder, None)
    text, unet = source.load(TEXT, CLIPTextModel, "dtype"), source.load(UNET, UNet2DConditionModel, "torch_dtype")
    return {**text.state_dict(), **unet.state_dict()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, type=Path, help="a Stable Diffusion pipeline's folder")
    parser.add_argument("--exported", required=True, type=Path, help="what the exporter made of it")
    parser.add_argument("--scratch", required=True, type=Path, help="folder for the copies; nothing else is in it")
    options = parser.parse_args()
    scratch: Path = options.scratch

    def copy(name: str, change: Callable[[Path], Any]) -> Path:
        folder = scratch / name
        shutil.copytree(options.source, folder)
        change(folder)
        return folder

    plain, forms = loaded(options.source), {}
    for name, change in FORMS.items():
        weights = loaded(copy(name, change))
        forms[name] = weights.keys() == plain.keys() and all(torch.equal(weights[key], plain[key]) for key in plain)
    marker, refused = scratch / "code-ran", {}

    def refuse(name: str, folder: Path, *arguments: str) -> None:
        said, before = io.StringIO(), set(scratch.iterdir())
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            status = export(["--source", str(folder), "--out", str(scratch / "exported"), *arguments])
        left = sorted(path.name for path in set(scratch.iterdir()) - before)
        refused[name] = {"status": status, "said": said.getvalue(), "left": left}

    for name, change in damages(marker).items():
        refuse(name, copy(name, change))
    earlier = scratch / "earlier"
    shutil.copytree(options.exported, earlier)
    with (earlier / TEXT / "model.onnx").open("ab") as graph:
        graph.write(b"more")
    refuse("reuse-changed", options.source, "--reuse", str(earlier))
    refuse("reuse-nothing", options.source, "--reuse", str(options.source))
    print(json.dumps({"forms": forms, "refused": refused}))


if __name__ == "__main__":
    main()
